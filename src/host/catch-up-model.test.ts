/**
 * The promise of catching up: whatever comes, live, while nobody is there or to a session that is being replaced, and
 * whenever sessions and processes end, each message that the archive still has is handed on once, and in order unless a
 * session before was given it, or it came live around a time in which the archive did not answer or dropped it. What the
 * archive has dropped is handed on once at most.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Archive, BOT, live, message, START } from '../../test/support/list-archive.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { archiveIdOf } from './archive-page.ts';
import type { Ask, Position } from './archive-reader.ts';
import { CatchUp } from './catch-up.ts';

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;

/** What is on the disk, and what the server has. */
class World {
  readonly archive = new Archive();
  readonly kept: Stanza[] = [];
  /** Messages that the server gave to a session that it was replacing. */
  readonly astray = new Set<string>();
  /** Messages that came live and not through the archive, or may have: it did not answer, or has dropped them since. */
  readonly early = new Set<string>();
  /** Messages that came live since all was at rest. */
  readonly #restless = new Set<string>();
  readonly #times: number[] = [];
  /** Milliseconds since 1970. */
  now = START;
  position: Position = { archiveId: 'a0', at: START };
  process = new Process(this);
  /** Turns of the event loop that a write takes. */
  readonly latency: number;
  /** Whether the archive answers, and whether it always did since all was at rest. */
  archiveState: 'answers' | 'has failed' | 'fails' = 'answers';

  constructor(page: number, latency: number) {
    this.archive.page = page;
    this.archive.timeOf = index => this.#times[index] ?? START;
    this.latency = latency;
    this.#archive('0');
  }

