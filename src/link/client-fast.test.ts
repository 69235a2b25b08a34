/**
 * A client link at a server that gives out tokens (XEP-0484): when one is asked for, what it is used for, and what happens
 * when it is of no use.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientProbe } from '../../test/support/client-link.ts';
import { AUTHORITY, type Login, Sasl2Server } from '../../test/support/sasl2-server.ts';
import { NS } from '../xmpp/ns.ts';
import type { ClientOptions } from './client-options.ts';
import { trusting } from './tls-client.ts';

const TRUST = trusting(AUTHORITY.cert);
const EXPR = 'HT-SHA-256-EXPR';
const NONE = 'HT-SHA-256-NONE';
const HOUR = 3_600_000;
const NOT_YET = 'client session is not resumed yet';
const FIRST = { token: 'secret-token:first', lasts: HOUR };
const SECOND = { token: 'secret-token:second', lasts: HOUR };

function probing({ port }: Sasl2Server, options: Partial<ClientOptions> = {}): ClientProbe {
  const server = { host: '127.0.0.1', port, directTls: true };
  return new ClientProbe(port, { server, tls: 'required', trust: TRUST, ...options });
}

/** Ends the connection of a link that has been online for a while, and lets it come back. */
async function cut(server: Sasl2Server, probe: ClientProbe): Promise<void> {
  probe.clock.advance(5_000);
  server.cut();
  await probe.until('suspended');
  probe.clock.advance(500);
}

/** A login in a line: by what, what with, and what for. */
function inWords({ mechanism, byToken, asked, resumes, binds }: Login): string {
  const words = [mechanism, byToken && 'token', resumes && 'resume', binds && 'bind', asked && `ask ${asked}`];
  return words.filter(word => typeof word === 'string').join(' ');
}

const BEGUN = `PLAIN bind ask ${EXPR}`;
const BY_TOKEN = `${EXPR} token resume`;
const BY_PASSWORD = `PLAIN resume bind ask ${EXPR}`;

function assertSilent(probe: ClientProbe): void {
  assert.doesNotMatch(JSON.stringify(probe.log.lines), /secret-token|wonderland/);
}

