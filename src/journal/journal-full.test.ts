/**
 * A journal that cannot be written for a while: nothing is acknowledged, nothing that was acknowledged is lost, the process
 * lives, and it goes on by itself.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import { bodyOf, DONE, entryOf, LINK, messageOf, newPlace, placeIn } from '../../test/support/journal-place.ts';
import type { Entry } from './journal.ts';
import type { SqliteJournal } from './sqlite-journal.ts';

const WHOLE = { readable: [{ link: LINK }] };
const REFUSED = { code: 'storage-unavailable', retryAfter: 5 };
const CANNOT = 'the journal cannot be written';
const CAN = 'the journal can be written again';

/** Whether a promise has ended once the event loop has gone round a few times. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const end = () => {
    pending = false;
  };
  promise.then(end, end);
  for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve));
  return pending;
}

/** A file system of four megabytes; `undefined` where none can be made. */
async function smallDisk(t: TestContext): Promise<string | undefined> {
  const folder = await Folder.make();
  const path = join(folder.path, 'disk');
  await mkdir(path);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'restanza-test', path]);
  t.after(() => {
    if (status === 0) spawnSync('umount', ['--lazy', path]);
    return folder[Symbol.asyncDispose]();
  });
  return status === 0 ? path : undefined;
}

/** Appends until nothing fits any more; what was acknowledged. */
async function fill(journal: SqliteJournal): Promise<readonly Entry[]> {
  const kept: Entry[] = [];
  for (;;) {
    const text = `${kept.length} ${'x'.repeat(20_000)}`;
    try {
      kept.push(...(await journal.append([entryOf(messageOf(text))])));
    } catch (error) {
      assert.equal(error instanceof Error && 'code' in error && error.code, REFUSED.code);
      return kept;
    }
    assert.ok(kept.length < 1_000, 'the disk is never full');
  }
}

test('a full disk: entries are refused, outcomes wait, and both go on when there is room', async t => {
  const disk = await smallDisk(t);
  if (disk === undefined) return t.skip('needs to be allowed to mount a tmpfs');
  const { open, log } = placeIn(disk);
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(1_000_000));
  const kept: Entry[] = [];
  {
    await using journal = open();
    kept.push(...(await fill(journal)));
    assert.ok(kept.length > 10, String(kept.length));
    for (let time = 0; time < 20; time += 1) {
      await assert.rejects(journal.append([entryOf(messageOf('y'.repeat(20_000)))]), REFUSED);
    }
    assert.equal(log.with(CANNOT).length, 1, 'the log tells it once');
    const [first] = journal.claim('hook', 0, 1);
    assert.ok(first);
    // Fills what the outcome would need as well.
    await writeFile(join(disk, 'rest'), Buffer.alloc(4_000_000)).catch(() => {});
    const settled = journal.settle(first, DONE);
    const waits = await isPending(settled);
    assert.deepEqual(journal.read(0, WHOLE, 1_000).length, kept.length, 'it can be read');
    await Promise.all([rm(ballast), rm(join(disk, 'rest'))]);
    await settled;
    t.diagnostic(`${kept.length} entries fitted; the outcome of one ${waits ? 'had to wait' : 'still fitted'}`);
    kept.push(...(await journal.append([entryOf(messageOf('last'))])));
    assert.equal(log.with(CAN).length, log.with(CANNOT).length);
    assert.deepEqual(
      journal.claim('hook', 0, 1).map(({ entry }) => entry.seq),
      [kept[1]?.seq],
    );
  }
  await using journal = open();
  assert.deepEqual(journal.read(0, WHOLE, 1_000), kept);
  assert.equal(journal.backlog('hook').entries, kept.length - 1);
});

test('a lock of another process: the same, and the outcome is kept without anybody asking again', async t => {
  const { open, path, log } = await newPlace(t);
  await using journal = open();
  await journal.append([entryOf(messageOf('a'))]);
  const [delivery] = journal.claim('hook', 0, 1);
  assert.ok(delivery);
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const settled = journal.settle(delivery, DONE);
  await assert.rejects(journal.append([entryOf(messageOf('b'))]), REFUSED);
  assert.ok(await isPending(settled));
  assert.throws(() => journal.retry({ dead: true }, [LINK]), REFUSED);
  assert.throws(() => journal.prune(0, 0), REFUSED);
  assert.deepEqual(journal.claim('hook', 0, 1), [], 'it is still under way');
  other.exec('ROLLBACK');
  other.close();
  await settled;
  assert.equal(journal.find(delivery.id, [LINK])?.state, 'done');
  assert.equal(journal.last, 1);
  assert.deepEqual([log.with(CANNOT).length, log.with(CAN).length], [1, 1]);
});

test('an outcome that could not be kept before the end is due again', async t => {
  const { open, path } = await newPlace(t);
  const journal = open();
  await journal.append([entryOf(messageOf('a'))]);
  const [delivery] = journal.claim('hook', 0, 1);
  assert.ok(delivery);
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const settled = assert.rejects(journal.settle(delivery, DONE), { code: 'stopping' });
  await journal[Symbol.asyncDispose]();
  await settled;
  other.close();
  await using again = open();
  assert.deepEqual(again.claim('hook', 0, 1), [delivery]);
});

test('two processes cannot both write: the first one that did not know stops for good', async t => {
  const { open, log } = await newPlace(t);
  await using first = open();
  await first.append([entryOf(messageOf('a'))]);
  await using second = open();
  await second.append([entryOf(messageOf('b'))]);
  for (let time = 0; time < 3; time += 1) {
    await assert.rejects(first.append([entryOf(messageOf('c'))]), { code: 'storage-unavailable' });
  }
  assert.throws(() => first.claim('hook', 0, 1), { code: 'storage-unavailable' });
  assert.match(String(log.with(CANNOT)[0]?.['err']), /another process writes to the journal/);
  await second.append([entryOf(messageOf('d'))]);
  assert.deepEqual(
    second.read(0, WHOLE, 10).map(({ stanza }) => bodyOf(stanza)),
    ['a', 'b', 'd'],
  );
});
