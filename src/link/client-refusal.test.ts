/**
 * How a client link ends when there can be no session: whose part it is, whether it comes back, and what it gives away.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { C2sServer } from '../../test/support/c2s-server.ts';
import { ACCOUNT, ClientProbe, message } from '../../test/support/client-link.ts';
import { listenRaw } from '../../test/support/component-server.ts';
import { ATTACK_NAMES, TlsAttacker } from '../../test/support/tls-attacker.ts';
import { STREAM_CONDITIONS } from '../xmpp/conditions.ts';
import { streamError } from '../xmpp/header.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { ClientOptions } from './client-options.ts';
import { trusting } from './tls-client.ts';

const HEADER = `<stream:stream xmlns='jabber:client' xmlns:stream='${NS.stream}' from='home.example' id='x' version='1.0'>`;
const MECHANISMS = `<stream:features><mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`;

/** Milliseconds until a link that is always on tries again what was refused. */
const REFUSED = 30_000;

/** Runs a link against a server that answers the first words and then the next ones. */
async function meeting(answers: readonly string[], options: Partial<ClientOptions> = {}) {
  let next = 0;
  const server = await listenRaw(socket => {
    socket.on('data', () => socket.write(answers[next++] ?? ''));
  });
  const probe = new ClientProbe(server.port, options);
  const end = async () => {
    await probe[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  return { server, probe, [Symbol.asyncDispose]: end };
}

describe('a login that is refused', () => {
  for (const [what, credential] of [
    ['a wrong password', { kind: 'password', authcid: 'alice', password: 'wrong' }],
    ['an unknown account', { kind: 'password', authcid: 'nobody', password: 'wonderland' }],
  ] as const) {
    for (const reconnect of [true, false]) {
      it(`for ${what} costs one attempt, ${reconnect ? 'and one each few minutes, always on' : 'for a request'}`, async () => {
        await using server = await C2sServer.listen();
        await using probe = new ClientProbe(server.port, { credential, reconnect });
        const { cause } = await probe.until(reconnect ? 'connecting' : 'closed');
        assert.deepEqual(cause, {
          text: 'the server does not accept the credentials of alice@home.example; the server says: no such luck',
          blame: 'credentials',
          reason: 'not-authorized',
          condition: 'not-authorized',
        });
        await assert.rejects(probe.link.send(message('m')), { code: 'link-down' });
        assert.deepEqual([probe.clock.waits, server.accepted, probe.sessions], [reconnect ? [REFUSED] : [], 1, []]);
        assert.doesNotMatch(JSON.stringify(probe.log.lines), /wrong|wonderland/);
      });
    }
  }

  it('names the setting of an account that is always on, and is over when the server has another password', async () => {
    const passwords: Record<string, string> = { alice: 'another' };
    await using server = await C2sServer.listen({ passwords });
    await using probe = new ClientProbe(server.port);
    await probe.until('connecting');
    const line = probe.log.lines.at(-1);
    assert.equal(line?.['level'], 'error');
    assert.match(
      String(line?.['message']),
      /until something is done: check hosts\.home\.example\.accounts\.alice\.password$/,
    );
    passwords['alice'] = 'wonderland';
    probe.clock.advance(REFUSED);
    await probe.until('online');
  });

  it('by a password that was changed meanwhile ends a session that waited to be resumed', async () => {
    const passwords: Record<string, string> = { alice: 'wonderland' };
    await using server = await C2sServer.listen({ passwords });
    await using probe = new ClientProbe(server.port);
    await probe.until('online');
    const connection = await server.next();
    connection.answers = false;
    const sent = probe.link.send(message('m'), 'acked');
    await connection.session?.arrived.take();
    passwords['alice'] = 'changed';
    connection.reset();
    await probe.until('suspended');
    probe.clock.advance(500);
    const { cause } = await probe.until('connecting');
    assert.equal(cause?.blame, 'credentials');
    await assert.rejects(sent, { code: 'link-lost' });
    assert.equal(probe.clock.waits.length, 1);
  });

  const CONDITIONS: readonly [condition: string, seconds: number, blame: string][] = [
    ['temporary-auth-failure', 1, 'temporary'],
    ['account-disabled', 30, 'credentials'],
    ['credentials-expired', 30, 'credentials'],
    ['encryption-required', 30, 'setup'],
    ['invalid-authzid', 30, 'setup'],
    ['mechanism-too-weak', 30, 'setup'],
    ['malformed-request', 30, 'ours'],
    ['something-new', 30, 'credentials'],
  ];
  for (const [condition, seconds, blame] of CONDITIONS) {
    it(`with ${condition} is tried again after ${seconds} s, always on, and not for a request`, async () => {
      const failure = `<failure xmlns='${NS.sasl}'><${condition}/></failure>`;
      await using met = await meeting([HEADER + MECHANISMS, failure]);
      const { cause, retryIn } = await met.probe.until('connecting');
      assert.deepEqual([cause?.blame, retryIn], [blame, seconds]);
      await using once = await meeting([HEADER + MECHANISMS, failure], { reconnect: false });
      assert.equal((await once.probe.until('closed')).cause.blame, blame);
    });
  }
});

describe('each stream error', () => {
  for (const [condition, reconnect] of Object.entries(STREAM_CONDITIONS)) {
    it(`${condition} ends the connection, and the link does what can help: ${reconnect}`, async () => {
      const known = Object.keys(STREAM_CONDITIONS).find(
        (name): name is keyof typeof STREAM_CONDITIONS => name === condition,
      );
      assert.ok(known);
      await using met = await meeting([HEADER + MECHANISMS, `${streamError(known, 'so it is')}</stream:stream>`]);
      const state = await met.probe.change();
      assert.ok(state.name === 'connecting');
      assert.equal(state.cause?.condition, condition);
      assert.match(state.cause?.text ?? '', /so it is/);
      assert.equal(state.retryIn, { retry: 1, yield: 10, stop: 30 }[reconnect]);
      while (met.server.open.size > 0) await new Promise(setImmediate);
    });
  }
});

describe('a login without TLS', () => {
  it('where TLS is required says nothing but the header, and does not hammer', async () => {
    await using met = await meeting([HEADER + MECHANISMS], { tls: 'required' });
    const { cause, retryIn } = await met.probe.until('connecting');
    assert.match(cause?.text ?? '', /does not offer TLS, .* hosts\.home\.example\.virtualhost\.tls/);
    assert.deepEqual([cause?.blame, retryIn], ['setup', 10]);
  });

  it('takes no TLS that a server does not offer where it may be', async () => {
    await using server = await C2sServer.listen();
    await using probe = new ClientProbe(server.port, { tls: 'optional' });
    await probe.until('online');
  });
});

describe('somebody on the way', () => {
  const domain = 'example.com';
  const account = parseJid('alice@example.com');

  for (const name of ATTACK_NAMES) {
    it(`who ${name} gets no credentials, and delivers nothing`, async () => {
      await using attacker = await TlsAttacker.open(name, domain);
      const options = { account, tls: 'required', reconnect: false, trust: trusting(attacker.ca) } as const;
      await using probe = new ClientProbe(attacker.port, options);
      const { cause } = await probe.until('closed');
      assert.notEqual(cause.blame, 'credentials');
      assert.doesNotMatch(attacker.heard, /<auth|alice/);
      assert.deepEqual(await Array.fromAsync(probe.link.incoming), []);
    });
  }

  it('is not there: the same link logs in', async () => {
    await using honest = await TlsAttacker.open('none', domain);
    const options = { account, tls: 'required', trust: trusting(honest.ca) } as const;
    await using _probe = new ClientProbe(honest.port, options);
    while (!honest.heard.includes('<bind')) await new Promise(setImmediate);
    assert.match(honest.heard, /<auth/);
    assert.match(honest.heard, /from='alice@example.com'/);
  });

  it('hears who logs in only when the link knows that itself', async () => {
    await using honest = await TlsAttacker.open('none', domain);
    const credential = { kind: 'token', token: 'opaque' } as const;
    const options = { account: parseJid(domain), credential, tls: 'required', trust: trusting(honest.ca) } as const;
    await using probe = new ClientProbe(honest.port, { ...options, reconnect: false });
    await probe.until('closed');
    assert.match(honest.heard, /to='example.com'/);
    assert.doesNotMatch(honest.heard, /from=/);
  });
});

describe('the address of a session', () => {
  it('is the account, whatever resource is named', async () => {
    await using server = await C2sServer.listen();
    await using probe = new ClientProbe(server.port, { account: parseJid('alice@home.example/other') });
    await probe.until('online');
    assert.equal(probe.link.address, ACCOUNT);
  });
});
