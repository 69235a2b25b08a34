/**
 * What one entry and one outcome mean for the journal's file.
 *
 * Decides what is derived from a stanza when it is kept (whose it is, which lane it belongs to, how large it is), and what
 * becomes of a delivery when a try has ended. Each writes inside a commit and changes nothing else.
 */
import { bareOf } from '../xmpp/jid.ts';
import type { Attempt, DeliveryState, Entry, NewEntry, Outcome } from './journal.ts';
import type { JournalFile } from './journal-file.ts';
import type { Queued } from './lanes.ts';
import { presenceKey } from './presence-key.ts';
import { idOf, ownerOf, xmlOf } from './stored.ts';

/** An entry that is to be kept, with what is known of it before it has its seq. */
export interface Draft {
  readonly asked: NewEntry;
  readonly owner: string;
  readonly sender: string;
  readonly xml: string;
  /** Bytes of the XML. */
  readonly size: number;
  readonly presence: string | undefined;
}

/** An entry that was written, with its deliveries. */
export interface New {
  readonly entry: Entry;
  readonly owner: string;
  readonly size: number;
  readonly archiveId: string | undefined;
  readonly queued: readonly Queued[];
}

/**
 * Derives what is kept of an entry.
 *
 * @throws XmlError when its stanza is larger than anything that a stream may carry
 */
export function draftOf(asked: NewEntry): Draft {
  const { stanza, link } = asked;
  const xml = xmlOf(stanza);
  return {
    asked,
    owner: ownerOf(stanza, link),
    sender: stanza.from === undefined ? '' : bareOf(stanza.from),
    xml,
    size: Buffer.byteLength(xml),
    presence: presenceKey(stanza),
  };
}

/**
 * Writes an entry and its deliveries, inside a commit.
 *
 * @param at milliseconds since 1970
 */
export function writeNew(file: JournalFile, draft: Draft, at: number): New {
  const { asked, owner, xml, size } = draft;
  const { link, event, stanza, targets, archiveId } = asked;
  const seq = file.insertEntry({ link, owner, event, xml }, at);
  const queued = targets.map((target, place) => queuedOf(draft, seq, place, target));
  for (const item of queued) file.insertDelivery(item);
  if (archiveId !== undefined) file.setPosition(link, { archiveId, at });
  return { entry: { seq, at, link, event, stanza }, owner, size, archiveId, queued };
}

function queuedOf({ asked, sender, size, presence }: Draft, seq: number, place: number, target: string): Queued {
  const item = {
    seq,
    place,
    id: idOf({ seq, place }),
    link: asked.link,
    target,
    sender,
    size,
    tries: 0,
    made: 0,
    next: 0,
  };
  return presence === undefined ? item : { ...item, presence };
}

const STATES: Readonly<Record<Outcome['name'], DeliveryState>> = { done: 'done', retry: 'queued', dead: 'dead' };

/**
 * Writes how a try ended, inside a commit.
 *
 * @returns what goes back into its lane; nothing when the delivery is settled
 */
export function writeOutcome(file: JournalFile, item: Queued, outcome: Outcome): Queued | undefined {
  const after = triedOf(item, outcome.name === 'retry' ? outcome.at : 0);
  file.updateDelivery(after, STATES[outcome.name]);
  file.insertAttempt(after, outcome.attempt);
  return outcome.name === 'retry' ? after : undefined;
}

/** A presence that was tried once is not replaced any more: whoever got it and did not answer knows it. */
function triedOf({ seq, place, id, link, target, sender, size, tries, made }: Queued, next: number): Queued {
  return { seq, place, id, link, target, sender, size, tries: tries + 1, made: made + 1, next };
}

/**
 * Checks an outcome before it can reach a commit that it would spoil. Times become whole milliseconds, and a time to try
 * again is after 1970, because 0 means at once.
 *
 * @throws TypeError when a number is none
 */
export function checkedOutcome(outcome: Outcome): Outcome {
  const attempt = checkedAttempt(outcome.attempt);
  return outcome.name === 'retry'
    ? { name: 'retry', at: Math.max(1, whole(outcome.at)), attempt }
    : { name: outcome.name, attempt };
}

function checkedAttempt({ at, latency, status, excerpt }: Attempt): Attempt {
  const [began, took] = [whole(at), finite(latency)];
  return status === undefined
    ? { at: began, latency: took, excerpt }
    : { at: began, latency: took, status: whole(status), excerpt };
}

function whole(number: number): number {
  return Math.round(finite(number));
}

function finite(number: number): number {
  if (!Number.isFinite(number)) throw new TypeError('the outcome of a delivery has a number that is none');
  return number;
}
