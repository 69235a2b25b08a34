/**
 * A bot at an address of the embedded host: what no session takes goes to a callback that wants it, and only that.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childElements, childNamed, textOf } from '../src/xml/element.ts';
import { CallbackReceiver } from './support/callback-receiver.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, runGateway } from './support/in-process-gateway.ts';

const KEY = 'RESTANZA_HOSTS__localhost__CALLBACK__';

test('a callback for bare addresses is the bot at those that it wants', async () => {
  await using folder = await Folder.make();
  const reply = { kind: 'message', type: 'chat', body: 'Yes' };
  await using bot = await CallbackReceiver.start(() => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(reply),
  }));
  await using gateway = await runGateway(folder.path, {
    [`${KEY}URL`]: bot.url,
    [`${KEY}EVENTS`]: 'bare',
    [`${KEY}TO`]: 'bot@localhost',
  });
  const bob = await gateway.bob();
  bob.send("<message to='bot@localhost' type='chat' id='m1'><body>hi</body></message>");
  const answer = await bob.next(({ attrs }) => attrs['from'] === 'bot@localhost', 'the answer of the bot');
  const body = childNamed(answer, 'body');
  assert.equal(body && textOf(body), 'Yes');
  bob.send("<message to='nobody@localhost' type='chat' id='m2'><body>hi</body></message>");
  const error = await bob.next(({ attrs }) => attrs['id'] === 'm2', 'the error for an address that is nobody');
  const condition = childElements(childNamed(error, 'error') ?? error)[0];
  assert.equal(condition?.name, 'service-unavailable');
  bob.send(`<message to='${bob.jid}' type='chat' id='m3'><body>mine</body></message>`);
  await bob.next(({ attrs }) => attrs['id'] === 'm3', 'what is for a session');
  assert.equal(bot.all.length, 1);
  await bob.close();
});

test('what a callback answers to somebody without a client is kept for the events, and not told to the callback', async () => {
  await using folder = await Folder.make();
  await using bot = await CallbackReceiver.start(() => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"kind":"message","type":"chat","body":"and you?"}',
  }));
  await using gateway = await runGateway(folder.path, {
    [`${KEY}URL`]: bot.url,
    [`${KEY}EVENTS`]: 'bare, full',
    [`${KEY}CONTENT_TYPE`]: 'json',
  });
  const headers = {
    authorization: `Basic ${Buffer.from(`alice:${PASSWORDS.alice}`).toString('base64')}`,
    'content-type': 'application/json',
  };
  const say = async (id: string) => {
    const body = JSON.stringify({ kind: 'message', type: 'chat', to: 'bob@localhost', id, body: id });
    assert.equal((await fetch(`${gateway.url}/rest`, { method: 'POST', headers, body })).status, 202);
    return JSON.parse((await bot.calls.take(() => true, `the call for ${id}`)).body).id;
  };
  assert.equal(await say('m1'), 'm1');
  const listed = await fetch(`${gateway.url}/events?after=0&wait=20`, { headers });
  const { events } = JSON.parse(await listed.text());
  assert.deepEqual(
    events.map(({ stanza }: { stanza: { body: string } }) => stanza.body),
    ['and you?'],
  );
  assert.equal(await say('m2'), 'm2', 'the answer did not come in between');
  assert.equal(bot.all.length, 2);
});

test('the log tells once of each status with which a callback does not take a stanza', async () => {
  await using folder = await Folder.make();
  await using bot = await CallbackReceiver.start(() => ({
    status: 302,
    headers: { location: 'https://there.example/' },
  }));
  await using gateway = await runGateway(folder.path, {
    [`${KEY}URL`]: bot.url,
    [`${KEY}EVENTS`]: 'bare',
    [`${KEY}DELIVERY`]: 'bounce',
  });
  const bob = await gateway.bob();
  for (const id of ['m1', 'm2']) {
    bob.send(`<message to='bot@localhost' type='chat' id='${id}'><body>hi</body></message>`);
    await bob.next(({ attrs }) => attrs['id'] === id, 'the error');
  }
  const message = 'the callback has answered with this status for the first time';
  assert.deepEqual(
    gateway.lines.filter(({ msg }) => msg === message).map(({ status }) => status),
    [302],
  );
  assert.match(String(gateway.lines.find(({ msg }) => msg === message)?.advice), /redirects are not followed/);
  await bob.close();
});

test('a callback whose answers cannot be read does not fill the log', async () => {
  await using folder = await Folder.make();
  await using bot = await CallbackReceiver.start(() => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{{',
  }));
  await using gateway = await runGateway(folder.path, { [`${KEY}URL`]: bot.url, [`${KEY}EVENTS`]: 'bare' });
  const bob = await gateway.bob();
  for (let sent = 0; sent < 60; sent += 1)
    bob.send("<message to='bot@localhost' type='chat'><body>hi</body></message>");
  for (let called = 0; called < 60; called += 1) await bot.calls.take(() => true, 'a call');
  const lines = gateway.lines.filter(({ msg }) => msg === 'an answer of the callback was not used');
  assert.ok(lines.length >= 19 && lines.length <= 40, `${lines.length} lines for 60 answers`);
});
