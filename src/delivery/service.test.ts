/**
 * A target and its connections: where they may lead, what it is asked, and what is known of it.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CallbackReceiver } from '../../test/support/callback-receiver.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { stanza } from '../../test/support/replies.ts';
import { parseJid } from '../xmpp/jid.ts';
import { Service } from './service.ts';
import { TARGET_DEFAULTS, type Target } from './target.ts';
import { readTemplate } from './url.ts';

const NOTICE = { id: 'n1', stanza: stanza() };

/** A service that answers with the status that stands in `said`. */
async function opened(t: TestContext, values: Partial<Target> = {}, url = (own: string) => own) {
  const said = { status: 202 };
  const receiver = await CallbackReceiver.start(() => ({ ...said }));
  const log = new MemoryLog();
  const target: Target = {
    ...TARGET_DEFAULTS,
    name: 'hook',
    link: parseJid('bot@example.org'),
    events: ['bare'],
    url: readTemplate(url(receiver.url)),
    ...values,
  };
  let now = 0;
  const service = new Service({ target, version: '1', log, time: () => (now += 1_000) });
  t.after(async () => {
    await service[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });
  return { service, receiver, log, said };
}

test('calls go no further than the URL and its operator allow', async t => {
  const inward = (own: string) => own.replace('127.0.0.1', 'localhost');
  const { service, receiver } = await opened(t, { allowPrivate: false }, inward);
  const told = await service.tell(NOTICE);
  assert.ok(told.name === 'called' && told.result.name === 'fault');
  assert.deepEqual([told.result.fault, receiver.all], ['forbidden', []]);
});

test('a service of mod_component_http is not probed, another one each time that it is asked to be', async t => {
  const theirs = await opened(t, { format: 'component_http' });
  await theirs.service.probe();
  assert.deepEqual(theirs.receiver.probes, []);
  const ours = await opened(t);
  await Promise.all([ours.service.probe(), ours.service.probe()]);
  assert.equal(ours.receiver.probes.length, 1);
  await ours.service.probe();
  assert.equal(ours.receiver.probes.length, 2);
});

test('its health follows its answers, until its operator takes it for well', async t => {
  const { service, said } = await opened(t);
  const names: string[] = [];
  for (const status of [503, 410, 202]) {
    said.status = status;
    await service.tell(NOTICE);
    names.push(service.health.name);
  }
  service.revive();
  assert.deepEqual([...names, service.health.name], ['paused', 'disabled', 'disabled', 'healthy']);
});

test('each failed call after a pause makes the next one longer', async t => {
  const { service, said } = await opened(t);
  said.status = 503;
  for (const failures of [1, 2, 3]) {
    await service.tell(NOTICE);
    assert.equal(service.health.name === 'paused' && service.health.failures, failures);
  }
});

test('the log tells of each error status once', async t => {
  const { service, said, log } = await opened(t);
  for (const status of [404, 404, 302, 404, 302]) {
    said.status = status;
    await service.tell(NOTICE);
  }
  const told = log.with('the callback has answered with this status for the first time');
  assert.deepEqual(
    told.map(({ status }) => status),
    [404, 302],
  );
});

test('nobody is told of a probe that did not end because the gateway stops', async t => {
  const { service, log } = await opened(t);
  const probed = service.probe();
  await service[Symbol.asyncDispose]();
  await probed;
  assert.deepEqual(log.lines, []);
});
