/**
 * The promise of catching up: whatever comes, live, while nobody is there or to a session that is being replaced, and
 * whenever sessions and processes end, each message is handed on once, and in order unless a session before was given it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Archive, BOT, live, message } from '../../test/support/list-archive.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { archiveIdOf } from './archive-page.ts';
import { type Ask, CatchUp } from './catch-up.ts';

/** What is on the disk, and what the server has. */
class World {
  readonly archive = new Archive();
  readonly kept: Stanza[] = [];
  /** Messages that the server gave to a session that it was replacing. */
  readonly astray = new Set<string>();
  position = 'a0';
  process = new Process(this);
  /** Turns of the event loop that a write takes. */
  readonly latency: number;

  constructor(page: number, latency: number) {
    this.archive.page = page;
    this.latency = latency;
    this.archive.messages.push(message('0'));
  }

  /** A message comes to the server. */
  come(isAstray: boolean): void {
    const number = this.archive.messages.length;
    const body = String(number);
    this.archive.messages.push(message(body));
    if (isAstray && this.process.maySettle) this.astray.add(body);
    else this.process.give(live(message(body), `a${number}`));
  }
}

/** A gateway from its start until it is killed: nothing of what it does then reaches the world. */
class Process {
  readonly clock = new ManualClock();
  readonly #world: World;
  readonly #catchUp: CatchUp;
  readonly #given: Promise<void>[] = [];
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
        setPosition: (_link, id) =>
          this.#write(() => {
            world.position = id;
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
    this.#catchUp.begin(this.#ask);
  }

  /** A live message. */
  give(stanza: Stanza): void {
    if (this.#state !== 'offline') this.#given.push(this.#catchUp.take([stanza]));
  }

  /** Lets the time pass in which a server settles. */
  settle(): void {
    if (this.clock.waits.length > 0) this.#state = 'settled';
    this.clock.advance(5_000);
  }

  /** Resolves when all that was begun is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#given);
    await this.#catchUp.done;
  }

  async settled(): Promise<void> {
    await this.idle();
    this.settle();
    await this.idle();
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
    if (isPosition) for (const one of stanzas) this.#world.position = archiveIdOf(one, BOT) ?? this.#world.position;
  }
}

type Step = (world: World) => void | Promise<void>;

const STEPS: Readonly<Record<string, { readonly weight: number; readonly step: Step }>> = {
  message: { weight: 6, step: world => world.come(false) },
  astray: { weight: 4, step: world => world.come(true) },
  turn: { weight: 4, step: async () => void (await turn()) },
  idle: { weight: 2, step: world => world.process.idle() },
  settle: { weight: 1, step: world => world.process.settle() },
  settled: { weight: 2, step: world => world.process.settled() },
  session: { weight: 4, step: world => world.process.begin() },
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

test('every message is handed on once, and in order unless it went astray', async () => {
  let astray = 0;
  await fc.assert(
    fc.asyncProperty(names, fc.integer({ min: 1, max: 5 }), fc.nat(5), async (steps, page, latency) => {
      const world = new World(page, latency);
      for (const name of steps) await STEPS[name]?.step(world);
      if (!world.process.isOnline) world.process.begin();
      await world.process.settled();
      const came = world.archive.messages.slice(1).map(({ id }) => id);
      const kept = world.kept.map(({ id }) => id);
      assert.deepEqual(new Set(kept), new Set(came));
      assert.equal(kept.length, came.length, 'one came twice');
      const straight = (id: string | undefined) => id !== undefined && !world.astray.has(id);
      assert.deepEqual(kept.filter(straight), came.filter(straight));
      astray += world.astray.size;
    }),
    { numRuns: 2_000 },
  );
  assert.ok(astray > 100, `${astray} went astray`);
});
