/**
 * The session that a request acts through, seen over HTTP, when something happens to it before the answer: the server forgets
 * it, or others want its place. The server is one of the tests, and does so when it is told to.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { TokenStore } from '../src/auth/token-store.ts';
import { readTerms } from '../src/auth/token-terms.ts';
import { type C2sConnection, C2sServer } from './support/c2s-server.ts';
import { Folder } from './support/folder.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import { runGateway } from './support/in-process-gateway.ts';
import { MemoryLog } from './support/memory-log.ts';
import { freePorts } from './support/ports.ts';
import { basic, JSON_TYPE, post, type Reply } from './support/rest-client.ts';
import { newSecret } from './support/secrets.ts';

const DOMAIN = 'home.example';
const PASSWORDS = { alice: newSecret(), carol: newSecret(), bot: newSecret() };
type User = keyof typeof PASSWORDS;

/** A server, a gateway before it, for which `bot` is always online, and its data. */
interface House extends AsyncDisposable {
  readonly server: C2sServer;
  readonly gateway: Gateway;
  readonly data: string;
}

async function house(more: { readonly max_sessions?: number } = {}): Promise<House> {
  await using owned = new AsyncDisposableStack();
  const server = owned.use(await C2sServer.listen({ domain: DOMAIN, passwords: PASSWORDS }));
  const data = join(owned.use(await Folder.make()).path, 'data');
  const virtualhost = { server: `xmpp://127.0.0.1:${server.port}`, tls: 'off', ...more };
  const accounts = { bot: { password: PASSWORDS.bot } };
  const secrets = Object.values(PASSWORDS);
  const gateway = owned.use(await startGateway({ [DOMAIN]: { virtualhost, accounts } }, { data, secrets }));
  const opened = owned.move();
  return { server, gateway, data, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const login = (user: User) => basic({ user: `${user}@${DOMAIN}`, password: PASSWORDS[user] });

/** How an account shows over HTTP who it is. */
const CREDENTIALS: Readonly<Record<'alice' | 'bot', (house: House) => string>> = {
  alice: () => login('alice'),
  bot({ data }) {
    using store = TokenStore.open(join(data, 'tokens.sqlite'), new MemoryLog());
    return `Bearer ${store.create(readTerms({ jid: `bot@${DOMAIN}`, scopes: ['query'] }, Date.now())).token}`;
  },
};

/** The connection in whose session an iq arrives. */
async function asked(server: C2sServer, user: User, id: string): Promise<C2sConnection> {
  for (;;) {
    const connection = await server.next();
    const { session } = connection;
    if (!session?.address.startsWith(`${user}@`)) continue;
    while ((await session.arrived.take()).attrs['id'] !== id);
    return connection;
  }
}

/** What is never answered. */
const query = (id: string) =>
  JSON.stringify({ kind: 'iq', type: 'get', id, to: `peer@${DOMAIN}/phone`, version: true });

for (const user of ['alice', 'bot'] as const) {
  test(`who waits for an answer in a session that the server has forgotten is told at once, as ${user}`, async () => {
    await using here = await house();
    const { server, gateway } = here;
    await gateway.logged([`"account":"bot@${DOMAIN}"`, '"msg":"client session has begun"']);
    const headers = { authorization: CREDENTIALS[user](here) };
    const waiting = post(gateway.url, { body: query('q'), type: JSON_TYPE, headers });
    const connection = await asked(server, user, 'q');
    server.remembers = false;
    connection.reset();
    const reply = await waiting;
    assert.equal(reply.status, 503, reply.text);
    assert.match(reply.text, /"link-lost"/);
  });
}

const MESSAGE = JSON.stringify({ kind: 'message', to: `peer@${DOMAIN}`, body: 'a few bytes' });
/** Bytes of it that come at once where it comes slowly. */
const BEGINNING = 9;
/** Milliseconds within which it is noticed that a client has gone. */
const NOTICED = 5_000;

/** Posts a message. */
function message({ gateway }: House, user: User): Promise<Reply> {
  return post(gateway.url, { body: MESSAGE, type: JSON_TYPE, headers: { authorization: login(user) } });
}

/** Opens a connection and sends the text of requests. */
function send({ gateway }: House, ...texts: readonly string[]): Socket {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.write(texts.join(''));
  return socket;
}

/** The text of a request as alice, or the beginning of it. */
function text(body: string, bytes = body.length): string {
  const fields = [`Authorization: ${login('alice')}`, `Content-Type: ${JSON_TYPE}`, `Content-Length: ${body.length}`];
  return ['POST /rest HTTP/1.1', 'Host: localhost', ...fields, '', body.slice(0, bytes)].join('\r\n');
}

test('a session makes no room while the body of a request to it comes, and does when that is answered', async () => {
  await using here = await house({ max_sessions: 1 });
  const socket = send(here, text(MESSAGE, BEGINNING));
  await here.gateway.logged([`"account":"alice@${DOMAIN}"`, '"msg":"client session has begun"']);
  const refused = await message(here, 'carol');
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.text, /"too-many-sessions"/);
  socket.write(MESSAGE.slice(BEGINNING));
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 202 /);
  assert.equal((await message(here, 'carol')).status, 202);
  socket.destroy();
});

test('a session makes room when who made requests to it has gone, also one that was not its turn', async () => {
  await using here = await house({ max_sessions: 1 });
  const socket = send(here, text(query('q')), text(MESSAGE), text(MESSAGE, BEGINNING));
  await asked(here.server, 'alice', 'q');
  assert.equal((await message(here, 'carol')).status, 503);
  socket.destroy();
  const deadline = performance.now() + NOTICED;
  while ((await message(here, 'carol')).status !== 202) assert.ok(performance.now() < deadline, 'it is still held');
});

test('requests of users whose server is away do not fill the log', async () => {
  await using folder = await Folder.make();
  const [port] = await freePorts(1);
  const host = `RESTANZA_HOSTS__${DOMAIN}__VIRTUALHOST__`;
  const away = { [`${host}SERVER`]: `xmpp://127.0.0.1:${port}`, [`${host}TLS`]: 'off' };
  await using gateway = await runGateway(folder.path, away);
  for (let made = 0; made < 60; made += 1) {
    const refused = await post(gateway.url, {
      body: MESSAGE,
      type: JSON_TYPE,
      headers: { authorization: login('alice') },
    });
    assert.equal(refused.status, 503);
  }
  const closed = gateway.lines.filter(({ msg }) => msg === 'client link is closed');
  assert.ok(closed.length >= 20 && closed.length <= 40, `${closed.length} lines for 60 requests`);
});
