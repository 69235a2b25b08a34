/**
 * Who may read and manage what: each sort of caller beside each sort of link.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '../auth/principal.ts';
import { type Jid, parseJid } from '../xmpp/jid.ts';
import { ownLinks, readableBy } from './readable.ts';

const COMPONENT = parseJid('rest.example');
const USERS = parseJid('one.example');
const ACCOUNT = parseJid('carol@far.example');
const LINKS = [COMPONENT, USERS, ACCOUNT];

interface Row {
  readonly who: string;
  readonly principal: Principal;
  readonly own: readonly Jid[];
  /** The bare address of which more may be read, by link. */
  readonly part?: readonly [link: Jid, bare: Jid];
}

const ALICE = parseJid('alice@one.example');
const ROWS: readonly Row[] = [
  { who: 'a component', principal: { address: COMPONENT }, own: [COMPONENT] },
  { who: 'a user', principal: { address: ALICE }, own: [], part: [USERS, ALICE] },
  {
    who: 'a user with a session',
    principal: { address: parseJid('alice@one.example/rest'), session: 's' },
    own: [],
    part: [USERS, ALICE],
  },
  { who: 'the owner of an always-on account', principal: { address: ACCOUNT }, own: [ACCOUNT] },
  {
    who: 'another resource of an always-on account',
    principal: { address: parseJid('carol@far.example/phone') },
    own: [ACCOUNT],
  },
  {
    who: 'another user at the domain of an always-on account',
    principal: { address: parseJid('dave@far.example') },
    own: [],
  },
  { who: 'the domain of an always-on account', principal: { address: parseJid('far.example') }, own: [] },
  { who: 'a component below another', principal: { address: parseJid('x.rest.example') }, own: [] },
  {
    who: 'an address behind a component',
    principal: { address: parseJid('bot@rest.example') },
    own: [],
    part: [COMPONENT, parseJid('bot@rest.example')],
  },
];

for (const { who, principal, own, part } of ROWS) {
  test(`${who} manages ${own.join() || 'nothing'} and reads ${[...own, ...(part ?? [])].join() || 'nothing'}`, () => {
    assert.deepEqual(ownLinks(principal, LINKS), own);
    const whole = own.map(link => ({ link }));
    const [link, bare] = part ?? [];
    assert.deepEqual(readableBy(principal, LINKS), link === undefined ? whole : [...whole, { link, bare }]);
  });
}

test('a link that is not kept cannot be read', () => {
  assert.deepEqual(readableBy({ address: COMPONENT }, [USERS]), []);
  assert.deepEqual(readableBy({ address: ALICE }, []), []);
});

test('an account that is always on and at a domain that is served here is read whole', () => {
  assert.deepEqual(readableBy({ address: ALICE }, [USERS, ALICE]), [{ link: ALICE }, { link: USERS, bare: ALICE }]);
});
