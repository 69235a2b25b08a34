import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { C2sClient } from '../../../test/support/c2s-client.ts';
import { bind } from '../../../test/support/c2s-client.ts';
import { type Hosting, PASSWORDS, startHost } from '../../../test/support/embedded-host.ts';
import { Load } from '../../../test/support/load.ts';
import { a, authenticated, ENABLE, ManagedClient, R, resume } from '../../../test/support/managed-client.ts';
import { oneByOne } from '../../../test/support/one-by-one.ts';
import { element } from '../../xml/element.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { SLEEP } from './managed-sessions.ts';
import { ANSWER_TIME, SILENCE } from './watch.ts';

const ALICE = { user: 'alice', password: PASSWORDS.alice } as const;
const BOB = { user: 'bob', password: PASSWORDS.bob } as const;
const PING = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
const PONG = /<iq [^>]*id='p'[^>]*>/;
const FAILED = /<failed [^>]*>[\s\S]*<\/failed>/;

const message = (to: string, id: string | number) =>
  `<message to='${to}' type='chat' id='${id}'><body>x</body></message>`;

/** A client that has turned stream management on, and the name of its session. */
async function managed(host: Hosting, user: keyof typeof PASSWORDS, resource: string) {
  const client = await host.login(user, { resource });
  client.send(ENABLE);
  const [, id = ''] = await client.until(/<enabled [^>]*\bid='([^']+)'[^>]*>/);
  return { client, id };
}

/** A client that is logged in and has no resource. */
function unbound(host: Hosting, credentials: typeof ALICE | typeof BOB = ALICE): Promise<C2sClient> {
  return authenticated(host.link.c2sAddress, credentials);
}

/** Lets the server notice what has happened to connections. */
async function until(reached: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !reached(); turn += 1) await new Promise(setImmediate);
  assert.ok(reached());
}

/** Waits until the server has noticed that so many connections are gone. */
function gone(host: Hosting, count = 1): Promise<void> {
  return until(() => host.log.with('a client connection ended').length === count);
}

describe('stream management', () => {
  it('is offered after authentication, and says how long a session is kept', async () => {
    await using host = await startHost();
    const client = await host.connect();
    assert.doesNotMatch(await client.open(), /urn:xmpp:sm:3/);
    await client.authenticate(ALICE);
    assert.match(await client.open(), /<sm xmlns='urn:xmpp:sm:3'\/>/);
    client.send(bind('x') + ENABLE);
    const [enabled] = await client.until(/<enabled [^>]*>/);
    assert.match(enabled, new RegExp(`^<enabled xmlns='urn:xmpp:sm:3' id='[\\w-]{22}' max='${SLEEP}' resume='true'/>`));
  });

  it('answers at once how many stanzas are handled, whatever they were', async () => {
    await using host = await startHost();
    await host.login('bob', { resource: 'b' });
    const { client } = await managed(host, 'alice', 'a');
    const handled: readonly string[] = [
      message('bob@localhost/b', 1),
      message('nobody@localhost', 2),
      "<presence/><presence type='unavailable'/>",
      PING,
      "<iq type='get'/>",
      "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
      "<message to='@'/>",
      "<message type='error' to='@'/>",
      `<message to='bob@localhost/b'>${'<a>'.repeat(130)}${'</a>'.repeat(130)}</message>`,
    ];
    const counts: string[] = [];
    for (const stanza of handled) {
      client.send(stanza + R);
      counts.push((await client.until(/<a [^>]*h='(\d+)'[^>]*>/))[1] ?? '');
    }
    assert.deepEqual(counts, ['1', '2', '4', '5', '6', '7', '8', '9', '10']);
  });

  it('counts a message for the host once its owner has handled it', async () => {
    await using host = await startHost();
    const { client } = await managed(host, 'alice', 'a');
    const incoming = oneByOne(host.link.incoming);
    client.send(`${message('localhost', 1)}${R}${message('nobody@localhost', 2)}${R}`);
    assert.equal((await client.until(/<a [^>]*h='(\d+)'/))[1], '0');
    assert.equal((await client.until(/<a [^>]*h='(\d+)'/))[1], '0');
    assert.equal((await incoming.next()).value?.id, '1');
    client.send(`${R}${message('localhost', 3)}`);
    assert.equal((await client.until(/<a [^>]*h='(\d+)'/))[1], '0', 'it is pulled, not handled');
    assert.equal((await incoming.next()).value?.id, '3');
    assert.equal((await client.until(/<a [^>]*h='(\d+)'/))[1], '2');
  });

  it('asks for the count, and ends the stream when it is too high', async () => {
    await using host = await startHost();
    const bob = await host.login('bob');
    const { client } = await managed(host, 'alice', 'a');
    bob.send(message('alice@localhost/a', 1));
    await client.until(/<message [\s\S]*<\/message><r xmlns='urn:xmpp:sm:3'\/>/);
    client.send(a(2));
    const rest = await client.rest();
    assert.match(
      rest,
      /^<stream:error><undefined-condition [^>]*\/><handled-count-too-high xmlns='urn:xmpp:sm:3' h='2' send-count='1'\/><\/stream:error><\/stream:stream>$/,
    );
    await bob.until(/<message [^>]*id='1' type='error'/);
  });

  it('counts the errors and answers that the server itself makes', async () => {
    await using host = await startHost();
    const { client } = await managed(host, 'alice', 'a');
    client.send(`<iq type='get' id='bad'/>${PING}`);
    await client.until(PONG);
    client.send(a(2) + PING);
    await client.until(PONG);
    client.send(a(4));
    assert.match(await client.rest(), /handled-count-too-high [^>]*h='4' send-count='3'/);
  });

  it('goes without resumption for those who want none: the session ends with the connection', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'b' });
    const client = await host.login('alice', { resource: 'a' });
    client.send("<enable xmlns='urn:xmpp:sm:3'/>");
    await client.until(/<enabled xmlns='urn:xmpp:sm:3'\/>/);
    client.send("<presence to='bob@localhost/b'/>");
    await bob.until(/<presence /);
    client.reset();
    await bob.until(/<presence [^>]*type='unavailable'/);
  });
});

