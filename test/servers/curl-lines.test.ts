/**
 * What documents tell users to paste does what they say: the curl lines of the README, of `docs/` and of the two modules
 * whose dialect this is, run by a shell, with a client that others have written at the other end.
 *
 * Changed in a line are the address of the gateway, the password where the document has none, and domains that no house
 * of this test serves. A line that is new in our documents fails until `OUTCOMES` says what it leads to.
 */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childNamed, type Element, textOf } from '../../src/xml/element.ts';
import { curlLines, paste } from '../support/curl.ts';
import { startGateway } from '../support/gateway.ts';
import type { Peer } from '../support/peer.ts';
import { startProsody } from '../support/prosody.ts';
import { newSecret } from '../support/secrets.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RESOURCE = 'phone';
const HOST = '127.0.0.1';

/** A gateway, and the clients behind it by their bare addresses. */
interface House {
  readonly url: string;
  readonly peers: ReadonlyMap<string, Peer>;
}

/** What a line leads to. */
interface Outcome {
  readonly status: number;
  /** What the answer is like. */
  readonly answer: RegExp;
  /** The message that arrives, where the line sends one. */
  readonly message?: { readonly to: string; readonly from: string; readonly body: string };
}

const SENT = { status: 202, answer: /^$/ } as const;

/** Lines of our documents by a text that only they have. */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  '"body": "Hello!"': { ...SENT, message: { from: 'alice@localhost', to: 'bob@localhost', body: 'Hello!' } },
  'bot@rest.example.net': {
    ...SENT,
    message: { from: 'bot@rest.example.net', to: 'user@example.org', body: 'Hello!' },
  },
  '"body":"Hello"': { ...SENT, message: { from: 'alice@example.com', to: 'bob@example.com', body: 'Hello' } },
  'Hello Bob!': { ...SENT, message: { from: 'alice@localhost', to: 'bob@localhost', body: 'Hello Bob!' } },
  'text/event-stream': { status: 200, answer: /^retry: \d+\n/ },
  '/rest/version/localhost': { status: 200, answer: /^\{"kind":"iq","type":"result",.*"version":\{"name":"Restanza"/ },
};

/** Lines of the documents of mod_rest and mod_post_msg. */
const MODULES: readonly (readonly [line: string, outcome: Outcome])[] = [
  [
    `curl https://prosody.example:5281/rest \\
    --user username \\
    -H 'Content-Type: application/xmpp+xml' \\
    --data-binary '<message type="chat" to="user@example.org">
            <body>Hello!</body>
        </message>'`,
    { ...SENT, message: { from: 'username@example.com', to: 'user@example.com', body: 'Hello!' } },
  ],
  [
    `curl https://prosody.example:5281/rest \\
    --user username \\
    -H 'Content-Type: application/json' \\
    --data-binary '{
           "body" : "Hello!",
           "kind" : "message",
           "to" : "user@example.org",
           "type" : "chat"
        }'`,
    { ...SENT, message: { from: 'username@example.com', to: 'user@example.com', body: 'Hello!' } },
  ],
  [
    `curl https://prosody.example:5281/rest/message/chat/john@example.com \\
    --user username \\
    -H 'Content-Type: text/plain' \\
    --data-binary 'Hello John!'`,
    { ...SENT, message: { from: 'username@example.com', to: 'john@example.com', body: 'Hello John!' } },
  ],
  [
    `curl https://prosody.example:5281/rest \\
    --user username \\
    -H 'Content-Type: application/xmpp+xml' \\
    --data-binary '<iq type="get" to="example.net">
            <ping xmlns="urn:xmpp:ping"/>
        </iq>'`,
    { status: 200, answer: /^<iq (?=[^>]*type='result')(?=[^>]*from='example\.com')[^>]*\/>$/ },
  ],
  [
    `curl https://prosody.example:5281/rest/version/example.com \\
    --user username \\
    -H 'Accept: application/json'`,
    { status: 200, answer: /^\{"kind":"iq","type":"result",.*"version":\{"name":"Restanza"/ },
  ],
  [
    'curl http://example.com:5280/msg/user -u me@example.com:mypassword -H "Content-Type: text/plain" -d "Server@host has just crashed!"',
    {
      status: 201,
      answer: /^$/,
      message: { from: 'me@example.com', to: 'user@example.com', body: 'Server@host has just crashed!' },
    },
  ],
];

const resources = new AsyncDisposableStack();
const password = newSecret();
/** The host of a first start. */
let localhost: House;
/** Prosody for example.org, with the gateway as the component of the README. */
let component: House;
/** The host that the documents of the modules are run against. */
let exampleCom: House;

before(async () => {
  localhost = await embeddedHouse('localhost', { alice: password, bob: password }, ['bob']);
  const accounts = Object.fromEntries(['username', 'user', 'john', 'alice', 'bob'].map(name => [name, password]));
  exampleCom = await embeddedHouse('example.com', { ...accounts, me: 'mypassword' }, ['user', 'john', 'bob']);
  component = await componentHouse();
});
after(() => resources.disposeAsync());

type Users = Readonly<Record<string, string>>;

async function embeddedHouse(domain: string, accounts: Users, online: readonly string[]): Promise<House> {
  const gateway = resources.use(await startGateway({ [domain]: { embedded: { c2s: `${HOST}:0`, accounts } } }));
  return { url: gateway.url, peers: await clients(gateway.c2s(domain).port, domain, online) };
}

async function componentHouse(): Promise<House> {
  const own = { domain: 'rest.example.net', secret: 'correct-horse-battery-staple' };
  const server = resources.use(
    await startProsody({ domain: 'example.org', users: { user: password }, component: own }),
  );
  const address = `xmpp://${HOST}:${server.ports.component}`;
  const gateway = resources.use(
    await startGateway({ [own.domain]: { component: { server: address, secret: own.secret } } }),
  );
  await gateway.online(own.domain);
  return { url: gateway.url, peers: await clients(server.ports.c2s, 'example.org', ['user']) };
}

/** Logs users in; returns the clients by their bare addresses. */
async function clients(port: number, domain: string, users: readonly string[]): Promise<ReadonlyMap<string, Peer>> {
  const pairs = users.map(async user => {
    const login = { host: HOST, port, user, domain, password, resource: RESOURCE };
    return [`${user}@${domain}`, resources.use(await connectSlixmpp(login))] as const;
  });
  return new Map(await Promise.all(pairs));
}

/** Where a line of our documents can be run. */
function houseOf(line: string): House {
  if (line.includes('rest.example.net')) return component;
  return line.includes('@example.com') ? exampleCom : localhost;
}

/** The line with what has to be another one here. */
function here(line: string, { url }: House): string {
  return line
    .replace(/https?:\/\/[\w.-]+:\d+/, url)
    .replace(/--user username(?=\s)/, '--user username:PASSWORD')
    .replaceAll('PASSWORD', password);
}

async function leadsTo(line: string, { status, answer, message }: Outcome, house: House): Promise<void> {
  const printed = await paste(here(line, house));
  assert.equal(printed.status, status, printed.output);
  assert.match(printed.output, answer);
  if (message === undefined) return;
  const peer = house.peers.get(message.to);
  assert.ok(peer !== undefined, `${message.to} is not logged in`);
  const arrived = await peer.next(({ name }) => name === 'message', 'the message');
  assert.deepEqual(
    { from: arrived.attrs['from'], type: arrived.attrs['type'], body: bodyOf(arrived) },
    {
      from: message.from,
      type: 'chat',
      body: message.body,
    },
  );
}

function bodyOf(message: Element): string | undefined {
  const body = childNamed(message, 'body');
  return body === undefined ? undefined : textOf(body);
}

/** Where a page has a command that it should be possible to read: `curl` with an option or an address behind it. */
const MENTION = /\bcurl\s+(?:\\\s*)?["']?(?:-|https?:)/g;

/** Pages whose lines need more around them, with the test that runs them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'docs/events.md': 'test/events-page.test.ts',
  'docs/tokens.md': 'test/token-docs.test.ts',
  'docs/oauth.md': 'test/oauth-docs.test.ts',
};

const linesInDocuments: string[] = [];
for (const file of ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })]) {
  if (file in ELSEWHERE) continue;
  const page = await readFile(`${ROOT}/${file}`, 'utf8');
  const lines = curlLines(page);
  linesInDocuments.push(...lines);
  test(`all curl lines of ${file} can be read`, () => {
    assert.equal(lines.length, page.match(MENTION)?.length ?? 0, lines.join('\n'));
  });
  for (const line of lines) {
    test(`${file}: ${line}`, async () => {
      const [outcome, ...more] = Object.entries(OUTCOMES).filter(([text]) => line.includes(text));
      assert.ok(outcome !== undefined && more.length === 0, 'say in OUTCOMES what this line leads to');
      await leadsTo(line, outcome[1], houseOf(line));
    });
  }
}

test('the documents have the lines that this test knows', () => {
  for (const text of Object.keys(OUTCOMES)) {
    assert.ok(
      linesInDocuments.some(line => line.includes(text)),
      `no line has ${text}`,
    );
  }
});

for (const [line, outcome] of MODULES) {
  test(`the modules: ${line}`, () => {
    const local = line.replaceAll(/example\.(?:org|net)\b/g, 'example.com');
    return leadsTo(local, outcome, exampleCom);
  });
}
