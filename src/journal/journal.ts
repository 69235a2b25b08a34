/**
 * The journal: what came in is on the disk before it counts as handled, and stays until everyone has had it.
 *
 * Decides the terms of receiving and the one interface of its store. An entry is a stanza that came in on a link; a delivery
 * is what one target is owed of it. Deliveries of one lane (a target and the sender's bare address) are made one after the
 * other, in the order in which the stanzas came; lanes do not wait for each other. It stores stanzas, not requests: each target
 * picks its format when it is called. What a target is and when to try again is decided in `delivery/`.
 */
import type { Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** Which form of address a stanza was sent to: the domain, an account or its like, one of its resources. */
export type StanzaEvent = 'host' | 'bare' | 'full';

/** A stanza that is to be kept. */
export interface NewEntry {
  /** The address of the link that it came in on: a domain, or the account of an always-on session. */
  readonly link: Jid;
  readonly event: StanzaEvent;
  readonly stanza: Stanza;
  /** Names of the targets that are owed it; none when it is only for readers of the events. */
  readonly targets: readonly string[];
  /** The id that the archive of the link's account has for it (XEP-0359); becomes the link's `position`. */
  readonly archiveId?: string;
}

/** A stanza that is kept. */
export interface Entry {
  /** Grows with each entry, over restarts too; the id of the event for readers. */
  readonly seq: number;
  /** When it came in, in milliseconds since 1970. */
  readonly at: number;
  readonly link: Jid;
  readonly event: StanzaEvent;
  readonly stanza: Stanza;
}

/** What one target is owed. */
export interface Delivery {
  /** The same at each try and after a restart; the `webhook-id`. Unguessable, without a dot. */
  readonly id: string;
  readonly target: string;
  readonly entry: Entry;
  /** How many tries were made before this one since it was queued; 0 again for a dead letter that is queued by hand. */
  readonly tries: number;
}

/** One try, as its operator wants to see it. */
export interface Attempt {
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly latency: number;
  /** The HTTP status, when there was one. */
  readonly status?: number;
  /** The start of the answer, or what went wrong instead. */
  readonly excerpt: string;
}

/** How a try ended. */
export type Outcome =
  | { readonly name: 'done'; readonly attempt: Attempt }
  /** To be tried again, not before `at` (milliseconds since 1970). */
  | { readonly name: 'retry'; readonly at: number; readonly attempt: Attempt }
  /** Given up; it stays as a dead letter until it is retried by hand or pruned. */
  | { readonly name: 'dead'; readonly attempt: Attempt };

/** Where a delivery stands. */
export type DeliveryState = 'queued' | 'done' | 'dead';

/** A delivery as its operator sees it. */
export interface DeliveryRecord {
  readonly id: string;
  readonly target: string;
  readonly state: DeliveryState;
  readonly entry: Entry;
  readonly tries: number;
  /** When the next try is due, in milliseconds since 1970; absent when there is none. */
  readonly next?: number;
  /** The tries so far, oldest first; the last 20 are kept. */
  readonly attempts: readonly Attempt[];
}

/** Which deliveries to list. */
export interface DeliveryFilter {
  /** Only of entries that came in on these links. */
  readonly links: readonly Jid[];
  readonly state?: DeliveryState;
  readonly target?: string;
  /** Only of entries that came in before, or from, this time; milliseconds since 1970. */
  readonly before?: number;
  readonly since?: number;
  /** Only after this delivery in the order of the list (oldest entry first). */
  readonly after?: string;
  readonly limit: number;
}

/** Which entries to read. */
export interface EntryFilter {
  /** The links that the reader has authority over; of a whole link, or of one bare address behind it. */
  readonly readable: readonly { readonly link: Jid; readonly bare?: Jid }[];
}

/** What waits for a target. */
export interface Backlog {
  readonly entries: number;
  /** Bytes of their stanzas as XML. */
  readonly bytes: number;
}

/** Up to where an account's archive (XEP-0313) has been taken over. */
export interface ArchivePosition {
  /** The id of the last stanza, empty when the archive was empty when it was looked at first. */
  readonly archiveId: string;
  /** When that came or was archived, in milliseconds since 1970; `undefined` when an earlier release has noted it. */
  readonly at: number | undefined;
}

/** The store of the gateway for what came in. */
export interface Journal extends AsyncDisposable {
  /**
   * Keeps entries, all or none, in their order; resolves when they are on the disk.
   *
   * @throws RestanzaError `storage-unavailable` when they could not be written, `stopping` when the journal is closed; none
   *   of them is kept then. XmlError when a stanza is larger than anything that a stream may carry
   */
  append(entries: readonly NewEntry[]): Promise<readonly Entry[]>;
  /**
   * Takes deliveries of a target that are due: the first of each lane that is neither under way nor waiting for its time.
   * They are under way until they are settled, or until the process ends. One whose entry is damaged on the disk becomes a
   * dead letter instead.
   *
   * @param now milliseconds since 1970
   * @throws RestanzaError `storage-unavailable` when the entries cannot be read; none is under way then
   */
  claim(target: string, now: number, limit: number): readonly Delivery[];
  /** When the next delivery of a target that is not under way falls due, 0 for at once; `undefined` when there is none. */
  nextDue(target: string): number | undefined;
  /**
   * Says how a try ended. Resolves when that is on the disk, however long the disk is full or away; the delivery is under
   * way until then, so that nothing of its lane can overtake it. To be called once for each claim.
   *
   * @throws RestanzaError `stopping` when the journal is closed before; the delivery is due again when it is opened
   */
  settle(delivery: Delivery, outcome: Outcome): Promise<void>;
  /** The targets that something waits for, due or not; those of earlier runs too. */
  readonly owed: readonly string[];
  /** What waits for a target, due or not. */
  backlog(target: string): Backlog;
  /** The entries after `after` that the filter lets through, oldest first, at most `limit`. */
  read(after: number, filter: EntryFilter, limit: number): readonly Entry[];
  /** The seq of the last entry, 0 when there was none. */
  readonly last: number;
  /** The seq of the oldest entry that is still kept; entries before it are gone for readers. */
  readonly first: number;
  /** Resolves when there is an entry after `after`; rejects with the signal's reason. */
  appended(after: number, signal: AbortSignal): Promise<void>;
  /** Up to where an account's archive has been taken over; `undefined` when it never was. */
  position(link: Jid): ArchivePosition | undefined;
  /**
   * Notes a position without a stanza; resolves when it is on the disk.
   *
   * @param at when its stanza was archived, in milliseconds since 1970; now when absent
   */
  setPosition(link: Jid, archiveId: string, at?: number): Promise<void>;
  list(filter: DeliveryFilter): readonly DeliveryRecord[];
  find(id: string, links: readonly Jid[]): DeliveryRecord | undefined;
  /**
   * Queues dead deliveries again, due at once, each at its old place in its lane; a queued one is made due at once.
   *
   * @returns how many there were
   */
  retry(
    which: { readonly id: string } | { readonly dead: true; readonly target?: string },
    links: readonly Jid[],
  ): number;
  /**
   * Drops entries whose deliveries are done or dead and that are older than `before`, then the oldest such ones until the
   * store is not larger than `bytes`. One call drops at most 5,000, since everything waits for it; to be called again when
   * it did.
   *
   * @returns how many entries were dropped
   */
  prune(before: number, bytes: number): number;
  /** Is called after each append and retry with the targets that are owed something new. One listener at a time. */
  onAppended: ((targets: ReadonlySet<string>) => void) | undefined;
}
