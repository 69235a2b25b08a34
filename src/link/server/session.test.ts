import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auth, bind, header, response, STARTTLS } from '../../../test/support/c2s-client.ts';
import { PASSWORDS, startHost } from '../../../test/support/embedded-host.ts';
import { ENABLE, R } from '../../../test/support/managed-client.ts';
import { oneByOne } from '../../../test/support/one-by-one.ts';
import { ANSWER_TIME, LOGIN_TIME, SILENCE } from './watch.ts';

const PING = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
const PONG = /<iq [^>]*id='p'[^>]*>/;

describe('a login', () => {
  for (const tls of [true, false]) {
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256'] as const) {
      it(`works with ${mechanism} ${tls ? 'over' : 'without'} TLS`, async () => {
        await using host = await startHost();
        const client = await host.connect();
        const jid = await client.login({ user: 'alice', password: PASSWORDS.alice, mechanism, tls, resource: 'desk' });
        assert.equal(jid, 'alice@localhost/desk');
        client.send(PING);
        await client.until(PONG);
      });
    }
  }

  it('gives a resource that nobody can guess to a client that wants none', async () => {
    await using host = await startHost();
    const jids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const client = await host.connect();
      jids.push(await client.login({ user: 'alice', password: PASSWORDS.alice }));
    }
    for (const jid of jids) assert.match(jid, /^alice@localhost\/[\w-]{22}$/);
    assert.equal(new Set(jids).size, 3);
  });

  it('gets a new stream id on every restart', async () => {
    await using host = await startHost();
    const client = await host.connect();
    const ids: string[] = [];
    const open = async () => {
      client.send(header());
      ids.push((await client.until(/<stream:stream [^>]*id='([^']+)'[^>]*>/))[1] ?? '');
      await client.until(/<\/stream:features>/);
    };
    await open();
    await client.secure();
    await open();
    await client.authenticate({ user: 'alice', password: PASSWORDS.alice });
    await open();
    assert.equal(new Set(ids).size, 3);
  });

  it('fails for a wrong password and an unknown user alike', async () => {
    await using host = await startHost();
    const told: string[] = [];
    for (const user of ['alice', 'nobody']) {
      const client = await host.connect();
      await client.open();
      client.send(auth('PLAIN', `\0${user}\0wrong`));
      told.push((await client.until(/<failure[\s\S]*<\/failure>/))[0]);
    }
    assert.match(told[0] ?? '', /<not-authorized\/>/);
    assert.equal(told[0], told[1]);
  });

  it('is closed after three failures', async () => {
    await using host = await startHost();
    const client = await host.connect();
    await client.open();
    for (let n = 0; n < 3; n += 1) {
      client.send(auth('PLAIN', '\0alice\0wrong'));
      await client.until(/<\/failure>/);
    }
    assert.match(await client.rest(), /^<stream:error><policy-violation [\s\S]*<\/stream:stream>$/);
  });

  it('may follow a login that failed', async () => {
    await using host = await startHost();
    const client = await host.connect();
    await client.open();
    client.send(auth('PLAIN', '\0alice\0wrong'));
    await client.until(/<\/failure>/);
    await client.authenticate({ user: 'alice', password: PASSWORDS.alice, mechanism: 'SCRAM-SHA-1' });
  });

  it('ends in order when the client closes the stream', async () => {
    await using host = await startHost();
    const client = await host.login('alice');
    client.send('</stream:stream>');
    assert.equal(await client.rest(), '</stream:stream>');
    assert.deepEqual(host.clock.waits, []);
  });
});

