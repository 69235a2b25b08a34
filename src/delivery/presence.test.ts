/**
 * Addresses of a component that are always online.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { write } from '../xml/write.ts';
import { NS } from '../xmpp/ns.ts';
import { type Draft, makeStanza, stanzaElement } from '../xmpp/stanza.ts';
import { acceptPresence } from './presence.ts';

const ADDRESSES = { from: 'bob@example.org', to: 'bot@hook.example.org' };

function answersTo(draft: Partial<Draft>): readonly string[] | undefined {
  const stanza = makeStanza({ kind: 'presence', ...ADDRESSES, payload: [], ...draft });
  return acceptPresence(stanza)?.map(answer => write(stanzaElement(answer), { defaultNs: NS.client }));
}

const CASES: readonly (readonly [what: string, draft: Partial<Draft>, answers: readonly string[] | undefined])[] = [
  ['a probe', { type: 'probe' }, ["<presence to='bob@example.org' from='bot@hook.example.org/default'/>"]],
  [
    'a subscription',
    { type: 'subscribe' },
    [
      "<presence to='bob@example.org' from='bot@hook.example.org' type='subscribed'/>",
      "<presence to='bob@example.org' from='bot@hook.example.org/default'/>",
    ],
  ],
  [
    'its end',
    { type: 'unsubscribe' },
    ["<presence to='bob@example.org' from='bot@hook.example.org/default' type='unavailable'/>"],
  ],
  [
    'a probe of the domain',
    { type: 'probe', to: 'hook.example.org' },
    ["<presence to='bob@example.org' from='hook.example.org'/>"],
  ],
  ['a presence', {}, []],
  ['an absence', { type: 'unavailable' }, []],
  ['an acceptance', { type: 'subscribed' }, []],
  ['a refusal', { type: 'unsubscribed' }, []],
  ['an error', { type: 'error' }, undefined],
  ['presence for a resource', { to: 'bot@hook.example.org/r' }, undefined],
  ['presence from nobody', { from: undefined }, undefined],
  ['a message', { kind: 'message' }, undefined],
];

for (const [what, draft, answers] of CASES) {
  test(`${what} gets ${answers === undefined ? 'no attention' : `${answers.length} answers`}`, () =>
    assert.deepEqual(answersTo(draft), answers));
}
