/**
 * A journal for a test, in a folder of its own, and stanzas to put into it.
 *
 * Decides what a plain entry looks like: a chat message of a numbered body, which a test recognises again.
 */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Delivery, Entry, NewEntry, Outcome } from '../../src/journal/journal.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { element } from '../../src/xml/element.ts';
import { type Jid, parseJid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { makeStanza, type Stanza } from '../../src/xmpp/stanza.ts';
import { Folder } from './folder.ts';
import { MemoryLog } from './memory-log.ts';

/** The link that entries come in on. */
export const LINK: Jid = parseJid('rest.example');

/** Where a test's journal is. */
export interface Place {
  readonly path: string;
  readonly log: MemoryLog;
  /** What the journal takes for the time. */
  readonly clock: { now: number };
  /** Opens it; whoever does closes it before the next time. */
  open(): SqliteJournal;
}

/** Makes a place that goes with the test. */
export async function newPlace(t: TestContext): Promise<Place> {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  return placeIn(folder.path);
}

/** A place in a folder that is someone else's. */
export function placeIn(folder: string): Place {
  const path = join(folder, 'data', 'journal.sqlite');
  const [log, clock] = [new MemoryLog(), { now: 1_800_000_000_000 }];
  return { path, log, clock, open: () => SqliteJournal.open(path, log, () => clock.now) };
}

/** A message with this body. */
export function messageOf(body: string, from = 'romeo@montague.example/orchard', to = 'bot@rest.example'): Stanza {
  const payload = [element('body', NS.client, {}, [body])];
  return makeStanza({ kind: 'message', type: 'chat', from, to, id: `id of ${body}`, payload });
}

/** The text of a message's body. */
export function bodyOf(stanza: Stanza): string {
  return String(stanza.payload.find(({ name }) => name === 'body')?.children[0] ?? '');
}

/** An entry that is owed to these targets. */
export function entryOf(stanza: Stanza, targets: readonly string[] = ['hook'], link: Jid = LINK): NewEntry {
  return { link, event: 'bare', stanza, targets };
}

/** An attempt as the journal gives it back. */
export const ATTEMPT = { at: 1_800_000_000_500, latency: 12.5, status: 200, excerpt: '{"ok":true}' } as const;

/** The good end of a delivery. */
export const DONE: Outcome = { name: 'done', attempt: ATTEMPT };

/** The bad end. */
export const DEAD: Outcome = { name: 'dead', attempt: { ...ATTEMPT, status: 410 } };

/** An end that asks for another try at `at`, in milliseconds since 1970. */
export function retryAt(at: number): Outcome {
  return { name: 'retry', at, attempt: { ...ATTEMPT, status: 503 } };
}

/** Appends messages with these bodies, each of its own sender. */
export function appendAll(
  journal: SqliteJournal,
  texts: readonly string[],
  targets?: readonly string[],
): Promise<readonly Entry[]> {
  return journal.append(texts.map(text => entryOf(messageOf(text, `${text}@montague.example/a`), targets)));
}

/** Claims what is due at the start of 2027, and settles all of it in the same way; what was claimed. */
export async function settleAll(
  journal: SqliteJournal,
  target: string,
  outcome: Outcome,
): Promise<readonly Delivery[]> {
  const claimed = journal.claim(target, 1_800_000_000_000, 100);
  await Promise.all(claimed.map(delivery => journal.settle(delivery, outcome)));
  return claimed;
}

/** The bodies of entries that stand in something. */
export function bodiesOf(found: readonly { readonly entry: Entry }[]): readonly string[] {
  return found.map(({ entry }) => bodyOf(entry.stanza));
}