describe('what is sent ahead of its time', () => {
  const INJECTED = `${header()}${bind()}<message to='bob@localhost/b'/>`;

  it('is not taken as part of the secured stream', async () => {
    await using host = await startHost();
    const client = await host.connect();
    await client.open();
    client.send(STARTTLS + header() + auth('PLAIN', `\0alice\0${PASSWORDS.alice}`));
    await client.until(/<proceed[^>]*>/);
    await client.handshake();
    const features = await client.open();
    assert.match(features, /<mechanisms/, 'the login in the clear must not count');
    assert.doesNotMatch(features, /<bind/);
  });

  it('is not taken as part of the authenticated stream', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'b' });
    const client = await host.connect();
    await client.open();
    client.send(`${auth('PLAIN', `\0alice\0${PASSWORDS.alice}`)}<message to='bob@localhost/b'/>`);
    assert.match(await client.rest(), /^<stream:error><policy-violation /);
    const other = await host.connect();
    await other.open();
    other.send(auth('PLAIN', `\0alice\0${PASSWORDS.alice}`) + INJECTED);
    assert.match(await other.rest(), /^<stream:error><not-well-formed /);
    bob.send(PING);
    await bob.until(PONG);
    assert.equal(bob.text, '');
  });

  it('is no TLS handshake', async () => {
    await using host = await startHost();
    const client = await host.connect();
    await client.open();
    client.send(STARTTLS);
    await client.until(/<proceed[^>]*>/);
    client.send(header() + INJECTED);
    assert.doesNotMatch(await client.rest(), /stream/);
  });

  it('does not leave a half element behind for the next stream', async () => {
    await using host = await startHost();
    const client = await host.connect();
    await client.open();
    client.send(`${auth('PLAIN', `\0alice\0${PASSWORDS.alice}`)}<iq type='set'`);
    await client.until(/<success[^>]*>/);
    assert.match(await client.open(), /<bind/);
  });
});

describe('a broken TLS record', () => {
  it('ends the connection', async () => {
    await using host = await startHost();
    const client = await host.login('alice', { tls: true });
    client.sendInTheClear('garbage that is no TLS record');
    await client.rest();
  });
});

describe('time', () => {
  it('is short before the session is bound: a thousand silent connections end, and leave nothing', async () => {
    await using host = await startHost();
    const clients: Awaited<ReturnType<typeof host.connect>>[] = [];
    // Of more at once than the system keeps for us to accept, some would be connected only as they see it.
    while (clients.length < 1_000) {
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => host.connect()))));
      while (host.clock.waits.length < clients.length) await new Promise(setImmediate);
    }
    const probe = await host.connect();
    await probe.open();
    assert.equal(host.clock.waits.length, 1_001);
    host.clock.advance(LOGIN_TIME - 1);
    assert.equal(host.clock.waits.length, 1_001);
    host.clock.advance(1);
    for (const client of clients) {
      assert.match(await client.rest(), /^<\?xml [^>]*><stream:stream [^>]*><stream:error><connection-timeout /);
    }
    assert.match(await probe.rest(), /^<stream:error><connection-timeout /);
    assert.deepEqual(host.clock.waits, []);
  });

  const STEPS: readonly [where: string, sent: string][] = [
    ['in the header', '<stream:str'],
    ['in a large tag', `${header()}<auth xmlns='${'x'.repeat(200)}' mechanism='${'y'.repeat(10_000)}`],
    ['after the features', header()],
    ['before the TLS handshake', header() + STARTTLS],
    ['within SASL', header() + auth('SCRAM-SHA-1', 'n,,n=alice,r=abc')],
    ['after a failure', header() + auth('NONE', '')],
  ];
  for (const [where, sent] of STEPS) {
    it(`is short ${where}`, async () => {
      await using host = await startHost();
      const client = await host.connect();
      client.send(sent);
      if (sent.startsWith(header())) await client.until(/<stream:features>/);
      host.clock.advance(LOGIN_TIME);
      await client.rest();
      assert.deepEqual(host.clock.waits, []);
    });
  }

  it('is up for a client that does not answer a ping', async () => {
    await using host = await startHost();
    const client = await host.login('alice');
    host.clock.advance(SILENCE);
    const [, id] = await client.until(/<iq [^>]*id='([^']+)' type='get'><ping xmlns='urn:xmpp:ping'\/><\/iq>/);
    assert.ok(id);
    host.clock.advance(ANSWER_TIME);
    assert.match(await client.rest(), /^<stream:error><connection-timeout /);
    assert.deepEqual(host.clock.waits, []);
  });

  it('goes on for a client that answers, and nobody else sees the answer', async () => {
    await using host = await startHost();
    const client = await host.login('alice');
    for (const type of ['result', 'error']) {
      host.clock.advance(SILENCE);
      const [, id] = await client.until(/<iq [^>]*id='([^']+)' type='get'>/);
      client.send(`<iq type='${type}' id='${id}' to='localhost'/>${PING}`);
      await client.until(PONG);
      host.clock.advance(ANSWER_TIME);
    }
    client.send("<message to='localhost' id='next'/>");
    const { value } = await oneByOne(host.link.incoming).next();
    assert.equal(value.id, 'next');
  });

  it('goes on for a client that keeps the connection alive with white space', async () => {
    await using host = await startHost();
    const client = await host.login('alice');
    for (let n = 0; n < 4; n += 1) {
      client.send(` \n${PING}`);
      await client.until(PONG);
      host.clock.advance(SILENCE);
    }
    assert.equal(client.text, '');
    assert.equal(client.ended, false);
  });
});

