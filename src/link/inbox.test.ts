import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Inbox } from './inbox.ts';

/** An inbox of four items or 100 bytes, and what it asked of its source. */
function opened() {
  const asked: string[] = [];
  const events = { full: () => asked.push('full'), space: () => asked.push('space') };
  return { inbox: new Inbox<number>(4, events, 100), asked };
}

async function pulled(inbox: Inbox<number>): Promise<readonly number[]> {
  const items: number[] = [];
  for await (const batch of inbox) items.push(...batch);
  return items;
}

describe('Inbox', () => {
  it('hands items on in the order in which they came, before and while someone waits', async () => {
    const { inbox } = opened();
    const items = inbox[Symbol.asyncIterator]();
    inbox.push(1);
    inbox.push(2);
    assert.deepEqual((await items.next()).value, [1, 2]);
    const waiting = items.next();
    inbox.push(3);
    assert.deepEqual((await waiting).value, [3]);
  });

  it('keeps the order over many more items than fit', async () => {
    const { inbox } = opened();
    const items = Array.from({ length: 1_000 }, (_, index) => index);
    for (const item of items) inbox.push(item);
    inbox.close();
    assert.deepEqual(await pulled(inbox), items);
  });

  it('stops its source when it is full and lets it go on when all of that is handled', async () => {
    const { inbox, asked } = opened();
    const items = inbox[Symbol.asyncIterator]();
    for (const item of [1, 2, 3]) inbox.push(item);
    assert.deepEqual(asked, []);
    inbox.push(4);
    inbox.push(5);
    assert.deepEqual(asked, ['full']);
    await items.next();
    inbox.push(6);
    assert.deepEqual(asked, ['full']);
    assert.deepEqual((await items.next()).value, [6]);
    assert.deepEqual(asked, ['full', 'space']);
  });

  it('keeps its source stopped when as much came meanwhile', async () => {
    const { inbox, asked } = opened();
    const items = inbox[Symbol.asyncIterator]();
    for (const item of [1, 2, 3, 4]) inbox.push(item);
    await items.next();
    for (const item of [5, 6, 7, 8]) inbox.push(item);
    await items.next();
    assert.deepEqual(asked, ['full']);
    void items.next();
    assert.deepEqual(asked, ['full', 'space']);
  });

  it('stops its source when few items have many bytes', async () => {
    const { inbox, asked } = opened();
    const items = inbox[Symbol.asyncIterator]();
    inbox.push(1, 60);
    inbox.push(2, 40);
    assert.deepEqual(asked, ['full']);
    await items.next();
    void items.next();
    assert.deepEqual(asked, ['full', 'space']);
  });

  it('ends when it is closed, after what waits', async () => {
    const { inbox } = opened();
    inbox.push(1);
    inbox.close();
    inbox.push(2);
    assert.deepEqual(await pulled(inbox), [1]);
  });

  it('ends for someone who waits', async () => {
    const { inbox } = opened();
    const end = pulled(inbox);
    inbox.close();
    assert.deepEqual(await end, []);
  });

  it('refuses a second reader', async () => {
    const { inbox } = opened();
    inbox.close();
    await pulled(inbox);
    await assert.rejects(pulled(inbox), /one reader/);
  });
});
