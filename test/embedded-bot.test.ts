/**
 * A bot at an address of the embedded host: what no session takes goes to a callback that wants it, and only that.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childElements, childNamed, textOf } from '../src/xml/element.ts';
import { CallbackReceiver } from './support/callback-receiver.ts';
import { Folder } from './support/folder.ts';
import { runGateway } from './support/in-process-gateway.ts';

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