describe('a session whose connection breaks', () => {
  for (const how of ['reset', 'finish'] as const) {
    it(`by ${how} goes on: nobody hears of it, nothing is lost and nothing comes twice`, async () => {
      await using host = await startHost();
      const bob = await host.login('bob', { resource: 'b' });
      const { client, id } = await managed(host, 'alice', 'a');
      client.send("<presence to='bob@localhost/b'/>");
      await bob.until(/<presence /);
      bob.send(message('alice@localhost/a', 1) + message('alice@localhost/a', 2));
      await client.until(/id='2'[\s\S]*<\/message>/);
      client[how]();
      await gone(host);
      bob.send(message('alice@localhost/a', 3) + PING);
      await bob.until(PONG);
      const again = await unbound(host);
      again.send(resume(id, 1));
      const [, previd, h] = await again.until(/<resumed xmlns='urn:xmpp:sm:3' previd='([^']*)' h='(\d+)'\/>/);
      assert.deepEqual([previd, h], [id, '1']);
      const [resent] = await again.until(/[\s\S]*<r [^>]*>/);
      assert.deepEqual(
        [...resent.matchAll(/<message [^>]*id='(\d)'/g)].map(match => match[1]),
        ['2', '3'],
      );
      again.send(`${a(3)}${message('bob@localhost/b', 4)}`);
      await bob.until(/<message [^>]*id='4'/);
      bob.send(message('alice@localhost/a', 5));
      assert.doesNotMatch((await again.until(/[\s\S]*id='5'/))[0], /id='[23]'/);
      assert.doesNotMatch(bob.text, /unavailable/);
      assert.equal(host.clock.waits.length, 2, 'nobody sleeps any more');
    });
  }

  it('is taken over while the old connection still looks alive', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'b' });
    const { client, id } = await managed(host, 'alice', 'a');
    const again = await unbound(host);
    again.send(resume(id, 0));
    await again.until(/<resumed /);
    assert.match(await client.rest(), /<stream:error><conflict [\s\S]*<\/stream:stream>$/);
    bob.send(message('alice@localhost/a', 1));
    await again.until(/<message [^>]*id='1'/);
    assert.equal(again.ended, false);
  });

  it('is gone back to by a storm of connections: the last one has it, and none is left over', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'b' });
    const { client, id } = await managed(host, 'alice', 'a');
    bob.send(message('alice@localhost/a', 1));
    await client.until(/<message /);
    client.reset();
    await gone(host);
    const storm = await Promise.all(Array.from({ length: 50 }, () => unbound(host)));
    for (const one of storm) one.send(resume(id, 0));
    for (const one of storm) await one.until(/<resumed [\s\S]*?<message [^>]*id='1'/);
    await until(() => storm.filter(({ ended }) => ended).length === 49);
    const [last] = storm.filter(({ ended }) => !ended);
    last?.send(a(1) + PING);
    await last?.until(PONG);
  });

  it('is over after a while, and what came for it goes back to the sender', async () => {
    await using host = await startHost();
    const { client, id } = await managed(host, 'alice', 'a');
    client.send(message('nobody@localhost', 0) + R);
    await client.until(/<a [^>]*h='1'/);
    client.reset();
    await gone(host);
    const addresses = { from: parseJid('bob@localhost'), to: parseJid('alice@localhost/a') };
    await host.link.send({ kind: 'message', type: 'normal', ...addresses, id: 'm', payload: [] });
    await host.link.send({ kind: 'iq', type: 'get', ...addresses, id: 'q', payload: [element('x', 'urn:x')] });
    host.clock.advance(SLEEP * 1_000);
    const { value: batch } = await host.link.incoming[Symbol.asyncIterator]().next();
    assert.deepEqual(
      batch.map(({ kind, type, id: about, from }: Stanza) => [kind, type, about, from]),
      [
        ['message', 'error', 'm', addresses.to],
        ['iq', 'error', 'q', addresses.to],
      ],
    );
    assert.deepEqual(host.clock.waits, []);
    const again = await unbound(host);
    again.send(resume(id, 0));
    assert.match((await again.until(FAILED))[0], /^<failed xmlns='urn:xmpp:sm:3' h='1'><item-not-found /);
    again.send(bind('a'));
    await again.until(/<jid>alice@localhost\/a<\/jid>/);
  });

  it('leaves what it never got to the one that takes its place, which is told when that came', async () => {
    await using host = await startHost();
    const { client } = await managed(host, 'alice', 'a');
    client.reset();
    await gone(host);
    const addresses = { from: parseJid('bob@localhost'), to: parseJid('alice@localhost/a') };
    const delay = element('delay', NS.delay, { stamp: '2020-02-02T02:02:02Z' });
    const now = Date.now();
    await host.link.send({ kind: 'message', type: 'chat', ...addresses, id: 'm', payload: [] });
    await host.link.send({ kind: 'message', type: 'chat', ...addresses, id: 'n', payload: [delay] });
    host.clock.advance(20_000);
    const next = await host.login('alice', { resource: 'a' });
    const [, stamp = ''] = await next.until(/ id='m'[^>]*><delay [^>]*from='localhost' stamp='([^']*)'\/><\/message>/);
    assert.ok(Math.abs(now - 20_000 - Date.parse(stamp)) < 10_000, stamp);
    const [late] = await next.until(/ id='n'[\s\S]*?<\/message>/);
    assert.deepEqual(late.match(/ stamp='[^']*'/g), [" stamp='2020-02-02T02:02:02Z'"], 'it had said so already');
  });

  it('is told to be gone to those who knew that it was there', async () => {
    await using host = await startHost();
    const { client } = await managed(host, 'alice', 'a');
    client.send("<presence to='localhost'/>");
    const incoming = oneByOne(host.link.incoming);
    assert.equal((await incoming.next()).value?.kind, 'presence');
    client.reset();
    await gone(host);
    host.clock.advance(SLEEP * 1_000 - 1);
    assert.equal(host.clock.waits.length, 1);
    host.clock.advance(1);
    assert.equal((await incoming.next()).value?.type, 'unavailable');
  });

  it('sleeps when the client says nothing any more, rather than ending', async () => {
    await using host = await startHost();
    const { client, id } = await managed(host, 'alice', 'a');
    // The first time, it was heard: it turned stream management on.
    host.clock.advance(SILENCE);
    host.clock.advance(SILENCE);
    await client.until(/<r /);
    host.clock.advance(ANSWER_TIME);
    assert.match(await client.rest(), /<connection-timeout /);
    const again = await unbound(host);
    again.send(resume(id, 0));
    await again.until(/<resumed /);
  });

  it('does not pass for one that is there by anything but its count, when that was asked for', async () => {
    await using host = await startHost();
    const bob = await host.login('bob');
    const { client } = await managed(host, 'alice', 'a');
    bob.send(message('alice@localhost/a', 1));
    await client.until(/<r /);
    host.clock.advance(SILENCE);
    bob.send(PING);
    await bob.until(PONG);
    client.send(PING);
    await client.until(PONG);
    host.clock.advance(SILENCE);
    client.send(PING);
    await client.until(PONG);
    host.clock.advance(ANSWER_TIME);
    assert.match(await client.rest(), /<connection-timeout /);
  });

  it('is over at once when the client closes its stream in order', async () => {
    await using host = await startHost();
    const bob = await host.login('bob', { resource: 'b' });
    const { client, id } = await managed(host, 'alice', 'a');
    client.send("<presence to='bob@localhost/b'/></stream:stream>");
    await client.rest();
    await bob.until(/<presence [^>]*type='unavailable'/);
    const again = await unbound(host);
    again.send(resume(id, 0));
    await again.until(/<item-not-found /);
  });

  it('leaves nothing behind when the host is closed', async () => {
    await using host = await startHost();
    const { client } = await managed(host, 'alice', 'a');
    client.reset();
    await gone(host);
    await host.link[Symbol.asyncDispose]();
    assert.deepEqual(host.clock.waits, []);
  });
});

