/**
 * The store beside a model of it: whatever happens in which order, restarts included, it does what the model says.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Folder } from '../../test/support/folder.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { RestanzaError } from '../errors.ts';
import { parseJid } from '../xmpp/jid.ts';
import { type Answer, fingerprintOf } from './idempotency.ts';
import { type Begun, type Entry, IdempotencyStore } from './idempotency-store.ts';

const ALICE = parseJid('alice@one.example');
const ACCEPTED: Answer = { status: 202, headers: {}, body: new Uint8Array() };

const printOf = (path: string) =>
  fingerprintOf({ method: 'POST', path, contentType: undefined, body: new Uint8Array() });
const HELLO = printOf('/hello');

/** What is known of a key, in a model of the store. */
interface Model {
  readonly print: Uint8Array;
  readonly state: 'running' | 'interrupted' | 'answered';
  readonly entry?: Entry;
}

/** What a request must meet. */
function expected(first: Model | undefined, print: Uint8Array): string {
  if (first === undefined) return 'run';
  if (first.print !== print) return 'idempotency-mismatch';
  return { running: 'idempotency-concurrent', interrupted: 'run', answered: 'replay' }[first.state];
}

/** What it meets. */
function outcome(begin: () => Begun): { readonly met: string; readonly entry?: Entry } {
  try {
    const begun = begin();
    return begun.kind === 'run' ? { met: 'run', entry: begun.entry } : { met: 'replay' };
  } catch (error) {
    assert.ok(error instanceof RestanzaError);
    return { met: error.code };
  }
}

/** How a request that runs can end; what is known of its key afterwards. */
const ENDS: Readonly<Record<string, (store: IdempotencyStore, entry: Entry, first: Model) => Model | undefined>> = {
  nothing: (_store, _entry, first) => first,
  finish: (store, entry, { print }) => {
    store.finish(entry, ACCEPTED);
    return { print, state: 'answered' };
  },
  abandon: (store, entry, { print }) => {
    store.abandon(entry);
    return entry.resumed ? { print, state: 'interrupted' } : undefined;
  },
};

test('whatever happens in which order, each request meets what it must', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  let files = 0;
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    print: fc.constantFrom(HELLO, HELLO, printOf('/other')),
    end: fc.constantFrom('nothing', ...Object.keys(ENDS)),
    restart: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), steps => {
      files += 1;
      const file = join(folder.path, `${files}.sqlite`);
      const open = () => IdempotencyStore.open(file, new MemoryLog());
      using closing = new DisposableStack();
      let store = closing.use(open());
      const model = new Map<string, Model>();
      for (const { key, print, end, restart } of steps) {
        const { met, entry } = outcome(() => store.begin(ALICE, key, print));
        assert.equal(met, expected(model.get(key), print));
        if (entry !== undefined) model.set(key, { print, state: 'running', entry });
        const first = model.get(key);
        const after = first?.entry && ENDS[end]?.(store, first.entry, first);
        if (first?.entry !== undefined) {
          if (after === undefined) model.delete(key);
          else model.set(key, after);
        }
        if (!restart) continue;
        store[Symbol.dispose]();
        store = closing.use(open());
        for (const [known, { print: printed, state }] of model) {
          model.set(known, { print: printed, state: state === 'running' ? 'interrupted' : state });
        }
      }
    }),
    { numRuns: 40 },
  );
});
