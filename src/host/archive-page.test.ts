/**
 * What is in the answer of an archive, and whose ids are believed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOT, message, START } from '../../test/support/list-archive.ts';
import { type Element, element } from '../xml/element.ts';
import { NS } from '../xmpp/ns.ts';
import { type Message, type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import { archiveIdOf, readPage } from './archive-page.ts';

const idOf = (id: string) => element('stanza-id', NS.sid, { by: BOT, id });
const delayOf = (stamp: string) => element('delay', NS.delay, { stamp });

/** An answer with results, each of which holds these elements. */
function answered(results: readonly (readonly Element[])[], fin: Readonly<Record<string, string>> = {}) {
  const messages = results.map((parts, index): Stanza => {
    const result = element('result', NS.archive, { id: `a${index}` }, [element('forwarded', NS.forward, {}, parts)]);
    return { kind: 'message', from: BOT, to: BOT, payload: [result] };
  });
  const iq: Stanza = {
    kind: 'iq',
    type: 'result',
    from: BOT,
    to: BOT,
    id: 'q',
    payload: [element('fin', NS.archive, fin)],
  };
  const page = readPage([...messages, iq], BOT);
  assert.ok(page.name === 'page');
  return page;
}

const archived = (body: string, ...more: readonly Element[]): Element => {
  const one = message(body);
  return stanzaElement({ ...one, payload: [...one.payload, ...more] });
};
const read = (parts: readonly Element[]): Message | undefined => answered([parts]).messages[0];

test('what is no stanza by the rules of today does not keep the rest away', () => {
  const broken = element('message', NS.client, { from: 'no@address@here', to: BOT });
  const { messages, last } = answered([[broken], [archived('1')]]);
  assert.deepEqual([messages.map(({ id }) => id), last], [['1'], 'a1']);
});

test('an archive is complete when it says so, in either way', () => {
  const said = ['true', '1', 'false', '0'].map(complete => answered([], { complete }).complete);
  assert.deepEqual([...said, answered([]).complete], [true, true, false, false, false]);
});

test('a time counts only when it is one', () => {
  const at = (stamp: string) => answered([[delayOf(stamp), archived('1')]]).at;
  assert.equal(at('2026-01-01T01:00:00+01:00'), START);
  for (const stamp of ['2026-01-01T00:00:00', '2026-01-01', '1', 'today', '2026-99-01T00:00:00Z', '']) {
    assert.equal(at(stamp), undefined, stamp);
  }
  assert.equal(answered([[archived('1')]]).at, undefined);
});

test('a message that has been late before keeps the time that it had then', () => {
  const [earlier, later] = ['2025-12-31T00:00:00Z', '2026-01-01T00:00:00Z'].map(delayOf);
  assert.ok(earlier !== undefined && later !== undefined);
  const payload = read([later, archived('1', earlier)])?.payload ?? [];
  assert.deepEqual(payload.slice(1), [earlier, idOf('a0')]);
});

test('the id of an archived message is that of the result, whatever its sender has put there', () => {
  const payload = read([archived('1', idOf('forged'))])?.payload ?? [];
  assert.deepEqual(payload.slice(1), [idOf('a0')]);
});

test('of several ids the last one counts, and the one of a copy before those of what it is a copy of', () => {
  const copied = archived('1', idOf('forged'), idOf('a1'));
  const carbon = element('received', NS.carbons, {}, [element('forwarded', NS.forward, {}, [copied])]);
  const copy: Message = { kind: 'message', from: BOT, to: BOT, payload: [carbon] };
  assert.equal(archiveIdOf(copy, BOT), 'a1');
  assert.equal(archiveIdOf({ ...copy, payload: [idOf('a2'), carbon] }, BOT), 'a2');
});
