/**
 * What a worker does with what a call has come to: what goes back, and what is kept of it, in which order.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Answer, CallbackReceiver } from '../../test/support/callback-receiver.ts';
import { appendAll, LINK, newPlace } from '../../test/support/journal-place.ts';
import { Mailbox } from '../../test/support/mailbox.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { RestanzaError } from '../errors.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { Service } from './service.ts';
import { TARGET_DEFAULTS, type Target } from './target.ts';
import { readTemplate } from './url.ts';
import { Worker, type WorkerOptions } from './worker.ts';

const ECHO: Answer = { status: 200, headers: { 'content-type': 'text/plain' }, body: 'an echo' };

interface Options extends Partial<Pick<WorkerOptions, 'mayAnswer'>> {
  readonly delivery?: Target['delivery'];
  readonly answer: () => Answer | Promise<Answer>;
}

/** A worker to whose target one message is owed. */
async function opened(t: TestContext, { delivery = 'retry', answer, mayAnswer = () => true }: Options) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
  const { open } = await newPlace(t);
  const journal = open();
  const receiver = await CallbackReceiver.start(answer);
  const [clock, log, sent] = [new ManualClock(), new MemoryLog(), new Mailbox<Stanza>()];
  const link = { send: async (stanza: Stanza): Promise<void> => sent.put(stanza) };
  const target: Target = {
    ...TARGET_DEFAULTS,
    name: 'hook',
    link: LINK,
    events: ['bare', 'full', 'host'],
    url: readTemplate(receiver.url),
    delivery,
  };
  await appendAll(journal, ['0'], ['hook']);
  const send = (stanza: Stanza) => link.send(stanza);
  const service = new Service({ target, version: '1', log });
  const worker = new Worker({ journal, service, mayAnswer, send, clock, log });
  t.after(async () => {
    await worker[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });
  const record = () => journal.list({ links: [LINK], limit: 10 })[0];
  /** Resolves when this holds, which it does before long. */
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise(setImmediate);
  };
  return { journal, receiver, clock, sent, link, worker, record, until };
}

for (const code of ['link-down', 'link-lost', 'link-congested', 'unconfirmed'] as const) {
  test(`a reply that fails with ${code} is not lost: the service is called again with the same id`, async t => {
    const { receiver, clock, sent, link, record, until } = await opened(t, { answer: () => ECHO });
    const { send } = link;
    link.send = async () => {
      throw new RestanzaError(code);
    };
    await until(() => record()?.attempts.length === 1);
    assert.equal(record()?.state, 'queued');
    link.send = send;
    await until(() => clock.waits.length > 0);
    t.mock.timers.tick(1_000);
    clock.advance(1_000);
    assert.match(JSON.stringify(await sent.take()), /an echo/);
    await until(() => record()?.state === 'done');
    assert.equal(new Set(receiver.all.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.equal(receiver.all.length, 2);
  });
}

test('a reply that can never be sent is not tried for ever', async t => {
  const { receiver, link, record, until } = await opened(t, { answer: () => ECHO });
  link.send = () => Promise.reject(new RestanzaError('value-invalid'));
  await until(() => record()?.state === 'done');
  assert.equal(receiver.all.length, 1);
});

test('a bounce goes out when its delivery is known to be dead', async t => {
  const { link, sent, record } = await opened(t, { delivery: 'bounce', answer: () => ({ status: 500 }) });
  const { send } = link;
  const states: (string | undefined)[] = [];
  link.send = stanza => {
    states.push(record()?.state);
    return send(stanza);
  };
  assert.equal((await sent.take()).type, 'error');
  assert.deepEqual(states, ['dead']);
});

test('who only observes is not heard', async t => {
  const { sent, record, until } = await opened(t, { answer: () => ECHO, mayAnswer: () => false });
  await until(() => record()?.state === 'done');
  assert.equal(sent.length, 0);
});

test('a fault on our side is tried again, a minute later', async t => {
  const mayAnswer = () => {
    throw new Error('a fault');
  };
  const { receiver, record, until } = await opened(t, { answer: () => ECHO, mayAnswer });
  await until(() => record()?.attempts.length === 1);
  assert.deepEqual([record()?.state, record()?.next, receiver.all.length], ['queued', Date.now() + 60_000, 1]);
});

test('a call that is under way when the gateway stops may end', async t => {
  const { promise: called, resolve } = Promise.withResolvers<void>();
  const { promise: answered, resolve: reply } = Promise.withResolvers<Answer>();
  const answer = () => {
    resolve();
    return answered;
  };
  const { worker, sent, record } = await opened(t, { answer });
  await called;
  const stopped = worker[Symbol.asyncDispose]();
  reply(ECHO);
  await stopped;
  assert.deepEqual([record()?.state, sent.length], ['done', 1]);
});

test('a call that is ended because the gateway stops was none', async t => {
  const { promise: called, resolve } = Promise.withResolvers<void>();
  const answer = () => {
    resolve();
    return new Promise<never>(() => {});
  };
  const { worker, clock, record } = await opened(t, { answer });
  await called;
  const stopped = worker[Symbol.asyncDispose]();
  clock.advance(5_000);
  await stopped;
  assert.deepEqual([record()?.state, record()?.tries, record()?.attempts], ['queued', 0, []]);
});
