import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../../xmpp/stanza.ts';
import type { Outlet } from './directory.ts';
import { Intake } from './intake.ts';

const MESSAGE: Message = { kind: 'message', payload: [] };

/** A session that keeps how it was treated. */
class Sender implements Outlet {
  readonly told: string[] = [];
  readonly unsent = 0;
  readonly asleep = false;

  deliver(): void {}

  end(): void {}

  pause(): void {
    this.told.push('pause');
  }

  resume(): void {
    this.told.push('resume');
  }
}

describe('what comes in for the owner', () => {
  it('is handled once the batch that it stood in was pulled past', async () => {
    const intake = new Intake();
    const handled: string[] = [];
    const take = (name: string) => {
      intake.take(MESSAGE, undefined);
      intake.afterwards(() => handled.push(name));
    };
    take('a');
    take('b');
    const batches = intake[Symbol.asyncIterator]();
    assert.equal((await batches.next()).value?.length, 2);
    take('c');
    assert.deepEqual(handled, []);
    await batches.next();
    assert.deepEqual(handled, ['a', 'b']);
    intake.close();
    await batches.next();
    assert.deepEqual(handled, ['a', 'b', 'c']);
  });

  it('is not handled when the owner stops before', async () => {
    const intake = new Intake();
    let handled = false;
    intake.take(MESSAGE, undefined);
    intake.afterwards(() => {
      handled = true;
    });
    for await (const _ of intake) break;
    assert.equal(handled, false);
  });

  it('holds those who send more while too much waits, but not those who are gone', async () => {
    const intake = new Intake();
    const [early, late, gone] = [new Sender(), new Sender(), new Sender()];
    for (let n = 0; n < 999; n += 1) intake.take(MESSAGE, early);
    assert.equal(intake.full, false);
    for (const sender of [late, gone]) intake.take(MESSAGE, sender);
    intake.forget(gone);
    assert.deepEqual([intake.full, early.told, late.told, gone.told], [true, [], ['pause'], ['pause']]);
    const batches = intake[Symbol.asyncIterator]();
    await batches.next();
    const next = batches.next();
    intake.take(MESSAGE, early);
    await next;
    assert.deepEqual([intake.full, early.told, late.told, gone.told], [false, [], ['pause', 'resume'], ['pause']]);
  });
});