describe('a client link at a server with tokens', () => {
  it('asks for a token bound to the channel, and goes back to its session by it', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST];
    await using probe = probing(server);
    await probe.until('online');
    for (let times = 0; times < 2; times += 1) {
      await cut(server, probe);
      await probe.until('online');
    }
    assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_TOKEN, BY_TOKEN]);
    assert.equal(new Set(server.logins.map(({ agent }) => agent)).size, 1);
    assert.match(server.logins[0]?.agent ?? '', /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    assert.deepEqual(probe.sessions, [true]);
    assertSilent(probe);
  });

  it('asks for none when it will not come back for ever', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST];
    server.givesUnasked = true;
    await using probe = probing(server, { reconnect: false });
    await probe.until('online');
    await cut(server, probe);
    await probe.until('online');
    assert.deepEqual(server.logins.map(inWords), ['PLAIN bind', 'PLAIN resume bind']);
  });

  it('uses the token that came last', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST, SECOND];
    await using probe = probing(server);
    await probe.until('online');
    await cut(server, probe);
    await probe.until('online');
    server.tokens.delete(FIRST.token);
    await cut(server, probe);
    await probe.until('online');
    assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_TOKEN, BY_TOKEN]);
    assertSilent(probe);
  });

  for (const condition of ['not-authorized', 'credentials-expired', 'invalid-mechanism', 'temporary-auth-failure']) {
    it(`takes the password at once when the token is refused with ${condition}`, async () => {
      await using server = await Sasl2Server.listen();
      server.gives = [FIRST, SECOND];
      await using probe = probing(server);
      await probe.until('online');
      server.refusal = condition;
      await cut(server, probe);
      assert.deepEqual(await probe.change(), { name: 'online' });
      assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_TOKEN, BY_PASSWORD]);
      server.refusal = undefined;
      await cut(server, probe);
      await probe.until('online');
      assert.deepEqual(server.logins.slice(3).map(inWords), [BY_TOKEN]);
      assert.deepEqual(probe.sessions, [true]);
      assertSilent(probe);
    });
  }

  it('has no hurry any more when token and password are refused, each once', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST];
    await using probe = probing(server);
    await probe.until('online');
    server.tokens.clear();
    server.password = 'looking-glass';
    await cut(server, probe);
    const { cause } = await probe.until('connecting');
    assert.deepEqual([cause?.blame, cause?.condition], ['credentials', 'not-authorized']);
    assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_TOKEN, BY_PASSWORD]);
    assertSilent(probe);
  });

  it('does not begin a new session by a token, so that a changed password is noticed', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST];
    await using probe = probing(server);
    await probe.until('online');
    server.remembers = false;
    server.password = 'looking-glass';
    await cut(server, probe);
    const { cause } = await probe.until('connecting');
    assert.deepEqual([cause?.blame, cause?.condition], ['credentials', 'not-authorized']);
    assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_TOKEN, BEGUN]);
    assert.deepEqual(probe.sessions, [true]);
  });

  it('begins a new session by the password when the old one is gone', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST];
    await using probe = probing(server);
    await probe.until('online');
    server.remembers = false;
    await cut(server, probe);
    await probe.until('online');
    assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_TOKEN, BEGUN]);
    assert.deepEqual(probe.sessions, [true, false]);
  });

  for (const [what, lasts] of [
    ['whose time is over', 4_000],
    ['that came too late', -1_000],
  ] as const) {
    it(`does not use a token ${what}`, async () => {
      await using server = await Sasl2Server.listen();
      server.gives = [{ ...FIRST, lasts }];
      await using probe = probing(server);
      await probe.until('online');
      await cut(server, probe);
      await probe.until('online');
      assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_PASSWORD]);
    });
  }

  it('does not show its token when the mechanism that binds the channel is not offered any more', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST, SECOND];
    await using probe = probing(server);
    await probe.until('online');
    server.offered = [NONE];
    await cut(server, probe);
    await probe.until('online');
    assert.deepEqual(server.logins.map(inWords), [BEGUN, `PLAIN resume bind ask ${NONE}`]);
  });

  it('does not believe a server that takes a token and does not prove that it knows it', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST, SECOND];
    await using probe = probing(server);
    await probe.until('online');
    server.proves = false;
    await cut(server, probe);
    while (probe.log.with(NOT_YET).length === 0) await new Promise(setImmediate);
    assert.equal(probe.log.with(NOT_YET)[0]?.['reason'], 'server-unproven');
    assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_TOKEN]);
    assertSilent(probe);
  });

  for (const [what, gives] of [
    ['an empty one', { token: '', lasts: HOUR }],
    ['one of too many characters', { token: 'secret-token:'.padEnd(5_000, 'x'), lasts: HOUR }],
  ] as const) {
    it(`keeps no token that is ${what}`, async () => {
      await using server = await Sasl2Server.listen();
      server.gives = [gives];
      await using probe = probing(server);
      await probe.until('online');
      await cut(server, probe);
      await probe.until('online');
      assert.deepEqual(server.logins.map(inWords), [BEGUN, BY_PASSWORD]);
      assertSilent(probe);
    });
  }

  it('keeps no token that it has not asked for', async () => {
    await using server = await Sasl2Server.listen();
    server.gives = [FIRST];
    server.givesUnasked = true;
    server.offered = ['HT-SHA-256-UNIQ'];
    await using probe = probing(server);
    await probe.until('online');
    server.offered = [EXPR];
    await cut(server, probe);
    await probe.until('online');
    assert.deepEqual(server.logins.map(inWords), ['PLAIN bind', BY_PASSWORD]);
  });

  const token = `<token xmlns='${NS.fast}' token='secret-token:none' expiry='2999-01-01T00:00:00Z'/>`;
  for (const [where, answer] of [
    ['by itself', token],
    ['in a failure', `<failure xmlns='${NS.sasl2}'><temporary-auth-failure xmlns='${NS.sasl}'/>${token}</failure>`],
    ['in a challenge', `<challenge xmlns='${NS.sasl2}'>${token}</challenge>`],
    ['for somebody else', successFor('mallory@home.example', token)],
    ['twice', successFor('alice@home.example', token + token)],
  ] as const) {
    it(`keeps no token that comes ${where}`, async () => {
      await using server = await Sasl2Server.listen();
      server.instead = answer;
      await using probe = probing(server);
      const { retryIn } = await probe.until('connecting');
      probe.clock.advance(retryIn * 1_000);
      await probe.until('online');
      await cut(server, probe);
      await probe.until('online');
      assert.deepEqual(server.logins.map(inWords), [BEGUN, BEGUN, BY_PASSWORD]);
      assertSilent(probe);
    });
  }
});

function successFor(address: string, inside: string): string {
  const who = `<authorization-identifier>${address}</authorization-identifier>`;
  return `<success xmlns='${NS.sasl2}'>${who}${inside}</success>`;
}
