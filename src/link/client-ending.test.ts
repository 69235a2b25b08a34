import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJid } from '../xmpp/jid.ts';
import type { LoginFailure } from '../xmpp/negotiate/words.ts';
import { SaslFault } from '../xmpp/sasl/client-fault.ts';
import {
  endedByDelay,
  endedByError,
  endedByFault,
  endedByLogin,
  endedBySilence,
  endedByTimeout,
  helpless,
} from './client-ending.ts';

const PLACE = { account: parseJid('bot@example.com'), where: '127.0.0.1:5222' };

describe('the end of a client’s connection', () => {
  const FAILURES: readonly [failure: LoginFailure, text: RegExp, reconnect: string][] = [
    [{ kind: 'no-tls' }, /does not offer TLS.*hosts\.example\.com\.virtualhost\.tls to optional/, 'yield'],
    [{ kind: 'tls-refused' }, /offers TLS and cannot begin it/, 'yield'],
    [
      { kind: 'no-login', wantsTls: true },
      /no way to log in.*it wants TLS: set hosts\.example\.com\.virtualhost\.tls/,
      'yield',
    ],
    [{ kind: 'no-login', wantsTls: false }, /no way to log in.*virtualhost\.server names/, 'yield'],
    [{ kind: 'no-bind' }, /no session after the login/, 'yield'],
    [{ kind: 'bind-refused', condition: 'resource-constraint' }, /bot@example\.com: resource-constraint/, 'retry'],
    [
      { kind: 'denied', fault: new SaslFault('unencrypted', 'x') },
      /anyone on the way could read: set .*tls to required/,
      'stop',
    ],
    [
      { kind: 'denied', fault: new SaslFault('server-unproven', 'it proves nothing') },
      /cannot log in: it proves nothing/,
      'yield',
    ],
    [
      { kind: 'denied', fault: new SaslFault('not-authorized', 'x', 'y'.repeat(400)) },
      /does not accept .*y{200}…$/,
      'stop',
    ],
  ];
  for (const [failure, text, reconnect] of FAILURES) {
    it(`is told for ${failure.kind}: ${text}`, () => {
      const ending = endedByLogin(PLACE, failure);
      assert.match(ending.cause.text, text);
      assert.equal(ending.reconnect, reconnect);
    });
  }

  it('names the account and what to do for each stream error that one can do something about', () => {
    assert.match(endedByError(PLACE, { condition: 'conflict' }).cause.text, /another session of bot@example\.com/);
    assert.match(
      endedByError(PLACE, { condition: 'host-unknown' }).cause.text,
      /127\.0\.0\.1:5222 does not serve example\.com/,
    );
    assert.match(
      endedByError(PLACE, { condition: 'reset', text: 'bye' }).cause.text,
      /ended the stream with reset; it says: bye/,
    );
  });

  it('tells a wrong port from a server that went wrong', () => {
    const fault = new Error('x'.repeat(400));
    assert.match(endedByFault(PLACE, fault, false).cause.text, /not an XMPP server that takes clients \(x{200}…\)/);
    assert.match(endedByFault(PLACE, fault, true).cause.text, /^what the server sent cannot be read/);
    assert.match(
      endedByFault({ account: PLACE.account }, fault, false).cause.text,
      /^what answers at the server of example/,
    );
  });

  it('names the setting of an account whose login is refused', () => {
    const { account } = PLACE;
    const refused = { text: 'x', blame: 'credentials' } as const;
    assert.match(
      helpless({ account, credential: { kind: 'password', authcid: 'bot', password: 'x' } }, refused),
      /: check hosts\.example\.com\.accounts\.bot\.password$/,
    );
    assert.match(helpless({ account, credential: { kind: 'external' } }, refused), /accounts\.bot\.certificate_file$/);
    assert.match(
      helpless({ account, credential: { kind: 'external' } }, { text: 'x', blame: 'setup' }),
      /see the cause$/,
    );
  });

  it('says how long was waited', () => {
    assert.match(endedByDelay(PLACE, 15_000).cause.text, /within 15 s/);
    assert.match(endedBySilence(PLACE, 30_000).cause.text, /for 30 s/);
    assert.match(endedByTimeout(PLACE, 120_000).cause.text, /within 120 s/);
  });
});
