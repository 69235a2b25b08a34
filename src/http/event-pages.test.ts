/**
 * Going through a real journal in pages: nothing is left out, nothing comes twice, and what is the same is rendered once.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import type { Entry } from '../journal/journal.ts';
import { SqliteJournal } from '../journal/sqlite-journal.ts';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { EventPages, type Feed } from './event-pages.ts';

const LINK = parseJid('rest.example');
const FEED: Feed = { key: 'all', readable: [{ link: LINK }], admits: undefined, format: 'json' };

async function journalWith(t: TestContext, bodies: readonly string[]): Promise<SqliteJournal> {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = stack.use(await Folder.make());
  const journal = stack.use(SqliteJournal.open(join(folder.path, 'journal.sqlite'), new MemoryLog()));
  await append(journal, bodies);
  return journal;
}

function append(journal: SqliteJournal, bodies: readonly string[]): Promise<readonly Entry[]> {
  return journal.append(
    bodies.map(body => {
      const stanza = { kind: 'message', to: LINK, payload: [element('body', NS.client, {}, [body])] } as const;
      return { link: LINK, event: 'host', stanza, targets: [] };
    }),
  );
}

/** The seqs of all pages from a position to the end. */
function walk(pages: EventPages, feed: Feed, from: number): readonly number[] {
  const seqs: number[] = [];
  for (let position = from; position < pages.end; ) {
    const { entries, next } = pages.pageAfter(feed, position);
    assert.ok(next > position, 'each page goes forward');
    seqs.push(...entries.map(({ seq }) => seq));
    position = next;
  }
  return seqs;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

test('the pages from any position hold every entry behind it once', async t => {
  const pages = new EventPages(await journalWith(t, numbers(1, 100).map(String)));
  for (const from of [0, 1, 31, 32, 33, 64, 99, 100]) assert.deepEqual(walk(pages, FEED, from), numbers(from + 1, 100));
});

test('pages of which nothing is wanted still go forward', async t => {
  const pages = new EventPages(await journalWith(t, numbers(1, 100).map(String)));
  const last = { ...FEED, admits: ({ seq }: Entry) => seq === 100 };
  assert.deepEqual(walk(pages, last, 0), [100]);
  assert.deepEqual(walk(pages, { ...FEED, readable: [] }, 0), []);
});

test('readers of one feed get the same bytes, not a copy', async t => {
  const journal = await journalWith(t, ['a', 'b']);
  const pages = new EventPages(journal);
  const first = pages.chunkAfter(FEED, 0);
  assert.deepEqual([first.events, first.next], [2, 2]);
  assert.equal(pages.chunkAfter({ ...FEED }, 0), first);
  assert.notEqual(pages.chunkAfter({ ...FEED, key: 'xml', format: 'xml' }, 0), first);
  await append(journal, ['c']);
  assert.equal(pages.chunkAfter(FEED, 0), first, 'what comes later is another chunk');
  const { events, bytes } = pages.chunkAfter(FEED, 2);
  assert.equal(events, 1);
  assert.match(Buffer.from(bytes).toString(), /^id: 3\n/);
});

test('at the end there is an empty chunk, which is not kept', async t => {
  const journal = await journalWith(t, ['a']);
  const pages = new EventPages(journal);
  assert.deepEqual([pages.chunkAfter(FEED, 1).bytes.length, pages.chunkAfter(FEED, 1).next], [0, 1]);
  await append(journal, ['b']);
  assert.equal(pages.chunkAfter(FEED, 1).events, 1);
});

test('of what was rendered only the newest is kept', async t => {
  const journal = await journalWith(t, []);
  const pages = new EventPages(journal);
  await append(journal, ['a']);
  const first = pages.chunkAfter(FEED, 0);
  for (let chunk = 0; chunk < 40; chunk += 1) {
    await append(journal, ['x'.repeat(250_000)]);
    pages.chunkAfter(FEED, journal.last - 1);
  }
  assert.notEqual(pages.chunkAfter(FEED, 0), first);
  const latest = pages.chunkAfter(FEED, journal.last - 1);
  assert.equal(pages.chunkAfter(FEED, journal.last - 1), latest);
});

test('a gap is what was dropped, and what never was; not what comes from the start or the end', async t => {
  const journal = await journalWith(t, numbers(1, 10).map(String));
  const pages = new EventPages(journal);
  for (const position of [0, 1, 10]) assert.equal(pages.gapAt(position), undefined);
  journal.prune(Date.now() + 60_000, Number.MAX_SAFE_INTEGER);
  assert.deepEqual(pages.gapAt(9), { after: 9, first: 11 });
  for (const position of [0, 10]) assert.equal(pages.gapAt(position), undefined);
  assert.deepEqual(pages.gapAt(11), { after: 11, first: 11 });
  assert.equal(pages.startAt(11), 0);
  assert.equal(pages.startAt(4), 4);
  assert.equal(pages.startAt(undefined), 10);
  const { bytes, next } = pages.chunkAfter(FEED, 4);
  assert.deepEqual([Buffer.from(bytes).toString(), next], ['event: gap\ndata: {"after":4,"first":11}\n\n', 10]);
});