describe('a session that is not the client’s to go on with', () => {
  const CASES: readonly [what: string, id: (id: string) => string, user: typeof ALICE | typeof BOB][] = [
    ['of another account', id => id, BOB],
    ['of a name that was never given', () => 'AAAAAAAAAAAAAAAAAAAAAA', ALICE],
    ['of a name cut short', id => id.slice(0, -1), ALICE],
    ['without a name', () => '', ALICE],
    ['of the name of an object', () => '__proto__', ALICE],
    ['of a very long name', () => 'x'.repeat(100_000), ALICE],
  ];
  for (const [what, name, user] of CASES) {
    it(`${what} is not found, stays as it is, and binding is still possible`, async () => {
      await using host = await startHost();
      const { client, id } = await managed(host, 'alice', 'a');
      const thief = await unbound(host, user);
      thief.send(resume(name(id), 0));
      assert.match((await thief.until(FAILED))[0], /^<failed xmlns='urn:xmpp:sm:3'><item-not-found /);
      thief.send(bind('x'));
      await thief.until(/<jid>/);
      client.send(PING);
      await client.until(PONG);
    });
  }

  it('stays as it is when the count is too high: the connection that asks is closed', async () => {
    await using host = await startHost();
    const { client, id } = await managed(host, 'alice', 'a');
    const again = await unbound(host);
    again.send(resume(id, 1));
    assert.match(await again.rest(), /<stream:error><undefined-condition [^>]*\/><handled-count-too-high /);
    client.send(PING);
    await client.until(PONG);
  });

  it('is not found when it was not to be resumed', async () => {
    await using host = await startHost();
    const client = await host.login('alice');
    client.send("<enable xmlns='urn:xmpp:sm:3' resume='false'/>");
    assert.equal((await client.until(/<enabled [^>]*>/))[0], "<enabled xmlns='urn:xmpp:sm:3'/>");
  });
});

