/**
 * What a crash and a failing disk leave of the journal, with processes that are really killed and system calls that are
 * really watched: whatever was acknowledged is there afterwards, in order, and its write was synced before it was acknowledged.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Entry } from '../../src/journal/journal.ts';
import { Folder } from '../support/folder.ts';
import { bodyOf, DONE, LINK, placeIn } from '../support/journal-place.ts';
import { Child } from '../support/process.ts';

const PROGRAM = fileURLToPath(new URL('../support/journal-child.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WHOLE = { readable: [{ link: LINK }] };
const LIVES = 20;
const EVER = 1_000_000;

/** What a child said. */
interface Said {
  readonly kept: ReadonlyMap<number, string>;
  readonly done: ReadonlyMap<number, string>;
  readonly refused: number;
}

function saidBy(lines: readonly string[]): Said {
  const of = (word: string) => lines.map(line => line.split(' ')).filter(([first]) => first === word);
  const numbered = (word: string) => new Map(of(word).map(([, seq, text = '']) => [Number(seq), text]));
  return { kept: numbered('kept'), done: numbered('done'), refused: of('refused').length };
}

/** Fails unless all that was said is in the journal, each life's entries in their order; the entries. */
async function assertKept(folder: string, { kept, done }: Said): Promise<readonly Entry[]> {
  await using journal = placeIn(folder).open();
  const entries = journal.read(0, WHOLE, EVER);
  const bodies = new Map(entries.map(({ seq, stanza }) => [seq, bodyOf(stanza)]));
  for (const [seq, body] of kept) assert.equal(bodies.get(seq), body, `entry ${seq} was acknowledged`);
  for (const [seq, id] of done) assert.equal(journal.find(id, [LINK])?.state, 'done', `delivery of ${seq} was settled`);
  assert.equal(new Set(bodies.values()).size, entries.length, 'nothing is there twice');
  const last = new Map<string, number>();
  for (const body of bodies.values()) {
    const [life = '', number] = body.split('-');
    assert.ok(Number(number) > (last.get(life) ?? -1), `${body} comes too late`);
    last.set(life, Number(number));
  }
  return entries;
}

/** Delivers all that is still owed; fails when a lane is out of order. */
async function drain(folder: string): Promise<number> {
  await using journal = placeIn(folder).open();
  const last = new Map<string, number>();
  let delivered = 0;
  for (;;) {
    const claimed = journal.claim('hook', Date.now(), 100);
    if (claimed.length === 0) return delivered;
    for (const { entry } of claimed) {
      const lane = String(entry.stanza.from);
      assert.ok(entry.seq > (last.get(lane) ?? 0));
      last.set(lane, entry.seq);
    }
    await Promise.all(claimed.map(delivery => journal.settle(delivery, DONE)));
    delivered += claimed.length;
  }
}

const childArgs = (folder: string, groups: number, size: number, name: string) => [
  PROGRAM,
  join(folder, 'data', 'journal.sqlite'),
  String(groups),
  String(size),
  name,
];

/** Runs a child, and kills it once it has said so many lines. */
async function liveAndDie(folder: string, name: string, lines: number): Promise<readonly string[]> {
  let left = lines;
  await using child = new Child(
    { command: process.execPath, args: childArgs(folder, EVER, 10, name), cwd: ROOT },
    () => {
      left -= 1;
      if (left === 0) child.kill();
    },
  );
  assert.deepEqual(await child.exited, { code: null, signal: 'SIGKILL' }, child.transcript());
  return child.stdout;
}

describe('the journal of a process that is killed', { timeout: 180_000 }, () => {
  it('holds what was acknowledged, in order, and owes what was not settled', async t => {
    await using folder = await Folder.make();
    const lines: string[] = [];
    for (let life = 0; life < LIVES; life += 1) {
      lines.push(...(await liveAndDie(folder.path, `life${life}`, randomInt(1, 800))));
      await assertKept(folder.path, saidBy(lines));
    }
    const said = saidBy(lines);
    const entries = await assertKept(folder.path, said);
    const owed = await drain(folder.path);
    t.diagnostic(
      `${LIVES} kills: ${said.kept.size} entries acknowledged, 0 lost; ${entries.length - said.kept.size} more were kept; ` +
        `${said.done.size} deliveries settled, 0 forgotten; ${owed} still owed, 0 out of order`,
    );
    assert.ok(owed <= entries.length - said.done.size);
    assert.ok(owed >= entries.length - said.done.size - 5 * LIVES, 'at most the group under way was settled unsaid');
  });
});

