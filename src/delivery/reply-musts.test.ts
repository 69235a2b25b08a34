/**
 * Whatever a service answers: one reply to a request, and none to an answer (RFC 6120 §8.2.3, §8.3.1).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ASKING, answer, JSON_TYPE, stanza, XML } from '../../test/support/replies.ts';
import { element } from '../xml/element.ts';
import { NS } from '../xmpp/ns.ts';
import { isRequest, type Kind, TYPES } from '../xmpp/stanza.ts';
import { FAULTS, type FaultName } from './call-fault.ts';
import type { CallResult } from './exchange.ts';
import { replyTo } from './reply.ts';

test('a copy of what another client has sent or got is answered by nothing, whatever the service says', () => {
  for (const name of ['sent', 'received']) {
    const copy = stanza({ kind: 'message', type: 'chat', id: 'c1', payload: [element(name, NS.carbons)] });
    for (const result of [answer(200, JSON_TYPE, '{"body":"x"}'), answer(501), answer(200, XML, '<message/>')]) {
      assert.deepEqual(replyTo(copy, result, XML), { name: 'none' });
    }
  }
});

test('every iq request has exactly one reply of its own id, and no result or error has any', t => {
  const types = Object.entries(TYPES).flatMap(([kind, names]) =>
    [undefined, ...names].map(type => ({ kind: kind as Kind, type })),
  );
  const requests = types
    .filter(({ kind, type }) => kind !== 'iq' || type !== undefined)
    .flatMap(draft => [stanza({ ...draft, id: 'q1' }), stanza({ ...draft, id: 'q1', payload: [ASKING] })]);
  const states: readonly CallResult[] = [
    ...[200, 202, 204, 301, 404, 410, 429, 500, 501, 503].map(status => answer(status)),
    ...[200, 404, 500].flatMap(status => [
      answer(status, JSON_TYPE, '{"body":"x"}'),
      answer(status, JSON_TYPE, '{"kind":"iq","ping":true}'),
      answer(status, JSON_TYPE, 'garbage'),
      answer(status, XML, "<iq type='get'><query xmlns='jabber:iq:version'/></iq>"),
      answer(status, XML, '<presence/>'),
    ]),
    ...Object.keys(FAULTS).map(name => ({ name: 'fault', fault: name as FaultName, text: '' }) as const),
  ];
  let cases = 0;
  for (const request of requests) {
    for (const state of states) {
      for (const format of [XML, 'component_http'] as const) {
        const reply = replyTo(request, state, format);
        const what = `${request.kind} ${request.type} ${JSON.stringify(state)}`;
        if (isRequest(request)) {
          assert.ok(reply.name === 'stanza' && reply.stanza.kind === 'iq' && reply.stanza.id === 'q1', what);
          assert.ok(reply.stanza.type === 'result' || reply.stanza.type === 'error', what);
        }
        if (request.type === 'error' || request.type === 'result') assert.equal(reply.name, 'none', what);
        cases += 1;
      }
    }
  }
  t.diagnostic(`${cases} cases`);
  assert.ok(cases >= 600);
});