type Step = readonly [where: string, sent: (id: string) => string, seen?: RegExp, then?: string];

/** Each step of resumption, as far as it has come when the connection breaks. */
const STEPS: readonly Step[] = [
  ['before it is asked for', () => ''],
  ['while it is asked for', id => resume(id, 0).slice(0, 30)],
  ['when it is asked for', id => resume(id, 0)],
  ['when it goes on', id => resume(id, 0), /<resumed [^>]*>/],
  ['when all is sent again', id => resume(id, 0), /<r [^>]*>/],
  ['when something is acknowledged', id => resume(id, 0), /<r [^>]*>/, a(0)],
  ['in a stanza', id => `${resume(id, 0)}<message to='bob@localhost/b'><bo`],
];

const TIMES = 50;

/** Each step of a managed session, as far as it has come when the connection breaks. */
const EARLIER: readonly (readonly [where: string, sent: string, seen?: RegExp, then?: string])[] = [
  ['while it is asked for', ENABLE.slice(0, 20)],
  ['when it is asked for', ENABLE],
  ['when it is on', ENABLE, /<enabled [^>]*>/],
  ['when something is sent', ENABLE, /<enabled [^>]*>/, message('localhost', 1)],
  ['when something is open', ENABLE + PING, /<r [^>]*>/],
  ['in a count', ENABLE + PING, /<r [^>]*>/, a(1).slice(0, 20)],
];