  #archive(body: string): void {
    this.#times.push(this.now);
    this.archive.messages.push(message(body));
  }

  /** A message comes to the server. */
  come(isAstray: boolean): void {
    const number = this.archive.messages.length;
    const body = String(number);
    this.now += SECOND;
    this.#archive(body);
    if (isAstray && this.process.maySettle) {
      this.astray.add(body);
      return;
    }
    this.#restless.add(body);
    this.process.give(live(message(body), `a${number}`));
  }

  /** All that was begun is done, as far as the archive answers. */
  async idle(): Promise<void> {
    await this.process.idle();
    if (this.archiveState !== 'answers') for (const body of this.#restless) this.early.add(body);
    if (this.archiveState === 'fails') return;
    this.archiveState = 'answers';
    this.#restless.clear();
  }

  /** The same with the second look. */
  async settled(): Promise<void> {
    await this.idle();
    this.process.settle();
    await this.idle();
  }

  /** A day passes, in which all is at rest. */
  async sleep(): Promise<void> {
    await this.idle();
    this.now += DAY;
  }

  /** The archive drops the older half of what it has. What it drops while that waits cannot come in its place. */
  drop(): void {
    const { archive } = this;
    archive.keepOnly(Math.ceil((archive.messages.length - archive.dropped) / 2));
    for (const body of this.#restless) if (Number(body) < archive.dropped) this.early.add(body);
  }

  breakArchive(): void {
    this.archiveState = 'fails';
  }

  mendArchive(): void {
    if (this.archiveState === 'fails') this.archiveState = 'has failed';
  }
}

/** A gateway from its start until it is killed: nothing of what it does then reaches the world. */
class Process {
  readonly clock = new ManualClock();
  readonly #world: World;
  readonly #catchUp: CatchUp;
  readonly #given: Promise<void>[] = [];
  /** Live messages of this session. */
  #heard: string[] = [];
  #written: Promise<void> = Promise.resolve();
  #state: 'offline' | 'online' | 'settled' | 'killed' = 'offline';

  constructor(world: World) {
    this.#world = world;
    this.#catchUp = new CatchUp({
      account: BOT,
      log: new MemoryLog(),
      clock: this.clock,
      earlier: [...world.kept],
      positions: {
        position: () => world.position,
        setPosition: (_link, archiveId, at = world.now) =>
          this.#write(() => {
            world.position = { archiveId, at };
          }),
      },
      sink: {
        wants: () => true,
        take: (stanzas, isPosition) => this.#write(() => this.#keep(stanzas, isPosition)),
      },
    });
  }

  /** Whether the session is so new that the server may still give messages to the one before. */
  get maySettle(): boolean {
    return this.#state === 'online';
  }

  /** A new session has begun. */
  begin(): void {
    this.#state = 'online';
    this.#heard = [];
    this.#catchUp.begin(this.#ask);
  }

  /** A live message. */
  give(stanza: Stanza): void {
    if (this.#state === 'offline') return;
    this.#heard.push(stanza.id ?? '');
    this.#given.push(this.#catchUp.take([stanza]));
  }

  /** Lets the time pass in which a server settles. */
  settle(): void {
    if (this.clock.waits.length > 0) this.#state = 'settled';
    this.clock.advance(5_000);
  }

  /** Lets a minute and more pass, attempt after attempt, unless all is done before. */
  async wait(): Promise<void> {
    let isDone = false;
    void this.#catchUp.done.then(() => {
      isDone = true;
    });
    for (let attempts = 0; attempts < 8; attempts += 1) {
      for (let turns = 0; turns < 100 && !isDone && this.clock.waits.length === 0; turns += 1) await turn();
      await turn();
      if (isDone) return;
      this.clock.advance(10 * SECOND);
    }
  }

  /** Whatever the archive does, what comes live does not wait longer than about a minute. */
  async hear(): Promise<void> {
    await this.wait();
    await Promise.all(this.#given);
    const kept = new Set(this.#world.kept.map(({ id }) => id));
    assert.deepEqual(
      this.#heard.filter(id => !kept.has(id)),
      [],
      'something waits',
    );
  }

  /** Resolves when all that was begun is done, as far as the archive answers. */
  async idle(): Promise<void> {
    await this.wait();
    await Promise.all(this.#given);
    if (this.#world.archiveState !== 'fails') await this.#catchUp.done;
  }

  get isOnline(): boolean {
    return this.#state !== 'offline';
  }

  /** The session is over. */
  leave(): void {
    this.#state = 'offline';
  }

  kill(): void {
    this.#state = 'killed';
  }

  readonly #ask: Ask = async (query, gone) => {
    await turn();
    if (this.#world.archiveState === 'fails') throw new Error('the archive does not answer');
    const answers = await this.#world.archive.ask(query);
    await turn();
    gone.throwIfAborted();
    return answers;
  };

  /** A disk takes its time, and one thing after the other. */
  #write(change: () => void): Promise<void> {
    const before = this.#written;
    this.#written = (async () => {
      await before;
      for (let turns = 0; turns < this.#world.latency; turns += 1) await turn();
      if (this.#state === 'killed') return new Promise<void>(() => {});
      change();
    })();
    return this.#written;
  }

  #keep(stanzas: readonly Stanza[], isPosition: boolean): void {
    this.#world.kept.push(...stanzas);
    for (const archiveId of isPosition ? stanzas.map(one => archiveIdOf(one, BOT)) : []) {
      if (archiveId !== undefined) this.#world.position = { archiveId, at: this.#world.now };
    }
  }
}

type Step = (world: World) => void | Promise<void>;

const STEPS: Readonly<Record<string, { readonly weight: number; readonly step: Step }>> = {
  message: { weight: 6, step: world => world.come(false) },
  astray: { weight: 4, step: world => world.come(true) },
  turn: { weight: 4, step: async () => void (await turn()) },
  idle: { weight: 2, step: world => world.idle() },
  settle: { weight: 1, step: world => world.process.settle() },
  settled: { weight: 2, step: world => world.settled() },
  session: { weight: 4, step: world => world.process.begin() },
  'archive down': { weight: 1, step: world => world.breakArchive() },
  'archive up': { weight: 1, step: world => world.mendArchive() },
  hear: { weight: 1, step: world => world.process.hear() },
  day: { weight: 1, step: world => world.sleep() },
  'archive drops': { weight: 1, step: world => world.drop() },
  leave: { weight: 1, step: world => world.process.leave() },
  kill: {
    weight: 1,
    step: world => {
      world.process.kill();
      world.process = new Process(world);
    },
  },
};

const names = fc.array(
  fc.oneof(...Object.entries(STEPS).map(([name, { weight }]) => ({ weight, arbitrary: fc.constant(name) }))),
  { maxLength: 40 },
);

test('every message is handed on once, and in order unless it went astray or the archive did not answer', async () => {
  const seen = { astray: 0, early: 0, forgotten: 0 };
  await fc.assert(
    fc.asyncProperty(names, fc.integer({ min: 1, max: 5 }), fc.nat(5), async (steps, page, latency) => {
      const world = new World(page, latency);
      const { archive, astray, early } = world;
      for (const name of steps) await STEPS[name]?.step(world);
      world.mendArchive();
      if (!world.process.isOnline) world.process.begin();
      await world.settled();
      const came = archive.messages.map(({ id }) => id).slice(1);
      const kept = world.kept.map(({ id }) => id);
      assert.deepEqual(
        archive.messages.slice(Math.max(1, archive.dropped)).filter(({ id }) => !kept.includes(id)),
        [],
        'something is missing',
      );
      assert.equal(new Set(kept).size, kept.length, 'one came twice');
      const straight = (id: string | undefined) => id !== undefined && !astray.has(id) && !early.has(id);
      const inOrder = came.filter(id => kept.includes(id));
      assert.deepEqual(kept.filter(straight), inOrder.filter(straight));
      seen.astray += astray.size;
      seen.early += early.size;
      seen.forgotten += archive.asked.filter(asked => asked.startsWith('since')).length;
    }),
    { numRuns: 2_000 },
  );
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 100, `${count} ${what}`);
});
