/** When a token is asked for along with a login, and when one is used (XEP-0484). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { element } from '../../xml/element.ts';
import { write } from '../../xml/write.ts';
import { parseJid } from '../jid.ts';
import { NS } from '../ns.ts';
import type { ClientChannel, ClientCredential, ClientOffer } from '../sasl/client-exchange.ts';
import { Kdf } from '../sasl/kdf.ts';
import { deriveKeys } from '../sasl/scram-keys.ts';
import { resume } from '../stream-management.ts';
import { attemptLogin } from './attempt.ts';

const KDF = new Kdf();
const TLS: ClientChannel = { secure: true, allowPlain: false };
const BOUND: ClientChannel = { ...TLS, exporter: Buffer.alloc(32, 1) };
const OPEN: ClientChannel = { secure: false, allowPlain: true };
const EXPR = 'HT-SHA-256-EXPR';
const NONE = 'HT-SHA-256-NONE';
const BIND = element('bind', NS.bind2);
const RESUME = resume('sm-1', 3);

const PASSWORD: ClientCredential = { kind: 'password', authcid: 'alice', password: 'wonderland' };
const KEYS: ClientCredential = {
  kind: 'keys',
  authcid: 'alice',
  keys: await deriveKeys(KDF, 'wonderland', { hash: 'SHA-1', salt: Buffer.from('salt'), iterations: 4096 }),
};
const TOKEN = (mechanism: string) => ({ kind: 'fast', mechanism, token: 'secret-token', authcid: 'alice' }) as const;

const offering = (mechanisms: readonly string[], fast?: readonly string[]): ClientOffer => ({
  profile: 'sasl2',
  mechanisms,
  fast,
  bindings: ['tls-exporter'],
});
const SCRAM = ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS', 'PLAIN', 'EXTERNAL', 'OAUTHBEARER'];

/** A login by a credential, in a line. */
function begun(
  offer: ClientOffer,
  credential: ClientCredential,
  channel: ClientChannel,
  token?: string,
  asks = true,
): string {
  const invitation = { offer, inline: [BIND, RESUME], resumption: RESUME };
  const secrets = { credential, token: token === undefined ? undefined : TOKEN(token), asks };
  const { exchange, inline, byToken, tokenFor } = attemptLogin(invitation, secrets, channel, { kdf: KDF });
  const asked = inline.find(({ name }) => name === 'request-token')?.attrs['mechanism'];
  assert.equal(byToken ? token : asked, tokenFor);
  const wishes = inline.map(({ name }) => name).join(' ');
  return [exchange.mechanism, wishes, asked].filter(word => word !== undefined).join(' ');
}

describe('a token', () => {
  it('is asked for along with a login by a password or its keys', () => {
    const offer = offering(SCRAM, [NONE, EXPR]);
    const expected = `SCRAM-SHA-1-PLUS bind resume request-token ${EXPR}`;
    assert.equal(begun(offer, PASSWORD, BOUND), expected);
    assert.equal(begun(offer, KEYS, BOUND), expected);
    assert.equal(begun(offer, PASSWORD, BOUND, undefined, false), 'SCRAM-SHA-1-PLUS bind resume');
  });

  it('is not asked for in the place of what others than the server can withdraw', () => {
    const offer = offering(SCRAM, [NONE, EXPR]);
    assert.equal(begun(offer, { kind: 'external' }, BOUND), 'EXTERNAL bind resume');
    const bearer: ClientCredential = { kind: 'token', token: 'abc', address: parseJid('alice@home.example') };
    assert.equal(begun(offer, bearer, BOUND), 'OAUTHBEARER bind resume');
  });

  it('is not asked for where there are none, or none that goes with the channel', () => {
    assert.equal(begun(offering(['PLAIN']), PASSWORD, TLS), 'PLAIN bind resume');
    assert.equal(begun(offering(['PLAIN'], ['HT-SHA-256-UNIQ', EXPR]), PASSWORD, TLS), 'PLAIN bind resume');
    assert.equal(begun(offering(['PLAIN'], [NONE]), PASSWORD, OPEN), 'PLAIN bind resume');
  });

  it('is never bound to the channel more loosely than the login that it comes with', () => {
    assert.equal(begun(offering(SCRAM, [NONE]), PASSWORD, BOUND), 'SCRAM-SHA-1-PLUS bind resume');
    const loose = { ...offering(['SCRAM-SHA-1'], [NONE]), bindings: undefined };
    assert.equal(begun(loose, PASSWORD, BOUND), `SCRAM-SHA-1 bind resume request-token ${NONE}`);
  });

  it('is used for going back to a session, and nothing else is asked for along with it', () => {
    const offer = offering(SCRAM, [NONE, EXPR]);
    assert.equal(begun(offer, PASSWORD, BOUND, EXPR), `${EXPR} resume fast`);
    const invitation = { offer, inline: [BIND], resumption: undefined };
    const secrets = { credential: PASSWORD, token: TOKEN(EXPR), asks: true };
    const { exchange, byToken } = attemptLogin(invitation, secrets, BOUND, { kdf: KDF });
    assert.deepEqual([exchange.mechanism, byToken], ['SCRAM-SHA-1-PLUS', false]);
  });

  it('is not used by another mechanism, on another kind of channel, or without TLS', () => {
    assert.match(begun(offering(SCRAM, [NONE]), PASSWORD, BOUND, EXPR), /^SCRAM-SHA-1-PLUS /);
    assert.match(begun(offering(['PLAIN'], [EXPR]), PASSWORD, TLS, EXPR), /^PLAIN /);
    assert.match(begun(offering(['PLAIN'], [NONE]), PASSWORD, OPEN, NONE), /^PLAIN /);
    assert.match(begun(offering(['PLAIN']), PASSWORD, TLS, NONE), /^PLAIN /);
  });

  it('says that it is one, and counts no early data', () => {
    const invitation = { offer: offering([], [NONE]), inline: [], resumption: RESUME };
    const secrets = { credential: PASSWORD, token: TOKEN(NONE), asks: true };
    const { inline } = attemptLogin(invitation, secrets, TLS, { kdf: KDF });
    assert.deepEqual(
      inline.map(one => write(one)),
      [write(RESUME), `<fast xmlns='${NS.fast}'/>`],
    );
  });
});
