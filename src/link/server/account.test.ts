import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { childElements, element } from '../../xml/element.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { answerForAccount } from './account.ts';

const to = parseJid('user@home.example');
const from = parseJid('user@home.example/desk');

function ask(type: 'get' | 'set', name: string, ns: string, attrs: Record<string, string> = {}) {
  return answerForAccount({ kind: 'iq', type, from, to, id: 'i1', payload: [element(name, ns, attrs)] });
}

describe('the server, for an account', () => {
  it('answers from the account to the session, with the id', () => {
    const answer = ask('get', 'ping', NS.ping);
    assert.deepEqual(answer, { kind: 'iq', type: 'result', from: to, to: from, id: 'i1', payload: [] });
  });

  it('has an empty roster', () => {
    assert.deepEqual(ask('get', 'query', NS.roster)?.payload, [element('query', NS.roster)]);
  });

  it('says who the account is', () => {
    const [query] = ask('get', 'query', NS.discoInfo)?.payload ?? [];
    assert.deepEqual(query && childElements(query)[0]?.attrs, { category: 'account', type: 'registered' });
  });

  const REFUSED: readonly ['get' | 'set', string, string, Record<string, string>, string][] = [
    ['set', 'query', NS.roster, {}, 'feature-not-implemented'],
    ['get', 'query', NS.discoInfo, { node: 'x' }, 'item-not-found'],
    ['get', 'query', NS.discoItems, {}, 'service-unavailable'],
    ['set', 'ping', NS.ping, {}, 'service-unavailable'],
    ['get', 'vCard', 'vcard-temp', {}, 'service-unavailable'],
    ['set', 'bind', NS.bind, {}, 'not-allowed'],
    ['get', '__proto__', '', {}, 'service-unavailable'],
  ];
  for (const [type, name, ns, attrs, condition] of REFUSED) {
    it(`refuses ${type} {${ns}}${name} with ${condition}`, () => {
      const answer = ask(type, name, ns, attrs);
      const [error] = answer?.payload ?? [];
      assert.equal(answer?.type, 'error');
      assert.equal(error && childElements(error)[0]?.name, condition);
    });
  }
});
