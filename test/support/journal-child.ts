/**
 * A process that keeps entries until it is ended, for tests that kill it or watch its system calls.
 *
 * Decides that a line on standard output is written at once and only when the promise has resolved that it tells of:
 * `kept SEQ BODY`, `done SEQ ID`, `refused CODE`. Usage: `node journal-child.ts FILE GROUPS SIZE NAME`: so many groups, each of so
 * many entries that are appended by two calls in one turn; what is due is delivered beside, half of it.
 */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { RestanzaError } from '../../src/errors.ts';
import type { Entry } from '../../src/journal/journal.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { bodyOf, DONE, entryOf, messageOf } from './journal-place.ts';
import { MemoryLog } from './memory-log.ts';

const say = (line: string) => writeSync(1, `${line}\n`);

/** Milliseconds between a refusal and the next group, so that a disk that has failed has time to come back. */
const PAUSE = 20;

async function append(journal: SqliteJournal, bodies: readonly string[]): Promise<readonly Entry[]> {
  const entries = bodies.map((body, index) => entryOf(messageOf(body, `s${index % 5}@m.example/r`)));
  const kept = await journal.append(entries);
  for (const { seq, stanza } of kept) say(`kept ${seq} ${bodyOf(stanza)}`);
  return kept;
}

async function deliver(journal: SqliteJournal, limit: number): Promise<void> {
  const claimed = journal.claim('hook', Date.now(), limit);
  const settled = claimed.map(async delivery => {
    await journal.settle(delivery, DONE);
    say(`done ${delivery.entry.seq} ${delivery.id}`);
  });
  await Promise.all(settled);
}

async function group(journal: SqliteJournal, name: string, from: number, size: number): Promise<void> {
  const bodies = Array.from({ length: size }, (_, index) => `${name}-${from + index}`);
  const half = Math.ceil(size / 2);
  const jobs = [append(journal, bodies.slice(0, half)), append(journal, bodies.slice(half))];
  if (size > 1) jobs.push(deliver(journal, half).then(() => []));
  const ends = await Promise.allSettled(jobs);
  const refused = ends.flatMap(end => (end.status === 'rejected' ? [end.reason] : []));
  for (const reason of refused) say(`refused ${reason instanceof RestanzaError ? reason.code : String(reason)}`);
  if (refused.length > 0) await new Promise(resolve => setTimeout(resolve, PAUSE));
}

async function main([path = '', groups = '', size = '', name = '']: readonly string[]): Promise<void> {
  await using journal = SqliteJournal.open(path, new MemoryLog());
  say('open');
  for (let number = 0; number < Number(groups); number += 1) {
    await group(journal, name, number * Number(size), Number(size));
  }
  say('end');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
