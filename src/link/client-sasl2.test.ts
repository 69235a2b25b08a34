/**
 * A client link at a server with SASL2, Bind 2 and inline stream management (XEP-0388, XEP-0386, XEP-0198).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientProbe, message } from '../../test/support/client-link.ts';
import { oneByOne } from '../../test/support/one-by-one.ts';
import { listenRawTls } from '../../test/support/raw-tls.ts';
import { NS } from '../xmpp/ns.ts';

const HEADER = `<stream:stream xmlns='jabber:client' xmlns:stream='${NS.stream}' from='home.example' id='x' version='1.0'>`;
const SM = `<sm xmlns='${NS.management}'/>`;
const INLINE = `<inline><bind xmlns='${NS.bind2}'><inline><feature var='${NS.management}'/></inline></bind>${SM}</inline>`;
const OFFER =
  `<stream:features><authentication xmlns='${NS.sasl2}'><mechanism>PLAIN</mechanism>${INLINE}</authentication>` +
  '</stream:features>';
const FEATURES = `<stream:features><bind xmlns='${NS.bind}'/>${SM}</stream:features>`;
const ENABLED = `<enabled xmlns='${NS.management}' resume='true' id='sm-1'/>`;
const MESSAGE = "<message from='bob@home.example/x' id='first'><body>hi</body></message>";

const success = (inside: string, address = 'alice@home.example/rest.1') =>
  `<success xmlns='${NS.sasl2}'><authorization-identifier>${address}</authorization-identifier>${inside}</success>`;

/** A server that greets each connection, and answers what comes then with the next text; what it heard is kept. */
async function serving(...answers: readonly string[]) {
  const heard: string[] = [];
  const sockets: Disposable[] = [];
  let next = 0;
  const server = await listenRawTls(socket => {
    sockets.push({ [Symbol.dispose]: () => void socket.destroy() });
    socket.once('data', () => {
      socket.write(HEADER + OFFER);
      socket.on('data', chunk => {
        heard.push(String(chunk));
        if (String(chunk).includes('<authenticate')) socket.write(answers[next++] ?? '');
      });
    });
  });
  return { server, heard, sockets };
}

describe('a client link at a server with SASL2', () => {
  it('is online after one round trip, counts from there, and resumes in one', async () => {
    const bound = success(`<bound xmlns='${NS.bind2}'>${ENABLED}</bound>`);
    const resumed = success(`<resumed xmlns='${NS.management}' previd='sm-1' h='0'/>`, 'alice@home.example');
    const { server, heard, sockets } = await serving(bound + FEATURES + MESSAGE, resumed + FEATURES);
    await using _server = server;
    await using probe = new ClientProbe(server.port, server.options);
    await probe.until('online');
    assert.equal(probe.link.bound, 'alice@home.example/rest.1');
    const stanzas = oneByOne(probe.link.incoming);
    assert.equal((await stanzas.next()).value?.id, 'first');
    void stanzas.next();
    const login = heard.join('');
    assert.match(login, /<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>/);
    assert.match(login, /<software>Restanza<\/software>/);
    assert.match(
      login,
      /<bind xmlns='urn:xmpp:bind:0'><tag>rest<\/tag><enable xmlns='urn:xmpp:sm:3' resume='true'\/><\/bind>/,
    );
    await probe.link.send(message('kept'));
    while (!heard.join('').includes("id='kept'")) await new Promise(setImmediate);
    sockets[0]?.[Symbol.dispose]();
    await probe.until('suspended');
    probe.clock.advance(500);
    await probe.until('online');
    while (!heard.join('').includes('<resume')) await new Promise(setImmediate);
    assert.match(heard.join(''), /<resume xmlns='urn:xmpp:sm:3' previd='sm-1' h='1'\/>/);
    while ((heard.join('').match(/id='kept'/g) ?? []).length < 2) await new Promise(setImmediate);
    assert.deepEqual(probe.sessions, [true]);
    const agents = new Set(heard.join('').match(/<user-agent id='[^']*'/g));
    assert.equal(agents.size, 1);
    assert.deepEqual(probe.log.with('stanza dropped'), []);
  });

  it('takes stanzas as large as after any other login, also behind the login at once', async () => {
    const large = (id: string, size: number) =>
      `<message from='bob@home.example/x' id='${id}'><body>${'x'.repeat(size)}</body></message>`;
    const bound = success(`<bound xmlns='${NS.bind2}'>${ENABLED}</bound>`);
    const { server } = await serving(bound + FEATURES + large('1', 40_000) + large('2', 600_000) + large('3', 400_000));
    await using _server = server;
    await using probe = new ClientProbe(server.port, server.options);
    await probe.until('online');
    const stanzas = oneByOne(probe.link.incoming);
    assert.deepEqual([(await stanzas.next()).value?.id, (await stanzas.next()).value?.id], ['1', '3']);
    assert.equal(probe.link.state.name, 'online');
  });

  it('logs in by a mechanism that only the SASL of RFC 6120 has there', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const mechanisms = `<mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism><mechanism>EXTERNAL</mechanism></mechanisms>`;
    await using server = await listenRawTls(socket => {
      socket.once('data', () => {
        socket.write(HEADER + OFFER.replace('</stream:features>', `${mechanisms}</stream:features>`));
        socket.once('data', chunk => resolve(String(chunk)));
      });
    });
    const credential = { kind: 'external' } as const;
    await using _probe = new ClientProbe(server.port, { ...server.options, credential });
    assert.equal(await promise, `<auth xmlns='${NS.sasl}' mechanism='EXTERNAL'>=</auth>`);
  });

  it('does not go on as somebody else', async () => {
    const { server } = await serving(success('', 'mallory@home.example') + FEATURES);
    await using _server = server;
    await using probe = new ClientProbe(server.port, { ...server.options, reconnect: false });
    const { cause } = await probe.until('closed');
    assert.deepEqual([cause.blame, cause.reason], ['server', 'wrong-identity']);
  });

  it('has no hurry any more after a wrong password', async () => {
    const failure = `<failure xmlns='${NS.sasl2}'><not-authorized xmlns='${NS.sasl}'/></failure>`;
    const { server } = await serving(failure);
    await using _server = server;
    await using probe = new ClientProbe(server.port, server.options);
    const { cause, retryIn } = await probe.until('connecting');
    assert.deepEqual([cause?.blame, cause?.condition, retryIn], ['credentials', 'not-authorized', 30]);
  });
});
