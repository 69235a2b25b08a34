import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJid } from '../../xmpp/jid.ts';
import { type IqType, type MessageType, type PresenceType, type Stanza, TYPES } from '../../xmpp/stanza.ts';
import { type Addressed, type Resource, type Route, route } from './route.ts';

const DOMAIN = parseJid('home.example');
const STRANGER = parseJid('stranger@home.example/desk');

/** The state of the addressed account, by priority; `none` is a session that is not available. */
type Sessions = Readonly<Record<string, number | 'none'>>;

function resources(sessions: Sessions): readonly Resource[] {
  return Object.entries(sessions).map(([name, priority]) => ({
    address: parseJid(`user@home.example/${name}`),
    ...(priority !== 'none' && { priority }),
  }));
}

type Kinds =
  | readonly ['message', MessageType | undefined]
  | readonly ['presence', PresenceType | undefined]
  | readonly ['iq', IqType];

function stanza([kind, type]: Kinds, to: string, from = STRANGER): Addressed {
  return { kind, ...(type !== undefined && { type }), from, to: parseJid(to), id: 'i', payload: [] } as Stanza &
    Addressed;
}

/** A route in a word: the resources it is delivered to, the condition of the refusal, or its name. */
function inWords(decided: Route): string {
  if (decided.name === 'deliver') return decided.to.map(address => address.split('/')[1]).join(' ');
  return decided.name === 'refuse' ? decided.condition : decided.name;
}

const NOBODY: Sessions = {};
const SILENT: Sessions = { silent: 'none' };
const NEGATIVE: Sessions = { minus: -1 };
const MIXED: Sessions = { minus: -5, zero: 0, ten: 10, silent: 'none' };

/** RFC 6121 §8.5.4 without an offline store: [type, nobody, only sessions that are away, only negative ones, several]. */
const MESSAGES_TO_ACCOUNT: readonly [MessageType | undefined, string, string, string, string][] = [
  [undefined, 'service-unavailable', 'service-unavailable', 'service-unavailable', 'zero ten'],
  ['normal', 'service-unavailable', 'service-unavailable', 'service-unavailable', 'zero ten'],
  ['chat', 'service-unavailable', 'service-unavailable', 'service-unavailable', 'zero ten'],
  ['headline', 'ignore', 'ignore', 'ignore', 'zero ten'],
  ['groupchat', 'service-unavailable', 'service-unavailable', 'service-unavailable', 'service-unavailable'],
  ['error', 'host', 'host', 'host', 'host'],
];

/** [type, nobody, sessions that are away, several of which one is addressed, several others]. */
const MESSAGES_TO_SESSION: readonly [MessageType | undefined, string, string, string][] = [
  [undefined, 'service-unavailable', 'minus', 'service-unavailable'],
  ['normal', 'service-unavailable', 'minus', 'service-unavailable'],
  ['chat', 'service-unavailable', 'minus', 'zero ten'],
  ['headline', 'service-unavailable', 'minus', 'service-unavailable'],
  ['groupchat', 'service-unavailable', 'minus', 'service-unavailable'],
  ['error', 'host', 'minus', 'host'],
];

/** [type, to the account, to the account without available sessions, to a session, to one that is not there]. */
const PRESENCES: readonly [PresenceType | undefined, string, string, string, string][] = [
  [undefined, 'minus zero ten', 'ignore', 'silent', 'ignore'],
  ['unavailable', 'minus zero ten', 'ignore', 'silent', 'ignore'],
  ['subscribe', 'minus zero ten', 'ignore', 'minus zero ten', 'minus zero ten'],
  ['subscribed', 'minus zero ten', 'ignore', 'minus zero ten', 'minus zero ten'],
  ['unsubscribe', 'minus zero ten', 'ignore', 'minus zero ten', 'minus zero ten'],
  ['unsubscribed', 'minus zero ten', 'ignore', 'minus zero ten', 'minus zero ten'],
  ['probe', 'ignore', 'ignore', 'ignore', 'ignore'],
  ['error', 'host', 'host', 'silent', 'host'],
];

/** [type, to the account, to a session, to one that is not there]. */
const IQS: readonly [IqType, string, string, string][] = [
  ['get', 'service-unavailable', 'silent', 'service-unavailable'],
  ['set', 'service-unavailable', 'silent', 'service-unavailable'],
  ['result', 'host', 'silent', 'host'],
  ['error', 'host', 'silent', 'host'],
];

const ACCOUNT = 'user@home.example';

function decide(kinds: Kinds, to: string, sessions: Sessions): string {
  return inWords(route(stanza(kinds, to), DOMAIN, resources(sessions)));
}

describe('routing', () => {
  for (const [type, ...expected] of MESSAGES_TO_ACCOUNT) {
    it(`of a ${type ?? 'plain'} message to an account`, () => {
      const states = [NOBODY, SILENT, NEGATIVE, MIXED];
      assert.deepEqual(
        states.map(sessions => decide(['message', type], ACCOUNT, sessions)),
        expected,
      );
    });
  }

  for (const [type, nobody, bound, absent] of MESSAGES_TO_SESSION) {
    it(`of a ${type ?? 'plain'} message to a session`, () => {
      assert.equal(decide(['message', type], `${ACCOUNT}/gone`, NOBODY), nobody);
      assert.equal(decide(['message', type], `${ACCOUNT}/minus`, MIXED), bound);
      assert.equal(decide(['message', type], `${ACCOUNT}/gone`, MIXED), absent);
    });
  }

  for (const [type, available, none, bound, absent] of PRESENCES) {
    it(`of ${type ?? 'available'} presence`, () => {
      assert.equal(decide(['presence', type], ACCOUNT, MIXED), available);
      assert.equal(decide(['presence', type], ACCOUNT, SILENT), none);
      assert.equal(decide(['presence', type], `${ACCOUNT}/silent`, MIXED), bound);
      assert.equal(decide(['presence', type], `${ACCOUNT}/gone`, MIXED), absent);
    });
  }

  for (const [type, account, bound, absent] of IQS) {
    it(`of an iq ${type}`, () => {
      assert.equal(decide(['iq', type], ACCOUNT, MIXED), account);
      assert.equal(decide(['iq', type], `${ACCOUNT}/silent`, MIXED), bound);
      assert.equal(decide(['iq', type], `${ACCOUNT}/gone`, MIXED), absent);
    });
  }

  it('has the server answer requests of an account to itself, and only those', () => {
    const own = parseJid(`${ACCOUNT}/desk`);
    for (const type of ['get', 'set'] as const) {
      assert.equal(inWords(route(stanza(['iq', type], ACCOUNT, own), DOMAIN, [])), 'account');
      assert.equal(inWords(route(stanza(['iq', type], 'other@home.example', own), DOMAIN, [])), 'service-unavailable');
    }
  });

  it('gives everything for the domain to the host', () => {
    for (const kind of ['message', 'presence', 'iq'] as const) {
      for (const type of TYPES[kind]) {
        for (const to of ['home.example', 'home.example/anything']) {
          assert.equal(inWords(route(stanza([kind, type] as Kinds, to), DOMAIN, [])), 'host');
        }
      }
    }
  });

  it('refuses everything for other domains, subdomains too: there are no other servers', () => {
    for (const to of ['user@else.example', 'else.example', 'room@muc.home.example', 'example']) {
      assert.equal(decide(['message', 'chat'], to, MIXED), 'remote-server-not-found');
      assert.equal(decide(['presence', 'subscribe'], to, MIXED), 'remote-server-not-found');
      assert.equal(decide(['iq', 'get'], to, MIXED), 'remote-server-not-found');
    }
  });
});
