/**
 * A damaged journal: one bit of the file or of its write-ahead log is changed, or the end is cut off, at two hundred places.
 * It must be refused with what to do, or hold everything that was acknowledged, or name what it does not hold.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Folder } from '../../test/support/folder.ts';
import {
  ATTEMPT,
  DONE,
  entryOf,
  LINK,
  messageOf,
  newPlace,
  type Place,
  placeIn,
} from '../../test/support/journal-place.ts';
import type { Delivery, Entry } from './journal.ts';
import type { SqliteJournal } from './sqlite-journal.ts';

const WHOLE = { readable: [{ link: LINK }] };
const NOW = 1_800_000_000_000;

/** The files of a journal as a crash leaves them. */
interface Image {
  readonly file: Buffer;
  readonly log: Buffer;
  readonly mark: Buffer;
  /** What was acknowledged. */
  readonly entries: readonly Entry[];
  /** The id and state of each delivery. */
  readonly states: ReadonlyMap<string, string>;
}

/** Entries of some senders, from a few bytes to several pages. */
const batch = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const n = from + index;
    return entryOf(messageOf(`${n} ${'lorem '.repeat((n * 37) % 1_000)}`, `s${n % 10}@m.example/r`));
  });

function statesOf(journal: SqliteJournal): ReadonlyMap<string, string> {
  return new Map(journal.list({ links: [LINK], limit: 1_000 }).map(({ id, state, next }) => [id, `${state} ${next}`]));
}

/** A journal of which half is in the file and half in the write-ahead log. */
async function makeImage(place: Place): Promise<Image> {
  {
    await using journal = place.open();
    for (let from = 0; from < 40; from += 5) await journal.append(batch(from, 5));
    for (const delivery of journal.claim('hook', NOW, 8)) await journal.settle(delivery, DONE);
  }
  await using journal = place.open();
  for (let from = 40; from < 80; from += 5) await journal.append(batch(from, 5));
  const claimed = journal.claim('hook', NOW, 8);
  const outcomes = [
    DONE,
    { name: 'dead', attempt: ATTEMPT },
    { name: 'retry', at: NOW + 5, attempt: ATTEMPT },
  ] as const;
  for (const [index, delivery] of claimed.entries()) await journal.settle(delivery, outcomes[index % 3] ?? DONE);
  await journal.setPosition(LINK, 'archived');
  const [file, log, mark] = await Promise.all(['', '-wal', '-mark'].map(end => readFile(`${place.path}${end}`)));
  assert.ok(file && log && mark);
  return { file, log, mark, entries: journal.read(0, WHOLE, 1_000), states: statesOf(journal) };
}

/** What is done to an image. */
interface Fault {
  readonly which: 'file' | 'log';
  readonly name: string;
  readonly change: (content: Buffer) => Buffer;
}

function flip(which: Fault['which'], share: number, bit: number): Fault {
  const change = (content: Buffer) => {
    const changed = Buffer.from(content);
    const at = Math.floor(content.length * share);
    changed[at] = (changed[at] ?? 0) ^ (1 << bit);
    return changed;
  };
  return { which, name: `bit ${bit} at ${(100 * share).toFixed(1)} % of the ${which}`, change };
}

function cut(which: Fault['which'], share: number): Fault {
  const change = (content: Buffer) => content.subarray(0, Math.floor(content.length * share));
  return { which, name: `the ${which} cut at ${(100 * share).toFixed(1)} %`, change };
}

const spread = (count: number) => Array.from({ length: count }, (_, n) => (n + 0.37) / count);
const FAULTS: readonly Fault[] = [
  ...spread(100).map((share, n) => flip('file', share, n % 8)),
  ...spread(60).map((share, n) => flip('log', share, n % 8)),
  ...spread(20).map(share => cut('file', share)),
  ...spread(20).map(share => cut('log', share)),
];

/** Delivers all that is owed. */
async function drain(journal: SqliteJournal): Promise<readonly Delivery[]> {
  const all: Delivery[] = [];
  while (journal.backlog('hook').entries > 0) {
    const { promise: more, resolve } = Promise.withResolvers<void>();
    journal.onAppended = () => resolve();
    const claimed = journal.claim('hook', NOW + 5, 100);
    all.push(...claimed);
    await Promise.all(claimed.map(delivery => journal.settle(delivery, DONE)));
    // A lane whose first entry is damaged goes on when that is settled.
    if (claimed.length === 0) await more;
  }
  return all;
}

/** Fails unless everything is there that is not named in the journal's log. */
async function assertHonest({ entries, states }: Image, place: Place): Promise<'whole' | 'named'> {
  await using journal = place.open();
  const named = () => place.log.lines.map(line => String(line['err']));
  const whole = (entry: Entry) => !named().some(line => line.includes(`entry ${entry.seq} `));
  const read = journal.read(0, WHOLE, 1_000);
  assert.deepEqual(read, entries.filter(whole));
  assert.deepEqual(journal.position(LINK), { archiveId: 'archived', at: NOW });
  const found = statesOf(journal);
  const seqOf = (id: string) => Number.parseInt(id, 36);
  const expected = [...states].filter(([id]) => entries.some(entry => entry.seq === seqOf(id) && whole(entry)));
  assert.deepEqual([...found], expected);
  const queued = expected.filter(([, state]) => state.startsWith('queued')).map(([id]) => id);
  const drained = await drain(journal);
  assert.deepEqual(drained.map(({ id }) => id).toSorted(), queued.toSorted());
  for (const { entry } of drained) assert.deepEqual(entry, entries[entry.seq - 1]);
  assert.equal(journal.backlog('hook').entries, 0);
  return named().length === 0 ? 'whole' : 'named';
}

