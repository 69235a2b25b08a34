import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CallbackReceiver } from '../../test/support/callback-receiver.ts';
import { loadWritten } from '../../test/support/configuration.ts';
import { entryOf, LINK, messageOf, newPlace } from '../../test/support/journal-place.ts';
import { Receiving, targetOf } from './receiving.ts';

const ORPHANED = 'stanzas wait for a callback that is not configured; it gets them when it is again';

it('tells at the start of stanzas that wait for a callback which is not configured any more', async t => {
  await using receiver = await CallbackReceiver.start();
  const yaml = `hosts: { ${LINK}: { component: { server: "xmpp://a", secret: x }, callback: { url: "${receiver.url}" } } }`;
  const { loaded } = await loadWritten({ yaml });
  const config = loaded?.config.hosts.get(LINK);
  assert.ok(config !== undefined);
  const place = await newPlace(t);
  await using journal = place.open();
  const owed = [[], [`${LINK}/callback`], [`${LINK}/old`], [`${LINK}/old`, `${LINK}/callback`]];
  await journal.append(owed.map((targets, number) => entryOf(messageOf(String(number)), targets)));
  await using receiving = new Receiving(journal, '1', place.log);
  const send = async () => {};
  await using _receiver = receiving.receiver({ link: LINK, config, events: 'component', send });
  receiving.start();
  const told = place.log.with(ORPHANED).map(({ level, target, entries }) => ({ level, target, entries }));
  assert.deepEqual(told, [{ level: 'warn', target: `${LINK}/old`, entries: 2 }]);
  for (const _ of [1, 2]) await receiver.calls.take(() => true, 'a call');
});

it('heeds every key of a callback', async () => {
  const callback = {
    url: 'http://bots.example/{to}',
    content_type: 'json',
    stanzas: ['message'],
    types: ['chat'],
    events: ['full'],
    from: ['a.example'],
    to: ['b.example'],
    payload: ['urn:x'],
    observe: true,
    delivery: 'bounce',
    presence: 'accept',
    bearer: 'token',
    secret: `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
    old_secret: `whsec_${Buffer.alloc(24, 2).toString('base64')}`,
    headers: { 'x-mark': 'yes' },
    allow_private: false,
    timeout: 7,
    concurrency: 3,
    max_entries: 5,
    max_bytes: '1MiB',
  };
  const yaml = JSON.stringify({
    hosts: { [LINK]: { component: { server: 'xmpp://a', secret: 'x' }, callbacks: { bot: callback } } },
  });
  const { loaded, lines } = await loadWritten({ yaml });
  const config = loaded?.config.hosts.get(LINK)?.callbacks.get('bot');
  assert.ok(config !== undefined, lines.join());
  const { url, from, to, types, payloads, ...target } = targetOf('bot', config, LINK, 'component');
  assert.equal(url.origin, 'http://bots.example');
  assert.deepEqual([from, to, types, payloads], [config.from, config.to, config.types, config.payload]);
  assert.ok(from && to && types && payloads);
  assert.deepEqual(target, {
    name: `${LINK}/bot`,
    link: LINK,
    format: 'application/json',
    stanzas: ['message'],
    events: ['full'],
    observe: true,
    delivery: 'bounce',
    presence: 'accept',
    bearer: 'token',
    keys: [Buffer.alloc(24, 1), Buffer.alloc(24, 2)],
    headers: { 'x-mark': 'yes' },
    allowPrivate: false,
    timeout: 7_000,
    concurrency: 3,
    maxEntries: 5,
    maxBytes: 1024 * 1024,
  });
});
