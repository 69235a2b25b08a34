/**
 * Who gets which stanza.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { type Draft, makeStanza } from '../xmpp/stanza.ts';
import { addressPattern, eventOf, type Rule, route } from './routes.ts';

const ALL: Rule = {
  name: 'all',
  stanzas: ['message', 'presence', 'iq'],
  events: ['host', 'bare', 'full'],
  observe: false,
};

const stanza = (draft: Partial<Draft> = {}) =>
  makeStanza({ kind: 'message', from: 'bob@example.org/w', to: 'bot@hook.example.org', payload: [], ...draft });

for (const [address, event] of [
  ['hook.example.org', 'host'],
  ['bot@hook.example.org', 'bare'],
  ['bot@hook.example.org/r', 'full'],
  ['hook.example.org/r', 'full'],
] as const) {
  test(`${address} is a ${event} address`, () => assert.equal(eventOf(parseJid(address)), event));
}

/** What a rule says, a stanza, and whether it gets it. */
const CASES: readonly (readonly [rule: Partial<Rule>, draft: Partial<Draft>, gets: boolean])[] = [
  [{}, {}, true],
  [{ stanzas: ['iq'] }, {}, false],
  [{ events: ['host', 'full'] }, {}, false],
  [{ types: ['normal'] }, {}, true],
  [{ types: ['normal'] }, { type: 'chat' }, false],
  [{ types: ['available'] }, { kind: 'presence' }, true],
  [{ types: ['available'] }, { kind: 'presence', type: 'probe' }, false],
  [{ types: ['get', 'set'] }, { kind: 'iq', type: 'set' }, true],
  [{ from: ['bob@example.org'] }, {}, true],
  [{ from: ['bob@example.org/w'] }, {}, true],
  [{ from: ['bob@example.org/x'] }, {}, false],
  [{ from: ['example.org'] }, {}, false],
  [{ from: ['*@example.org'] }, {}, true],
  [{ from: ['*@example.org'] }, { from: 'example.org' }, false],
  [{ from: ['*@example.org'] }, { from: 'bob@example.org.evil.example' }, false],
  [{ from: ['*@*.org'] }, {}, true],
  [{ from: ['b*b@*'] }, { from: 'b@example.org' }, false],
  [{ from: ['*'] }, {}, true],
  [{ from: ['*'] }, { from: undefined }, false],
  [{ from: ['room@muc.example.org/*'] }, { from: 'room@muc.example.org/a/b' }, true],
  [{ from: ['room@muc.example.org/*'] }, { from: 'room@muc.example.org' }, false],
  [{ from: [] }, {}, false],
  [{ to: ['other@hook.example.org', 'bot@*'] }, {}, true],
  [{ to: ['ab*ba@hook.example.org'] }, { to: 'aba@hook.example.org' }, false],
  [{ to: ['a*b*c@hook.example.org'] }, { to: 'axbxc@hook.example.org' }, true],
  [{ to: ['a*b*c@hook.example.org'] }, { to: 'axc@hook.example.org' }, false],
  [{ to: ['a*b*b@hook.example.org'] }, { to: 'ab@hook.example.org' }, false],
  [{ payloads: [NS.ping] }, {}, false],
  [{ payloads: [NS.version, NS.ping] }, { payload: [element('ping', NS.ping)] }, true],
];

for (const [rule, draft, gets] of CASES) {
  test(`${JSON.stringify(rule)} ${gets ? 'takes' : 'leaves'} ${JSON.stringify(draft)}`, () => {
    const { answering } = route(stanza(draft), 'bare', [{ ...ALL, ...rule }]);
    assert.equal(answering, gets ? 'all' : undefined);
  });
}

test('exactly one target answers: the first that matches and does not observe', () => {
  const rules = [
    { ...ALL, name: 'log', observe: true },
    { ...ALL, name: 'iq', stanzas: ['iq'] as const },
    { ...ALL, name: 'bot' },
    { ...ALL, name: 'other' },
  ];
  assert.deepEqual(route(stanza(), 'bare', rules), { answering: 'bot', observing: ['log', 'other'] });
});

test('where all observe, or none matches, nobody answers', () => {
  assert.deepEqual(route(stanza(), 'bare', [{ ...ALL, observe: true }]), { observing: ['all'] });
  assert.deepEqual(route(stanza(), 'bare', []), { observing: [] });
});

test('a pattern is compared as addresses are', () => {
  assert.equal(addressPattern('*@Example.ORG/Phone'), '*@example.org/Phone');
  assert.equal(addressPattern('Bu\u0308cher@*'), 'b\u00fccher@*');
});

test('a pattern of many stars takes no long time', () => {
  const to = `${'a'.repeat(1000)}@hook.example.org`;
  const rules = [{ ...ALL, to: [`${'a*'.repeat(8)}b@hook.example.org`] }];
  assert.deepEqual(route(stanza({ to }), 'bare', rules), { observing: [] });
});
