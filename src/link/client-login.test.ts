/**
 * What a login shows where there is no TLS.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREDENTIAL, TRUST } from '../../test/support/client-link.ts';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import type { LoginFailure } from '../xmpp/negotiate/words.ts';
import { NS } from '../xmpp/ns.ts';
import { Kdf } from '../xmpp/sasl/kdf.ts';
import { ClientLogin } from './client-login.ts';

const MECHANISM = element('mechanism', NS.sasl, {}, ['PLAIN']);
const FEATURES = element('features', NS.stream, {}, [element('mechanisms', NS.sasl, {}, [MECHANISM])]);

/** Logs in without TLS at a server that takes PLAIN; what is written, and why there will be no session. */
function shown(allowPlain: boolean) {
  const written: string[] = [];
  const failures: LoginFailure[] = [];
  const plan = { account: parseJid('alice@home.example'), tls: 'optional', resource: 'rest', spare: 'spare' } as const;
  const secrets = { credential: CREDENTIAL, token: undefined, asks: false };
  const userAgent = { id: 'd4565fa7-4d72-4749-b3d3-740edbf87770', software: 'test' };
  const never = () => assert.fail('nothing else happens');
  const login = new ClientLogin({ plan, secrets, kdf: new Kdf(), trust: TRUST, userAgent }, allowPlain, {
    open: () => {},
    write: text => written.push(text),
    failed: failure => failures.push(failure),
    learned: never,
    began: never,
    continued: never,
    forgone: never,
    secure: never,
    anew: never,
    broken: never,
  });
  login.begin(undefined);
  login.input({ name: 'header', root: element('stream', NS.stream, { version: '1.0' }), contentNs: NS.client });
  login.input({ name: 'element', element: FEATURES });
  return { written, failures };
}

test('a password is shown without TLS only where it may be', () => {
  const { written, failures } = shown(false);
  assert.deepEqual(written, []);
  assert.ok(failures[0]?.kind === 'denied');
  assert.equal(failures[0].fault.reason, 'unencrypted');
  assert.match(shown(true).written.join(), /^<auth [^>]*mechanism='PLAIN'/);
});
