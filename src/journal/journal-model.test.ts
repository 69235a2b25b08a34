/**
 * The order guarantee: the journal beside a model of it that is too simple to be wrong. Whatever is appended, claimed,
 * settled, tried again and pruned in which order, restarts and crashes included, no lane has two deliveries under way, none
 * overtakes another, nothing is lost, and nothing changes its id.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Folder } from '../../test/support/folder.ts';
import { ATTEMPT, bodyOf, entryOf, LINK, messageOf, placeIn } from '../../test/support/journal-place.ts';
import type { Delivery, Outcome } from './journal.ts';
import type { SqliteJournal } from './sqlite-journal.ts';

const TARGETS = ['hook', 'log'] as const;
const SENDERS = ['a@m.example/x', 'a@m.example/y', 'b@m.example', 'c@m.example/x'];
const START = 1_800_000_000_000;

/** A delivery as the model knows it. Its body names its entry. */
interface Owed {
  readonly body: string;
  readonly target: string;
  readonly lane: string;
  state: 'queued' | 'done' | 'dead';
  underWay: boolean;
  next: number;
  tries: number;
  id?: string;
}

/** Everything that was ever appended, in order. */
class Model {
  readonly owed: Owed[] = [];
  now = START;
  #appended = 0;

  append(sender: string, targets: readonly string[]): string {
    const body = String(this.#appended++);
    const lane = sender.split('/')[0] ?? '';
    for (const target of targets) {
      this.owed.push({ body, target, lane, state: 'queued', underWay: false, next: 0, tries: 0 });
    }
    return body;
  }

  queued(target: string): readonly Owed[] {
    return this.owed.filter(one => one.target === target && one.state === 'queued');
  }

  /** The first of each lane, unless one of the lane is under way. */
  heads(target: string): readonly Owed[] {
    const queued = this.queued(target);
    const busy = new Set(queued.filter(({ underWay }) => underWay).map(({ lane }) => lane));
    const first = new Map(queued.toReversed().map(one => [one.lane, one]));
    return queued.filter(one => first.get(one.lane) === one && !busy.has(one.lane));
  }

  due(target: string): readonly Owed[] {
    return this.heads(target).filter(({ next }) => next <= this.now);
  }

  nextDue(target: string): number | undefined {
    const times = this.heads(target).map(({ next }) => next);
    if (times.length === 0) return undefined;
    return Math.min(...times) <= this.now ? 0 : Math.min(...times);
  }
}

/** The journal and the model, and what was claimed and not settled. */
interface Run {
  readonly model: Model;
  readonly reopen: () => Promise<void>;
  journal: SqliteJournal;
  claimed: { readonly delivery: Delivery; readonly owed: Owed }[];
}

type Step = (run: Run) => Promise<void>;

const appending: fc.Arbitrary<Step> = fc
  .array(fc.tuple(fc.constantFrom(...SENDERS), fc.subarray([...TARGETS])), { minLength: 1, maxLength: 6 })
  .map(made => async ({ model, journal }) => {
    const entries = made.map(([sender, targets]) => entryOf(messageOf(model.append(sender, targets), sender), targets));
    // Two calls in one turn: their order is kept too.
    const half = Math.floor(entries.length / 2);
    await Promise.all([journal.append(entries.slice(0, half)), journal.append(entries.slice(half))]);
  });

const claiming: fc.Arbitrary<Step> = fc
  .tuple(fc.constantFrom(...TARGETS), fc.integer({ min: 1, max: 4 }))
  .map(([target, limit]) => async run => {
    const expected = run.model.due(target).slice(0, limit);
    const claimed = run.journal.claim(target, run.model.now, limit);
    assert.deepEqual(
      claimed.map(({ entry, tries }) => [bodyOf(entry.stanza), tries]),
      expected.map(({ body, tries }) => [body, tries]),
    );
    for (const [index, delivery] of claimed.entries()) {
      const owed = expected[index] ?? assert.fail();
      assert.equal(delivery.id, owed.id ?? delivery.id);
      owed.id = delivery.id;
      owed.underWay = true;
      run.claimed.push({ delivery, owed });
    }
  });

const ENDS: Readonly<Record<Outcome['name'], (owed: Owed, at: number) => Outcome>> = {
  done: owed => {
    owed.state = 'done';
    return { name: 'done', attempt: ATTEMPT };
  },
  retry: (owed, at) => {
    owed.next = at;
    return { name: 'retry', at, attempt: ATTEMPT };
  },
  dead: owed => {
    owed.state = 'dead';
    return { name: 'dead', attempt: ATTEMPT };
  },
};

const settling: fc.Arbitrary<Step> = fc
  .tuple(fc.array(fc.tuple(fc.nat(9), fc.constantFrom(...Object.values(ENDS))), { maxLength: 3 }), fc.nat(50))
  .map(([ends, delay]) => async run => {
    const settled = ends.flatMap(([which, end]) => {
      const [found] = run.claimed.splice(which % Math.max(1, run.claimed.length), 1);
      if (found === undefined) return [];
      found.owed.tries += 1;
      found.owed.underWay = false;
      return [run.journal.settle(found.delivery, end(found.owed, run.model.now + delay))];
    });
    await Promise.all(settled);
  });

const waiting: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 60 }).map(time => async ({ model }) => {
  model.now += time;
});

