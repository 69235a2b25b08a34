/**
 * The conformance suite itself: what it says of a gateway, of a server that is wrong, and of a wrong command line.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import type { Case } from '../conformance/case.ts';
import { CASES } from '../conformance/cases.ts';
import { judge } from '../conformance/comparison.ts';
import { main } from '../conformance/run.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, runGateway } from './support/in-process-gateway.ts';

/** Runs the suite and gives back what it prints. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  let out = '';
  let err = '';
  const code = await main(args, {
    environment,
    out: text => {
      out += text;
    },
    err: text => {
      err += text;
    },
  });
  return { code, out, err };
}

const LOGIN = ['--user', 'alice', '--password', PASSWORDS.alice];

/** A server that answers every request in one way. */
async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

test('a gateway differs from mod_rest in nothing that is not documented', async t => {
  await using folder = await Folder.make();
  await using gateway = await runGateway(folder.path);
  const everything = ['--peer', 'bob@localhost', '--msg', '/msg'];
  const { code, out, err } = await run(['--url', gateway.url, ...LOGIN, ...everything]);
  t.diagnostic(out.trimEnd().split('\n').at(-1) ?? '');
  assert.deepEqual(
    out.split('\n').filter(line => line.startsWith('different')),
    [],
  );
  assert.match(out, /\nsame \d+, mended \d+, different 0, skipped 0\n$/);
  assert.equal(err, '');
  assert.equal(code, 0);
});

test('a server that says 200 to everything is different', async () => {
  await using server = await serve((request, response) => request.resume().on('end', () => response.end('fine')));
  const { code, out } = await run(['--url', server.url, ...LOGIN, '--peer', 'bob@localhost', '--msg', '/msg']);
  assert.equal(code, 1);
  const [same = 0, mended = 0] = [...out.matchAll(/(?:same|mended) (\d+)/g)].map(([, count]) => Number(count));
  assert.equal(same, 0);
  assert.equal(mended, 1, 'an answer to HEAD has nothing but a status');
  assert.match(out, /^different {2}send JSON +expected 202; found 200 fine$/m);
});

test('a case that lacks its peer is skipped', async () => {
  await using server = await serve((request, response) => request.resume().on('end', () => response.end()));
  const { code, out } = await run(['--url', server.url, ...LOGIN, '--only', '^send JSON$']);
  assert.equal(code, 0);
  assert.match(out, /^skipped {4}send JSON {2}needs --peer\n/);
});

test('a server that drops the connection is different, one that is not there an error', async () => {
  await using server = await serve(({ url, socket }, response) => {
    if (url === '/rest/ping/localhost') response.end();
    else socket.destroy();
  });
  const args = ['--url', server.url, ...LOGIN, '--only', 'as a form$|echo'];
  const { code, out } = await run(args);
  assert.equal(code, 1);
  assert.match(out, /^different {2}echo .* no answer: socket hang up$/m);
  await server[Symbol.asyncDispose]();
  assert.match((await run(args)).err, /does not answer: .*ECONNREFUSED.*; is the server running\?/);
});

test('a password that is refused is said at once, and not shown', async () => {
  await using server = await serve((_request, response) => response.writeHead(403).end());
  const { code, out, err } = await run(['--url', server.url, '--user', 'alice'], { CONFORMANCE_PASSWORD: 'hidden' });
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /answers 403 to --user and --password; are they right\?/);
  assert.doesNotMatch(err, /hidden/);
});

const URL_OPTION = ['--url', 'http://127.0.0.1:1'];

const WRONG: readonly (readonly [args: readonly string[], fault: RegExp])[] = [
  [[], /--user is missing/],
  [LOGIN, /--url is missing/],
  [[...URL_OPTION, '--user', 'alice'], /--password is missing/],
  [['--url', 'localhost:5280', ...LOGIN], /--url must be http/],
  [['--url', 'http://localhost:5280/rest', ...LOGIN], /--url must be http/],
  [[...URL_OPTION, ...LOGIN, '--peer', 'bob'], /--peer 'bob' is no bare address/],
  [[...URL_OPTION, ...LOGIN, '--domain', 'a b'], /--domain 'a b' is no domain/],
  [[...URL_OPTION, ...LOGIN, '--rest', 'rest'], /--rest 'rest' must begin with a slash/],
  [[...URL_OPTION, ...LOGIN, '--only', '('], /--only '\(' is no regular expression/],
  [[...URL_OPTION, ...LOGIN, '--only', 'no such case'], /matches the name of no case/],
  [['--nope'], /Unknown option '--nope'/],
];

for (const [args, fault] of WRONG) {
  test(`conformance ${args.filter(word => word !== PASSWORDS.alice).join(' ')} is refused: ${fault.source}`, async () => {
    const { code, err } = await run(args);
    assert.equal(code, 2);
    assert.match(err, fault);
  });
}

test('help names every option', async () => {
  const { code, out } = await run(['--help']);
  assert.equal(code, 0);
  for (const option of ['url', 'user', 'password', 'peer', 'domain', 'rest', 'msg', 'only']) {
    assert.match(out, new RegExp(`--${option} `));
  }
});

/** An expected stanza, a found one, and whether they are the same. */
const STANZAS: readonly (readonly [expected: string, found: string, same: boolean])[] = [
  ["<iq id='*' to='{me}'/>", "<iq to='alice@localhost' id='7' xmlns='jabber:client'/>", true],
  ["<iq id='*'/>", '<iq/>', false],
  ["<iq id='*'/>", "<iq id='7' type='get'/>", false],
  ["<iq to='a'/>", "<iq to='b'/>", false],
  [
    '<message><subject>a</subject><body>b</body></message>',
    '<message><body>b</body><subject>a</subject></message>',
    true,
  ],
  ['<message><body>b</body></message>', '<message><body>c</body></message>', false],
  ['<message><body>b</body></message>', '<message><body>b</body><body>b</body></message>', false],
  ['<message><body>b</body></message>', "<message><body xmlns='urn:example:x'>b</body></message>", false],
  ['<message/>', '<message>', false],
];

for (const [xml, found, same] of STANZAS) {
  test(`${found} is ${same ? 'the same as' : 'different from'} ${xml}`, () => {
    const reply = { status: 200, headers: { 'content-type': 'application/xmpp+xml' }, body: Buffer.from(found) };
    const one: Case = { name: 'x', request: { path: '/' }, original: [{ status: 200, body: { xml } }] };
    const { outcome } = judge(one, reply, text => text.replace('{me}', 'alice@localhost'));
    assert.equal(outcome, same ? 'same' : 'different');
  });
}

describe('the cases', () => {
  test('have names of their own', () => {
    const names = CASES.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  test('name rows of docs/compatibility.md', async () => {
    const page = await readFile(new URL('../docs/compatibility.md', import.meta.url), 'utf8');
    for (const { name, mended } of CASES) {
      if (mended !== undefined) assert.ok(page.includes(`\n| ${mended.row} |`), `${name}: ${mended.row}`);
    }
  });
});