async function outcomeOf(image: Image, { which, change }: Fault, folder: string): Promise<string> {
  const place = placeIn(folder);
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(place.path, which === 'file' ? change(image.file) : image.file);
  await writeFile(`${place.path}-wal`, which === 'log' ? change(image.log) : image.log);
  await writeFile(`${place.path}-mark`, image.mark);
  try {
    return await assertHonest(image, place);
  } catch (error) {
    if (!(error instanceof Error && error.name === 'DatabaseError')) throw error;
    assert.match(error.message, /journal\.sqlite cannot be used: .*(restore|move it away|start a later release)/);
    return 'refused';
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function newFolder(t: TestContext): Promise<string> {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  return folder.path;
}

test('whatever is damaged, nothing is lost without a word', async t => {
  const folder = await newFolder(t);
  const image = await makeImage(placeIn(join(folder, 'whole')));
  assert.equal(image.entries.length, 80);
  const same: Fault = { which: 'file', name: 'nothing', change: content => content };
  assert.equal(await outcomeOf(image, same, join(folder, 'same')), 'whole');
  const counts: Record<string, number> = {};
  for (const [index, fault] of FAULTS.entries()) {
    const outcome = await outcomeOf(image, fault, join(folder, String(index))).catch(error => {
      throw new Error(`after ${fault.name}`, { cause: error });
    });
    const kind = `${fault.name.startsWith('bit') ? 'bit changed' : 'cut'} in the ${fault.which}: ${outcome}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  for (const [kind, count] of Object.entries(counts)) t.diagnostic(`${kind} ${count}`);
  assert.ok((counts['bit changed in the log: refused'] ?? 0) > 50, 'or else the log does not matter in this test');
  assert.ok((counts['bit changed in the file: named'] ?? 0) > 5, 'or else the checksums do not matter in this test');
});

test('a journal that was exchanged for an older copy is refused, and taken when the mark is removed', async t => {
  const { open, path } = await newPlace(t);
  {
    await using journal = open();
    await journal.append(batch(0, 1));
  }
  await copyFile(path, `${path}-copy`);
  {
    await using journal = open();
    await journal.append(batch(1, 1));
    await journal.append(batch(2, 1));
  }
  await copyFile(`${path}-copy`, path);
  assert.throws(open, {
    name: 'DatabaseError',
    message: /2 commits that were acknowledged are missing.*remove .*-mark/,
  });
  await rm(`${path}-mark`);
  await using journal = open();
  assert.equal(journal.last, 1);
});

test('a mark that is damaged or lags behind stops nobody', async t => {
  const { open, path } = await newPlace(t);
  for (const content of ['', 'x', '0000000000000001 0000000000\n', 'a'.repeat(500)]) {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(`${path}-mark`, content);
    await using journal = open();
    await journal.append(batch(0, 1));
  }
  await using journal = open();
  assert.equal(journal.last, 4);
});

test('a damaged entry becomes a dead letter, and its lane goes on', async t => {
  const { open, path, log } = await newPlace(t);
  {
    await using journal = open();
    await journal.append(['one', 'two', 'three'].map(text => entryOf(messageOf(text))));
  }
  {
    using database = new DatabaseSync(path);
    database.exec(
      "UPDATE entry SET stanza = replace(stanza, 'one', 'oNe') WHERE seq = 1; DELETE FROM entry WHERE seq = 2",
    );
  }
  await using journal = open();
  assert.deepEqual(
    (await drain(journal)).map(({ entry }) => entry.seq),
    [3],
  );
  const errors = log.lines.map(line => String(line['err']));
  assert.deepEqual(errors, ['Damage: the entry 1 is damaged', 'Damage: the entry 2 is not there']);
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT state, excerpt FROM delivery JOIN attempt USING (entry, place)').all();
  assert.deepEqual(
    rows.map(row => ({ ...row })),
    [
      { state: 'dead', excerpt: 'not sent: the entry 1 is damaged' },
      { state: 'dead', excerpt: 'not sent: the entry 2 is not there' },
      { state: 'done', excerpt: ATTEMPT.excerpt },
    ],
  );
});

test('a damaged delivery that is owed is refused: nobody could say to whom', async t => {
  const { open, path } = await newPlace(t);
  {
    await using journal = open();
    await journal.append([entryOf(messageOf('one'))]);
  }
  {
    using database = new DatabaseSync(path);
    database.exec("UPDATE delivery SET target = 'hooc'");
  }
  assert.throws(open, {
    name: 'DatabaseError',
    message: /delivery 0 of the entry 1 is damaged; restore it from a backup/,
  });
});
