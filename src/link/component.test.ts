import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { linkContract } from '../../test/contract/link.ts';
import { ComponentProbe, DOMAIN, message, PEER, SECRET } from '../../test/support/component-link.ts';
import { ComponentServer } from '../../test/support/component-server.ts';
import { MemoryLog } from '../../test/support/memory-log.ts';
import { oneByOne } from '../../test/support/one-by-one.ts';
import { type Element, element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { type Message, readStanza } from '../xmpp/stanza.ts';
import { type ComponentOptions, connectComponent } from './component.ts';
import { serialise } from './component-stream.ts';

linkContract('a component', async () => {
  const server = await ComponentServer.listen({ domain: DOMAIN, secret: SECRET });
  const place = { domain: DOMAIN, server: { host: '127.0.0.1', port: server.port } };
  const link = connectComponent({ ...place, secret: SECRET, log: new MemoryLog() });
  const connection = await server.next();
  return {
    link,
    own: parseJid(`bot@${DOMAIN}/x`),
    peer: PEER,
    deliver: stanza => connection.send(serialise(stanza)),
    arrived: async () => readStanza(await connection.arrived.take()),
    async [Symbol.asyncDispose]() {
      await link[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
});

/** A link that is online, and the server's end of it. */
async function online(t: TestContext, options: Partial<ComponentOptions> = {}) {
  const server = await ComponentServer.listen({ domain: DOMAIN, secret: SECRET });
  const probe = new ComponentProbe(server.port, 0, options);
  t.after(async () => {
    await probe[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  await probe.until('online');
  const connection = await server.next();
  const incoming = oneByOne(probe.link.incoming);
  return { server, connection, incoming, ...probe, link: probe.link, probe };
}

/** Elements inside each other. */
function nested(depth: number): Element {
  let inner = element('x', 'urn:example');
  for (let level = 1; level < depth; level++) inner = element('x', 'urn:example', {}, [inner]);
  return inner;
}

const PING = "<ping xmlns='urn:xmpp:ping'/>";

describe('a component link that sends', () => {
  it('writes stanzas in the default namespace of its stream', async t => {
    const { link, connection } = await online(t);
    const written = new Promise<string>(resolve => {
      connection.socket.once('data', chunk => resolve(String(chunk)));
    });
    await link.send({ ...message('1', 'hi'), lang: 'en' });
    assert.equal(
      await written,
      "<message to='alice@example.net/phone' from='rest.example.net' id='1' xml:lang='en'><body>hi</body></message>",
    );
  });

  it('refuses a stanza that the server would not take, and goes on', async t => {
    const { link, connection } = await online(t, { stanzaBytes: 1_000 });
    const frame = Buffer.byteLength(serialise(message('1', 'x'))) - 1;
    await assert.rejects(link.send(message('1', 'x'.repeat(1_001 - frame))), {
      code: 'too-large',
      message: /1001 bytes as XML, and the XMPP server takes 1000/,
    });
    await link.send(message('1', 'x'.repeat(1_000 - frame)));
    assert.equal((await connection.arrived.take()).attrs['id'], '1');
  });

  it('takes a stanza of 512 KiB in bytes of UTF-8 and not one more', async t => {
    const { link, connection } = await online(t);
    const frame = Buffer.byteLength(serialise(message('1', 'x'))) - 1;
    const room = 512 * 1024 - frame;
    await assert.rejects(link.send(message('1', `${'ü'.repeat(Math.floor(room / 2))}xx`)), { code: 'too-large' });
    await link.send(message('1', 'x'.repeat(room)));
    assert.equal((await connection.arrived.take()).attrs['id'], '1');
  });

  it('refuses what no XML can hold and what is too deep as values of the caller', async t => {
    const { link, connection } = await online(t);
    const values: readonly Message[] = [
      { ...message('1'), id: '\u0007' },
      { ...message('1'), payload: [{ name: 'body', ns: NS.client, attrs: {}, children: ['\ud800'] }] },
      { ...message('1'), payload: [nested(200)] },
    ];
    for (const value of values) await assert.rejects(link.send(value), { code: 'value-invalid' });
    await link.send(message('2'));
    assert.equal((await connection.arrived.take()).attrs['id'], '2');
  });

  it('takes it for a bug when addresses are missing or not its own', async t => {
    const { link } = await online(t);
    const { to: _to, ...unaddressed } = message('1');
    const { from: _from, ...anonymous } = message('1');
    for (const wrong of [unaddressed, anonymous, { ...message('1'), from: PEER }]) {
      await assert.rejects(link.send(wrong), TypeError);
    }
  });

  it('takes an answer that is an error for a confirmation', async t => {
    const { link, connection } = await online(t);
    connection.routes = false;
    const acked = link.send(message('1'), 'acked');
    const { attrs } = await connection.kept.take();
    connection.send(`<iq type='error' id='${attrs['id']}' from='${DOMAIN}' to='${DOMAIN}'/>`);
    await acked;
  });

  it('is not confirmed by anyone who imitates a probe', async t => {
    const { link, connection, incoming } = await online(t);
    connection.routes = false;
    let confirmed = false;
    const acked = link.send(message('1'), 'acked').then(() => {
      confirmed = true;
    });
    const { attrs } = await connection.kept.take();
    const forged = [
      `<iq type='result' id='${attrs['id']}' from='${PEER}' to='${DOMAIN}'/>`,
      `<iq type='result' id='restanza-probe-1' from='${DOMAIN}' to='${DOMAIN}'/>`,
      `<message id='${attrs['id']}' from='${DOMAIN}' to='${DOMAIN}'/>`,
    ];
    for (const text of forged) {
      connection.send(text);
      await incoming.next();
      assert.equal(confirmed, false);
    }
    connection.send(`<iq type='get' id='${attrs['id']}' from='${DOMAIN}' to='${DOMAIN}'>${PING}</iq>`);
    await acked;
  });
});

describe('a component link that receives', () => {
  it('delivers pings to itself that are not probes', async t => {
    const { link, incoming } = await online(t);
    const ping = {
      kind: 'iq',
      type: 'get',
      from: DOMAIN,
      to: DOMAIN,
      id: 'mine',
      payload: [element('ping', NS.ping)],
    } as const;
    await link.send(ping);
    assert.deepEqual((await incoming.next()).value, ping);
  });

  it('keeps its probes to itself', async t => {
    const { link, connection, incoming } = await online(t);
    await link.send(message('1'), 'acked');
    connection.send(`<message from='${PEER}' to='${DOMAIN}' id='after'/>`);
    assert.equal((await incoming.next()).value.id, 'after');
  });

  it('drops a stranger’s stanza alone, counts it, and tells who waits for an answer', async t => {
    const { link, connection, incoming, log } = await online(t);
    const deep = `${"<x xmlns='urn:example'>".repeat(200)}s3cret${'</x>'.repeat(200)}`;
    const large = `<body>${'s3cret'.repeat(100_000)}</body>`;
    connection.send(`<message from='${PEER}' to='${DOMAIN}'>${large}</message>`);
    connection.send(`<iq type='get' id='deep' from='${PEER}' to='me@${DOMAIN}'>${deep}</iq>`);
    connection.send(`<iq type='s3cret' id='type' from='${PEER}' to='${DOMAIN}'/>`);
    connection.send(`<message from='${PEER}' to='elsewhere.example'/><s3cret/><message to='${DOMAIN}'/>`);
    connection.send(`<message from='${PEER}' to='${DOMAIN}' id='after'/>`);
    assert.equal((await incoming.next()).value.id, 'after');
    const answers = [await connection.arrived.take(), await connection.arrived.take()];
    const conditions = answers.map(({ attrs, children: [error] }) => {
      const [condition] = typeof error === 'object' ? error.children : [];
      return [attrs['id'], attrs['from'], attrs['to'], attrs['type'], typeof condition === 'object' && condition.name];
    });
    assert.deepEqual(conditions, [
      ['deep', `me@${DOMAIN}`, PEER, 'error', 'policy-violation'],
      ['type', DOMAIN, PEER, 'error', 'bad-request'],
    ]);
    assert.equal(link.state.name, 'online');
    const [line, ...more] = log.with('stanza dropped');
    assert.deepEqual(more, []);
    assert.equal(line?.['kind'], 'message');
    assert.equal(line?.['from'], PEER);
    assert.doesNotMatch(JSON.stringify(log.lines), /s3cret/);
  });

  it('survives what servers write of a stranger’s elements in the XML namespace', async t => {
    const { link, connection, incoming } = await online(t);
    const xml = 'http://www.w3.org/XML/1998/namespace';
    connection.send(`<message from='${PEER}' to='${DOMAIN}'><a xmlns:ns1='${xml}' ns1:space='preserve'/></message>`);
    connection.send(`<message from='${PEER}' to='${DOMAIN}'><foo xmlns='${xml}'/></message>`);
    connection.send(`<message from='${PEER}' to='${DOMAIN}' id='after'/>`);
    assert.equal((await incoming.next()).value.id, 'after');
    assert.equal(link.state.name, 'online');
  });

  it('says once that another connection serves its domain, and lets its host answer the foreign probe', async t => {
    const { connection, incoming, log } = await online(t);
    const foreign = `<iq type='get' id='restanza-probe-other-1' from='${DOMAIN}' to='${DOMAIN}'>${PING}</iq>`;
    connection.send(foreign + foreign);
    assert.equal((await incoming.next()).value.id, 'restanza-probe-other-1');
    assert.equal((await incoming.next()).value.id, 'restanza-probe-other-1');
    assert.equal(log.with('another connection serves this domain: each gets a part of its stanzas').length, 1);
  });

  it('slows the server down while nobody pulls, and loses nothing', async t => {
    const { connection, incoming, log } = await online(t);
    const body = 'x'.repeat(2_000);
    let sent = 0;
    await connection.fill(() => {
      assert.ok(sent < 100_000, 'the link takes without end');
      const burst = Array.from(
        { length: 100 },
        () => `<message from='${PEER}' to='${DOMAIN}' id='${sent++}'><body>${body}</body></message>`,
      );
      return burst.join('');
    });
    for (let number = 0; number < sent; number++) assert.equal((await incoming.next()).value.id, String(number));
    assert.deepEqual(log.with('component link is down'), []);
  });

  it('stops reading after some megabytes when the stanzas are large', async t => {
    const { connection } = await online(t);
    const body = 'x'.repeat(400_000);
    let sent = 0;
    await connection.fill(() => {
      assert.ok(sent++ < 100, 'the link takes without end');
      return `<message from='${PEER}' to='${DOMAIN}'><body>${body}</body></message>`;
    });
  });
});

describe('a component link that stops', () => {
  it('closes its stream in order and leaves nothing behind', async t => {
    const { link, connection, clock, server, log } = await online(t);
    const acked = assert.rejects(link.send(message('1'), 'acked'), { code: 'link-lost' });
    connection.routes = false;
    await link[Symbol.asyncDispose]();
    await acked;
    assert.equal((await connection.arrived.take()).attrs['id'], '1');
    assert.equal(connection.socket.readableEnded, true);
    await connection.closed;
    assert.equal(server.open, 0);
    assert.deepEqual(clock.waits, []);
    assert.deepEqual(
      log.lines.map(line => line['message']),
      ['component link is online', 'component link is closed'],
    );
  });

  it('takes what the server still sends until it has closed', async t => {
    const { link, connection, incoming } = await online(t);
    connection.socket.on('end', () => {});
    connection.socket.prependListener('data', chunk => {
      if (String(chunk).includes('</stream:stream>'))
        connection.send(`<message from='${PEER}' to='${DOMAIN}' id='late'/>`);
    });
    const rest = Array.fromAsync({ [Symbol.asyncIterator]: () => incoming });
    await link[Symbol.asyncDispose]();
    assert.deepEqual(
      (await rest).map(({ id }) => id),
      ['late'],
    );
  });

  it('does not wait for a server that does not answer', async t => {
    const { link, connection } = await online(t);
    connection.socket.pause();
    const before = performance.now();
    await link[Symbol.asyncDispose]();
    assert.ok(performance.now() - before < 5_000);
  });
});