const STRACE = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const skip = STRACE ? false : 'needs strace, and to be allowed to trace';

/** A system call of the trace, in order: one that others came between is there twice, when it began and when it ended. */
interface Call {
  readonly name: string;
  readonly args: string;
  /** Empty when it began. */
  readonly result: string;
}

const WHOLE_CALL = /^\d+ +(\w+)\((.*)\)\s+= (.*)$/;
const BEGUN = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/;
const ENDED = /^(\d+) +<\.\.\. \w+ resumed>.*\)\s+= (.*)$/;

function callsIn(trace: string): readonly Call[] {
  const begun = new Map<string, Call>();
  return trace.split('\n').flatMap((line): readonly Call[] => {
    const [, name, args = '', result = ''] = WHOLE_CALL.exec(line) ?? [];
    if (name !== undefined) return [{ name, args, result }];
    const [, thread = '', first, firstArgs = ''] = BEGUN.exec(line) ?? [];
    if (first !== undefined) {
      const call = { name: first, args: firstArgs, result: '' };
      begun.set(thread, call);
      return [call];
    }
    const [, ending = '', end = ''] = ENDED.exec(line) ?? [];
    const call = begun.get(ending);
    return call === undefined ? [] : [{ ...call, result: end }];
  });
}

interface Traced extends Said {
  readonly calls: readonly Call[];
  readonly transcript: string;
}

/** Runs a child to its end under strace. Groups of one settle nothing: an outcome would wait for the disk for ever. */
async function trace(folder: string, groups: number, size: number, options: readonly string[] = []): Promise<Traced> {
  const file = join(folder, 'trace');
  const calls = '--trace=openat,close,write,pwrite64,fsync,fdatasync';
  const program = [process.execPath, ...childArgs(folder, groups, size, 'a')];
  // SQLite runs in the main thread and syncs by fsync; we sync in one of the pool, which counts its calls alone.
  const args = ['-f', '-o', file, '-s', '40', calls, ...options, ...program];
  await using child = new Child({ command: 'strace', args, cwd: ROOT, env: { UV_THREADPOOL_SIZE: '1' } });
  assert.deepEqual(await child.exited, { code: 0, signal: null }, child.transcript());
  const found = callsIn(await readFile(file, 'utf8'));
  return { ...saidBy(child.stdout), calls: found, transcript: child.transcript() };
}

/** How often SQLite syncs until the first entry is acknowledged. */
async function firstSyncs(): Promise<number> {
  await using folder = await Folder.make();
  const { calls } = await trace(folder.path, 1, 1);
  const kept = calls.findIndex(({ name, args }) => name === 'write' && args.startsWith('1, "kept '));
  return calls.slice(0, kept).filter(({ name, result }) => name === 'fsync' && result !== '').length;
}

/** What was done to the write-ahead log, and what was said, in order. */
type Step = 'open' | 'write' | 'begun' | 'synced' | 'failed' | 'close' | 'kept' | 'refused';

const synced = ({ result }: Call): Step => (result === '' ? 'begun' : result === '0' ? 'synced' : 'failed');
const STEPS: Readonly<Record<string, (call: Call) => Step>> = {
  openat: () => 'open',
  close: () => 'close',
  pwrite64: () => 'write',
  fsync: synced,
  fdatasync: synced,
};