describe('a connection with stream management that breaks', () => {
  for (const [where, sent, seen, then = ''] of EARLIER) {
    for (const how of ['reset', 'finish'] as const) {
      it(`by ${how} ${where}, ${TIMES} times, leaves nothing behind once the time is over`, async () => {
        await using host = await startHost();
        const breaking = Array.from({ length: TIMES }, async () => {
          const client = await host.login('alice');
          client.send(sent);
          if (seen !== undefined) await client.until(seen);
          client.send(then);
          client[how]();
          await client.rest();
        });
        await Promise.all(breaking);
        await gone(host, TIMES);
        host.clock.advance(SLEEP * 1_000);
        assert.deepEqual(host.clock.waits, []);
        assert.deepEqual(
          host.log.lines.filter(({ level }) => level === 'error'),
          [],
        );
      });
    }
  }
});

describe('a connection that breaks on the way back', () => {
  for (const [where, sent, seen, then = ''] of STEPS) {
    for (const how of ['reset', 'finish'] as const) {
      it(`by ${how} ${where}, ${TIMES} times, leaves the session as it was`, async () => {
        await using host = await startHost();
        const bob = await host.login('bob', { resource: 'b' });
        const { client, id } = await managed(host, 'alice', 'a');
        bob.send(message('alice@localhost/a', 1));
        await client.until(/<r /);
        client.reset();
        for (let n = 0; n < TIMES; n += 1) {
          const again = await unbound(host);
          again.send(sent(id));
          if (seen !== undefined) await again.until(seen);
          again.send(then);
          again[how]();
          await again.rest();
        }
        await gone(host, 1 + TIMES);
        const last = await unbound(host);
        last.send(resume(id, 0));
        const [resent] = await last.until(/<resumed [\s\S]*<r [^>]*>/);
        assert.equal([...resent.matchAll(/<message /g)].length, 1);
        last.send(`${a(1)}</stream:stream>`);
        await last.rest();
        bob.send('</stream:stream>');
        assert.equal(await bob.rest(), '</stream:stream>');
        await until(() => host.clock.waits.length === 0);
        assert.deepEqual(
          host.log.lines.filter(({ level }) => level === 'error'),
          [],
        );
      });
    }
  }
});

describe('a client that is slow to acknowledge', () => {
  it('gets all of a burst of small messages, and keeps its session', async () => {
    await using host = await startHost();
    const { client: alice } = await managed(host, 'alice', 'a');
    const [bob, carol] = [await host.login('bob', { resource: 'b' }), await host.login('bob', { resource: 'c' })];
    const count = 20_000;
    for (let n = 0; n < count; n += 1) bob.send("<message to='alice@localhost/a'/>");
    for (let got = 0; got < count; ) {
      // Time enough for a server that would take all of it.
      for (let n = 0; n < 100; n += 1) {
        carol.send(`<iq type='get' id='${n}'><ping xmlns='urn:xmpp:ping'/></iq>`);
        await carol.until(new RegExp(` id='${n}'[^>]*>`));
      }
      const [all] = await alice.until(/^[\s\S]*<message [^>]*>/);
      got += all.match(/<message /g)?.length ?? 0;
      alice.send(a(got));
    }
    assert.equal(alice.ended, false);
    assert.equal(bob.text.slice(0, 200), '', 'nothing came back');
  });
});

describe('two clients that talk while connections break', () => {
  it('lose nothing and get nothing twice over 50 breaks at 200 messages a second each way', async t => {
    await using host = await startHost();
    const { c2sAddress } = host.link;
    await using alice = await ManagedClient.begin(c2sAddress, { ...ALICE, resource: 'a' });
    await using bob = await ManagedClient.begin(c2sAddress, { ...BOB, resource: 'b' });
    let sent = 0;
    await using load = new Load(async number => {
      alice.send(message('bob@localhost/b', number));
      bob.send(message('alice@localhost/a', number));
      sent += 1;
    });
    for (let breaks = 0; breaks < 50; breaks += 1) {
      const reached = sent + 10;
      await load.until(() => sent >= reached, 'the messages before a break');
      const side = breaks % 2 === 0 ? alice : bob;
      await side.break((['reset', 'finish', 'leave'] as const)[breaks % 3] ?? 'reset');
      await side.return(c2sAddress);
    }
    await load.stop();
    const expected = Array.from({ length: sent }, (_, n) => String(n));
    for (const side of [alice, bob]) {
      const got: string[] = [];
      while (got.length < sent) got.push(await side.messages.take());
      assert.deepEqual(got, expected);
    }
    for (const side of [alice, bob]) {
      side.ask();
      await until(() => side.open === 0);
      assert.equal(side.messages.length, 0);
    }
    t.diagnostic(`${sent} messages each way, 0 lost, 0 twice, in order`);
  });
});
