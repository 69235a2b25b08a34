/**
 * Iqs: each request has one answer, whatever becomes of its call.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Answer, CallbackReceiver } from '../../test/support/callback-receiver.ts';
import { Mailbox } from '../../test/support/mailbox.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { iq } from '../../test/support/replies.ts';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { Queries } from './queries.ts';
import { Service } from './service.ts';
import { TARGET_DEFAULTS } from './target.ts';
import { readTemplate } from './url.ts';

async function opened(t: TestContext, answer: () => Answer | Promise<Answer>) {
  const receiver = await CallbackReceiver.start(answer);
  const log = new MemoryLog();
  const link = parseJid('bot@hook.example.org');
  const url = readTemplate(receiver.url);
  const target = { ...TARGET_DEFAULTS, name: 'hook', link, events: ['bare'], url } as const;
  const service = new Service({ target, version: '1', log });
  const sent = new Mailbox<Stanza>();
  const queries = new Queries(async stanza => sent.put(stanza), log);
  t.after(async () => {
    await service[Symbol.asyncDispose]();
    await queries[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });
  /** The condition of the next answer, or its type. */
  const next = async () => {
    const { type, payload } = await sent.take();
    const [condition] = payload[0]?.children ?? [];
    return type === 'error' && typeof condition === 'object' ? condition.name : type;
  };
  return { receiver, service, queries, sent, next };
}

test('a request that nobody may answer is refused', async t => {
  const { queries, next } = await opened(t, () => ({}));
  queries.ask(iq(), undefined, []);
  assert.equal(await next(), 'service-unavailable');
});

test('a service that wants no more calls is told of no request', async t => {
  const { receiver, service, queries, next } = await opened(t, () => ({ status: 410 }));
  queries.ask(iq(), service, []);
  assert.equal(await next(), 'gone');
  queries.ask(iq(), service, []);
  assert.equal(await next(), 'service-unavailable');
  assert.equal(receiver.all.length, 1);
});

test('a request that cannot be made a call of is refused', async t => {
  const { receiver, service, queries, next } = await opened(t, () => ({}));
  queries.ask({ ...iq(), payload: [{ ...element('query', NS.version), children: ['\u0000'] }] }, service, []);
  assert.equal(await next(), 'bad-request');
  assert.deepEqual(receiver.all, []);
});

test('who only observes is told of a request and not heard', async t => {
  const watching = await opened(t, () => ({ status: 500 }));
  const { receiver, service, queries, sent, next } = await opened(t, () => ({}));
  queries.ask(iq(), service, [watching.service]);
  assert.equal(await next(), 'result');
  await watching.receiver.calls.take(() => true, 'the call of who observes');
  await service[Symbol.asyncDispose]();
  await queries[Symbol.asyncDispose]();
  assert.deepEqual([receiver.all.length, sent.length], [1, 0]);
});

test('past a thousand under way a request is refused at once, and none after them', async t => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<Answer>();
  const { service, queries, next } = await opened(t, () => answered);
  for (let asked = 0; asked < 1_000; asked += 1) queries.ask(iq(), service, []);
  queries.ask(iq(), service, []);
  assert.equal(await next(), 'resource-constraint');
  answer({});
  for (let asked = 0; asked < 1_000; asked += 1) assert.equal(await next(), 'result');
  queries.ask(iq(), service, []);
  assert.equal(await next(), 'result');
});

test('what is under way when the gateway stops has its answer before the end', async t => {
  const { promise: called, resolve } = Promise.withResolvers<void>();
  const { service, queries, sent } = await opened(t, () => {
    resolve();
    return new Promise<never>(() => {});
  });
  queries.ask(iq(), service, []);
  await called;
  const stopped = service[Symbol.asyncDispose]();
  await queries[Symbol.asyncDispose]();
  assert.equal(sent.length, 1);
  await stopped;
});