/** Opened and closed is the log with its first and its last descriptor. What is said counts when it begins. */
function stepsOf(calls: readonly Call[]): readonly Step[] {
  const log = new Set<string>();
  const said = new Set<string>();
  return calls.flatMap((call): readonly Step[] => {
    const { name, args, result } = call;
    const [line, word] = (name === 'write' ? /^1, "(kept|refused) .*/.exec(args) : undefined) ?? [];
    if (line !== undefined && (word === 'kept' || word === 'refused')) {
      const isEnd = said.delete(line);
      if (!isEnd && result === '') said.add(line);
      return isEnd ? [] : [word];
    }
    const [descriptor = ''] = args.split(',');
    const before = log.size;
    if (name === 'openat' && args.includes('journal.sqlite-wal"') && result !== '') log.add(result);
    else if (!log.has(descriptor)) return [];
    if (name === 'close') log.delete(descriptor);
    const step = STEPS[name]?.(call);
    const isOneOfMore = (step === 'open' && before > 0) || (step === 'close' && log.size > 0);
    return step === undefined || isOneOfMore ? [] : [step];
  });
}

/** Fails when something was acknowledged while the log held a write that was not synced; how many syncs there were. */
function assertSynced(steps: readonly Step[]): number {
  let [written, late, begun] = [false, false, false];
  for (const [index, step] of steps.entries()) {
    if (step === 'write') [written, late] = [true, begun];
    if (step === 'begun') [begun, late] = [true, false];
    // What was written while it was under way may not be in it.
    if (step === 'synced') [written, begun] = [late, false];
    if (step === 'synced' || step === 'failed') late = false;
    if (step === 'failed') begun = false;
    if (step === 'open') [written, late, begun] = [false, false, false];
    assert.ok(!(step === 'kept' && written), `step ${index} acknowledges what was not synced`);
  }
  return steps.filter(step => step === 'synced').length;
}

describe('the system calls of the journal', { timeout: 120_000, skip }, () => {
  it('sync each write of the log before anything of it is acknowledged', async t => {
    await using folder = await Folder.make();
    const { calls, kept, transcript } = await trace(folder.path, 200, 2);
    const steps = stepsOf(calls);
    assert.equal(kept.size, 400, transcript);
    const syncs = assertSynced(steps);
    const acknowledged = steps.filter(step => step === 'kept').length;
    t.diagnostic(`${acknowledged} acknowledgements in 200 groups, ${syncs} syncs of the log, each before its own`);
    assert.equal(acknowledged, 400);
    assert.ok(syncs >= 200);
    // Between two groups the log is written and synced.
    const groups = steps
      .join(' ')
      .split(/(?:kept ?)+/)
      .slice(0, -1);
    assert.equal(groups.filter(between => /write(?: write)*(?: \w+)* synced/.test(between)).length, groups.length);
  });

  it('after one sync that failed close the log before anything more is acknowledged', async t => {
    await using folder = await Folder.make();
    const inject = '--inject=fdatasync:error=EIO:when=40';
    const said = await trace(folder.path, 100, 1, [inject]);
    const steps = stepsOf(said.calls);
    assert.ok(steps.includes('failed'), 'or else nothing was injected');
    assertSynced(steps);
    const after = steps.slice(steps.indexOf('failed'));
    assert.ok(after.indexOf('close') < after.indexOf('kept'), after.slice(0, 10).join(' '));
    assert.ok(after.filter(step => step === 'kept').length > 50, said.transcript);
    await assertKept(folder.path, said);
    t.diagnostic(`${said.kept.size} acknowledged, ${said.refused} refused, the failed group counted`);
  });

  it('acknowledge a commit whose sync failed when it turns out to be in the file after all', async t => {
    await using folder = await Folder.make();
    // The second failure keeps SQLite from throwing the log away when the file is closed.
    const closing = `--inject=fsync:error=EIO:when=${(await firstSyncs()) + 1}`;
    const said = await trace(folder.path, 100, 1, ['--inject=fdatasync:error=EIO:when=40', closing]);
    const steps = stepsOf(said.calls);
    assert.ok(steps.includes('failed'), 'or else nothing was injected');
    assertSynced(steps);
    assert.deepEqual([said.kept.size, said.refused], [100, 0], said.transcript);
    assert.equal((await assertKept(folder.path, said)).length, 100);
    assert.equal(await drain(folder.path), 100);
    t.diagnostic(`${said.kept.size} acknowledged, ${said.refused} refused`);
  });

  it('acknowledge nothing while every sync fails, and the process lives', async t => {
    await using folder = await Folder.make();
    const theirs = `--inject=fsync:error=EIO:when=${(await firstSyncs()) + 1}+`;
    const said = await trace(folder.path, 100, 1, ['--inject=fdatasync:error=EIO:when=40+', theirs]);
    const steps = stepsOf(said.calls);
    const after = steps.slice(steps.indexOf('failed'));
    assert.ok(steps.includes('failed'), 'or else nothing was injected');
    assert.equal(after.filter(step => step === 'kept').length, 0);
    assert.ok(said.refused > 50);
    assert.match(said.transcript, /\| end/);
    await assertKept(folder.path, said);
    t.diagnostic(`${said.kept.size} acknowledged before, ${said.refused} refused after`);
  });

  it('acknowledge nothing that does not fit on the disk', async t => {
    await using folder = await Folder.make();
    const said = await trace(folder.path, 100, 1, ['--inject=pwrite64:error=ENOSPC:when=300+']);
    assert.ok(said.refused > 10, said.transcript);
    assert.match(said.transcript, /\| end/);
    await assertKept(folder.path, said);
    t.diagnostic(`${said.kept.size} acknowledged before, ${said.refused} refused after`);
  });
});
