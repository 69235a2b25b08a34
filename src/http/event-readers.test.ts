/**
 * The register of readers: how many there may be, and that nothing runs when there are none.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import type { Principal } from '../auth/principal.ts';
import { SqliteJournal } from '../journal/sqlite-journal.ts';
import { parseJid } from '../xmpp/jid.ts';
import type { Message } from '../xmpp/stanza.ts';
import { type EventReader, EventReaders, HEARTBEAT_INTERVAL, READER_LIMITS, TOKEN_INTERVAL } from './event-readers.ts';

const ALICE = { address: parseJid('alice@one.example') };
const PHONE = { address: parseJid('alice@one.example/phone') };
const BOB = { address: parseJid('bob@one.example') };

/** A reader that only counts. */
class Counting implements EventReader {
  readonly calls = { advance: 0, beat: 0, end: 0 };

  advance(): void {
    this.calls.advance += 1;
  }

  beat(): void {
    this.calls.beat += 1;
  }

  end(): void {
    this.calls.end += 1;
  }
}

async function made(t: TestContext, limits = READER_LIMITS, holds?: (principal: Principal) => boolean) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = stack.use(await Folder.make());
  const [log, clock] = [new MemoryLog(), new ManualClock()];
  const journal = stack.use(SqliteJournal.open(join(folder.path, 'journal.sqlite'), log));
  return { clock, log, journal, readers: stack.use(new EventReaders({ journal, clock, log, limits, holds })) };
}

test('a gateway has five readers for each principal', () => {
  assert.deepEqual(READER_LIMITS, { perPrincipal: 5, total: 5_000 });
});

test('resources of one account are one principal', async t => {
  const { readers } = await made(t, { perPrincipal: 1, total: 5 });
  const first = readers.add(ALICE, new Counting());
  assert.throws(() => readers.add(PHONE, new Counting()), { code: 'too-many-streams', retryAfter: 5 });
  readers.add(BOB, new Counting());
  first[Symbol.dispose]();
  readers.add(PHONE, new Counting());
  assert.equal(readers.size, 2);
});

test('a reader that leaves twice makes room once', async t => {
  const { readers } = await made(t, { perPrincipal: 2, total: 5 });
  const first = readers.add(ALICE, new Counting());
  readers.add(ALICE, new Counting());
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  readers.add(ALICE, new Counting());
  assert.throws(() => readers.add(ALICE, new Counting()), { code: 'too-many-streams' });
});

test('all together there are so many and no more', async t => {
  const { readers } = await made(t, { perPrincipal: 2, total: 2 });
  readers.add(ALICE, new Counting());
  readers.add(BOB, new Counting());
  assert.throws(() => readers.add(BOB, new Counting()), { code: 'too-many-waiting' });
});

test('one timer beats for all, while there are any', async t => {
  const { readers, clock } = await made(t);
  const counting = [new Counting(), new Counting()];
  assert.deepEqual(clock.waits, []);
  const places = counting.map(reader => readers.add(ALICE, reader));
  assert.deepEqual(clock.waits, [HEARTBEAT_INTERVAL]);
  clock.advance(2 * HEARTBEAT_INTERVAL);
  assert.deepEqual(
    counting.map(({ calls }) => calls.beat),
    [2, 2],
  );
  for (const place of places) place[Symbol.dispose]();
  assert.deepEqual(clock.waits, []);
});

test('the end is told to each reader once, and nobody comes after it', async t => {
  const { readers, clock } = await made(t);
  const counting = new Counting();
  const place = readers.add(ALICE, counting);
  readers[Symbol.dispose]();
  readers[Symbol.dispose]();
  place[Symbol.dispose]();
  assert.deepEqual(counting.calls, { advance: 0, beat: 0, end: 1 });
  assert.deepEqual([readers.size, clock.waits], [0, []]);
  assert.throws(() => readers.add(ALICE, new Counting()), { code: 'stopping' });
});

const BEARER: Principal = { ...ALICE, token: { kind: 'api', id: 'one' } };

test('tokens are looked at each second, while somebody has one', async t => {
  const asked: string[] = [];
  const { readers, clock } = await made(t, READER_LIMITS, ({ token }) => {
    asked.push(token?.id ?? '');
    return asked.length < 3;
  });
  readers.add(BOB, new Counting());
  const [first, second] = [new Counting(), new Counting()];
  readers.add(BEARER, first);
  const place = readers.add({ ...BEARER, token: { kind: 'oauth', id: 'two' } }, second);
  assert.deepEqual(clock.waits, [TOKEN_INTERVAL, HEARTBEAT_INTERVAL]);
  clock.advance(TOKEN_INTERVAL);
  assert.deepEqual(asked, ['one', 'two']);
  place[Symbol.dispose]();
  clock.advance(TOKEN_INTERVAL);
  assert.deepEqual([first.calls.end, second.calls.end], [1, 0]);
  assert.deepEqual(clock.waits, [HEARTBEAT_INTERVAL - 2 * TOKEN_INTERVAL]);
});

test('who has a token that has ended is given nothing new', async t => {
  const { readers, journal } = await made(t, READER_LIMITS, () => false);
  const [bearer, other] = [new Counting(), new Counting()];
  const { promise, resolve } = Promise.withResolvers<void>();
  other.advance = () => resolve();
  readers.add(BEARER, bearer);
  readers.add(BOB, other);
  const message: Message = { kind: 'message', from: BOB.address, to: ALICE.address, payload: [] };
  await journal.append([{ link: parseJid('one.example'), event: 'bare', stanza: message, targets: [] }]);
  await promise;
  assert.deepEqual(bearer.calls, { advance: 0, beat: 0, end: 1 });
});

test('a token that cannot be looked at does not hold', async t => {
  const { readers, clock, log } = await made(t, READER_LIMITS, () => {
    throw new Error('the disk is gone');
  });
  const bearer = new Counting();
  readers.add(BEARER, bearer);
  clock.advance(TOKEN_INTERVAL);
  assert.equal(bearer.calls.end, 1);
  assert.equal(log.lines.length, 1);
});