const retryingDead: fc.Arbitrary<Step> = fc.constant(async ({ model, journal }) => {
  const dead = model.owed.filter(({ state }) => state === 'dead');
  for (const one of dead) Object.assign(one, { state: 'queued', next: 0, tries: 0 });
  assert.equal(journal.retry({ dead: true }, [LINK]), dead.length);
});

const retryingOne: fc.Arbitrary<Step> = fc.nat(99).map(which => async ({ model, journal }) => {
  const known = model.owed.filter(({ id }) => id !== undefined);
  const one = known[which % Math.max(1, known.length)];
  if (one?.id === undefined) return;
  const { state, underWay } = one;
  assert.equal(journal.retry({ id: one.id }, [LINK]), state === 'done' ? 0 : 1);
  if (state === 'dead') one.tries = 0;
  if (state !== 'done' && !underWay) Object.assign(one, { state: 'queued', next: 0 });
});

const pruning: fc.Arbitrary<Step> = fc.constant(async ({ model, journal }) => {
  const settled = new Set(model.owed.filter(({ state }) => state !== 'queued').map(({ body }) => body));
  for (const { body, state } of model.owed) if (state === 'queued') settled.delete(body);
  journal.prune(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const left = model.owed.filter(({ body }) => !settled.has(body));
  model.owed.splice(0, model.owed.length, ...left);
});

const reopening: fc.Arbitrary<Step> = fc.constant(run => run.reopen());

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: appending },
  { weight: 6, arbitrary: claiming },
  { weight: 6, arbitrary: settling },
  { weight: 2, arbitrary: waiting },
  { weight: 1, arbitrary: retryingDead },
  { weight: 1, arbitrary: retryingOne },
  { weight: 1, arbitrary: pruning },
  { weight: 1, arbitrary: reopening },
);

function compare({ model, journal }: Run): void {
  for (const target of TARGETS) {
    assert.equal(journal.backlog(target).entries, model.queued(target).length);
    // What is due since some time is due at once.
    const [next, expected] = [journal.nextDue(target), model.nextDue(target)];
    assert.equal(next !== undefined && next <= model.now ? 0 : next, expected);
    const lanes = model.queued(target).filter(({ underWay }) => underWay);
    assert.equal(new Set(lanes.map(({ lane }) => lane)).size, lanes.length);
  }
}

test('whatever happens in which order, the deliveries are those of the model', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  let runs = 0;
  let delivered = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: 'max' }), async steps => {
      const place = placeIn(join(folder.path, String(runs++)));
      const model = new Model();
      const reopen = async () => {
        await run.journal[Symbol.asyncDispose]();
        run.journal = place.open();
        run.claimed = [];
        for (const owed of model.owed) owed.underWay = false;
      };
      const run: Run = { model, reopen, journal: place.open(), claimed: [] };
      try {
        for (const step of steps) {
          await step(run);
          compare(run);
        }
      } finally {
        await run.journal[Symbol.asyncDispose]();
      }
      delivered += model.owed.length;
      assert.deepEqual(place.log.lines, []);
    }),
    { numRuns: 40 },
  );
  t.diagnostic(`${runs} runs, ${delivered} deliveries left to compare at their ends`);
});
