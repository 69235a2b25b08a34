import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CallbackReceiver } from '../../test/support/callback-receiver.ts';
import { loadWritten } from '../../test/support/configuration.ts';
import { entryOf, LINK, messageOf, newPlace } from '../../test/support/journal-place.ts';
import { Receiving } from './receiving.ts';

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