describe('a client that does not read', () => {
  it('is cut off when too much waits for it, and the sender is told nothing wrong', async () => {
    await using host = await startHost();
    const [alice, bob] = [await host.login('alice', { resource: 'a' }), await host.login('bob', { resource: 'b' })];
    bob.pause();
    const body = 'x'.repeat(200_000);
    let gone = false;
    for (let n = 0; n < 200 && !gone; n += 1) {
      alice.send(`<message to='bob@localhost/b' id='m'><body>${body}</body></message>${PING}`);
      gone = (await alice.until(/<(?:message|iq) [^>]*>/))[0].startsWith('<message');
    }
    assert.ok(gone, 'nothing was refused although nobody read');
    const [line] = host.log.lines.filter(({ condition }) => condition === 'resource-constraint');
    assert.ok(line);
    bob.resume();
    await bob.rest();
  });

  it('is cut off when it asks for our count again and again', async () => {
    await using host = await startHost();
    const [alice, bob] = [await host.login('alice', { resource: 'a' }), await host.login('bob')];
    alice.send(ENABLE);
    await alice.until(/<enabled [^>]*>/);
    alice.pause();
    const isCut = () => host.log.lines.some(({ condition }) => condition === 'resource-constraint');
    for (let n = 0; n < 200 && !isCut(); n += 1) {
      alice.send(R.repeat(10_000));
      bob.send(PING);
      await bob.until(PONG);
    }
    assert.ok(isCut(), 'nothing was refused although nobody read');
    alice.resume();
    await alice.rest();
  });

  it('does not count as slow for what many send at once', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'b' });
    const body = 'x'.repeat(60_000);
    const senders = await Promise.all(Array.from({ length: 40 }, (_, n) => host.login('alice', { resource: `a${n}` })));
    for (const sender of senders) sender.send(`<message to='bob@localhost/b'><body>${body}</body></message>`);
    for (let n = 0; n < 40; n += 1) await bob.until(/<\/message>/);
  });
});

describe('SCRAM', () => {
  it('fails for a proof of another password', async () => {
    await using host = await startHost();
    const client = await host.connect();
    await client.open();
    const login = client.authenticate({ user: 'alice', password: 'wrong', mechanism: 'SCRAM-SHA-256' });
    await assert.rejects(login, /<failure [^>]*><not-authorized\/>/);
  });

  it('can be given up for another mechanism', async () => {
    await using host = await startHost();
    const client = await host.connect();
    await client.open();
    client.send(auth('SCRAM-SHA-1', 'n,,n=alice,r=abc'));
    await client.until(/<\/challenge>/);
    client.send("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    await client.until(/<aborted\/>[\s\S]*<\/failure>/);
    client.send(response('c=biws'));
    await client.until(/<malformed-request\/>[\s\S]*<\/failure>/);
    await client.authenticate({ user: 'alice', password: PASSWORDS.alice });
  });
});
