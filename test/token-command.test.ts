/**
 * Tokens from the command line, beside a gateway that runs: what is printed, that the gateway heeds it, and that no secret
 * is anywhere that it should not be.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { Folder } from './support/folder.ts';
import { freePorts } from './support/ports.ts';
import { Child } from './support/process.ts';
import { basic } from './support/rest-client.ts';
import { newSecret } from './support/secrets.ts';
import { keySet, makeKey, sign } from './support/token-issuer.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const START = 30_000;
const KEY = await makeKey('ES256', 'key');
const ISSUER = 'https://id.example';

/** A folder with a configuration: a component that reaches nobody, an embedded host, users elsewhere, and an issuer. */
async function placed(t: TestContext) {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  const [port = 0] = await freePorts(1);
  const secrets = { component: newSecret(), password: newSecret(), bot: newSecret() };
  await folder.write('keys.json', keySet([KEY]));
  const jwt = { issuer: ISSUER, audience: ['restanza'], jwks_file: 'keys.json' };
  const virtualhost = { server: `xmpp://127.0.0.1:${port}`, tls: 'off' };
  const config = {
    listen: '127.0.0.1:0',
    log: { level: 'trace' },
    hosts: {
      'rest.example': { component: { server: `xmpp://127.0.0.1:${port}`, secret: secrets.component } },
      localhost: { embedded: { c2s: '127.0.0.1:0', accounts: { alice: secrets.password } }, jwt },
      'far.example': { virtualhost, accounts: { bot: { password: secrets.bot } } },
    },
  };
  await folder.write('restanza.yaml', stringify(config));
  const program = (args: readonly string[]) => ({ command: process.execPath, args: [MAIN, ...args], cwd: folder.path });
  const run = async (...args: readonly string[]) => {
    await using child = new Child(program(['token', ...args]));
    const { code } = await child.exited;
    return { code, out: child.stdout, err: child.stderr };
  };
  return { folder: folder.path, secrets, run, start: () => new Child(program(['start'])) };
}

const ID = /^(?<id>[0-9A-Za-z]{11}) for /;
const idIn = (err: readonly string[]) => ID.exec(err[0] ?? '')?.groups?.['id'] ?? '';

/** Where a gateway listens. */
async function urlOf(child: Child): Promise<string> {
  const { url } = JSON.parse(await child.line(['"msg":"listening"'], START)) as { readonly url: string };
  return url;
}

function send(url: string, authorization: string, body: object = {}): Promise<Response> {
  const headers = { authorization, 'content-type': 'application/json' };
  return fetch(`${url}/rest`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ kind: 'message', to: 'alice@localhost', body: 'hi', ...body }),
  });
}

test('a token that is made beside the gateway is good at once, and no more once it is revoked', async t => {
  const { run, start } = await placed(t);
  await using gateway = start();
  const url = await urlOf(gateway);
  const made = await run(
    'create',
    '--jid',
    '*@localhost',
    '--scope',
    'send,query',
    '--scope',
    'receive',
    '--expires',
    '90d',
  );
  assert.equal(made.code, 0, made.err.join('\n'));
  const [token = '', ...others] = made.out;
  assert.match(token, /^rstz_[0-9A-Za-z]{36}$/);
  assert.deepEqual(others, []);
  assert.match(
    made.err.join('\n'),
    /^[0-9A-Za-z]{11} for \*@localhost: send query receive; ends 20\d\d-.*\nKeep it now/,
  );
  assert.equal((await send(url, `Bearer ${token}`)).status, 202);
  const id = idIn(made.err);
  const listed = await run('list');
  assert.match(
    listed.out.join('\n'),
    new RegExp(`^ID .*\\n${id} +\\*@localhost +send query receive +ends 20.*Z$`, 's'),
  );
  assert.deepEqual((await run('revoke', id)).out, [`${id} for *@localhost is revoked.`]);
  assert.equal((await send(url, `Bearer ${token}`)).status, 403);
  assert.deepEqual((await run('revoke', id)).out, [`${id} was revoked before.`]);
});

/** What is written after `token`, the exit code, and what is said. */
const REFUSED: readonly (readonly [readonly string[], number, RegExp])[] = [
  [['create'], 2, /^restanza: --jid: say whom it is for/],
  [['create', '--jid', 'alice@localhost'], 2, /^restanza: --scope: write one or more of send, /],
  [['create', '--jid', 'alice@localhost', '--scope', 'fly'], 2, /^restanza: --scope: write one or more of/],
  [['create', '--jid', 'localhost', '--scope', 'send'], 2, /^restanza: --jid: write an account such as/],
  [['create', '--jid', 'a@b@c', '--scope', 'send'], 2, /^restanza: --jid: the domainpart/],
  [
    ['create', '--jid', 'a@else.example', '--scope', 'send'],
    2,
    /else\.example is not served here; served here: rest\.example, /,
  ],
  [['create', '--jid', '*', '--scope', 'send'], 2, /a token for \* can only have the scope admin/],
  [
    ['create', '--jid', 'alice@far.example', '--scope', 'send'],
    2,
    /only accounts that are always online can \(these are: bot@far\.example\); add it to hosts\.far\.example\.accounts$/,
  ],
  [['create', '--jid', '*@far.example', '--scope', 'send'], 2, /\*@far\.example cannot act without a password/],
  [
    ['create', '--jid', 'a@localhost', '--scope', 'send', '--rate', '1e3'],
    2,
    /^restanza: --rate: write a whole number/,
  ],
  [['create', '--jid', 'a@localhost', '--scope', 'send', '--from', '10.0.0.0/33'], 2, /^restanza: --from: write up to/],
  [['create', '--jid', 'a@localhost', '--scope', 'send', '--expires', 'soon'], 2, /^restanza: --expires: write a time/],
  [['revoke', 'nothing'], 1, /no token has this id/],
  [['revoke'], 2, /token revoke needs an ID after it/],
];

test('what cannot be done says what to do instead, and makes nothing', async t => {
  const { run } = await placed(t);
  for (const [args, code, says] of REFUSED) {
    const refused = await run(...args);
    assert.deepEqual([refused.code, refused.out], [code, []], args.join(' '));
    assert.match(refused.err.join('\n'), says);
  }
  assert.equal((await run('list')).out.length, 1);
});

test('a token for an account that is always online is made; until that is online nothing is sent', async t => {
  const { run, start } = await placed(t);
  const { out, code } = await run('create', '--jid', 'bot@far.example', '--scope', 'xmpp');
  assert.equal(code, 0);
  await using gateway = start();
  const response = await send(await urlOf(gateway), `Bearer ${out[0]}`);
  assert.equal(response.status, 503);
});

test('a damaged file is an error that names it', async t => {
  const { run, folder } = await placed(t);
  await run('list');
  const file = join(folder, 'data', 'tokens.sqlite');
  const bytes = await readFile(file);
  await writeFile(file, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(8192, 0xff)]));
  const { code, err } = await run('list');
  assert.equal(code, 1);
  assert.match(err.join('\n'), /tokens\.sqlite cannot be used: /);
});

test('secrets are in no line of log, no answer and no file, whatever is done with them', async t => {
  const { run, start, folder, secrets } = await placed(t);
  const make = async (...args: readonly string[]) => (await run('create', ...args)).out[0] ?? '';
  const tokens = {
    good: await make('--jid', 'alice@localhost', '--scope', 'xmpp'),
    far: await make('--jid', 'alice@localhost', '--scope', 'send', '--from', '203.0.113.1'),
    narrow: await make('--jid', 'alice@localhost', '--scope', 'receive'),
    slow: await make('--jid', '*@localhost', '--scope', 'send', '--rate', '1'),
    admin: await make('--jid', '*', '--scope', 'admin'),
  };
  const claims = { iss: ISSUER, aud: 'restanza', sub: 'alice', exp: Math.floor(Date.now() / 1000) + 300 };
  const jwts = {
    good: await sign(KEY, claims),
    strange: await sign(KEY, { ...claims, aud: 'somebody-else' }),
    forged: `${(await sign(KEY, claims)).slice(0, -6)}AAAAAA`,
  };
  await using gateway = start();
  const url = await urlOf(gateway);
  const answers: string[] = [];
  const canaries = [...Object.values(tokens), ...Object.values(jwts), ...Object.values(secrets)];
  const ways = canaries.flatMap(secret => [
    `Bearer ${secret}`,
    `Bearer ${secret} x`,
    `Digest ${secret}`,
    basic({ user: 'alice', password: secret }),
    basic({ user: secret, password: 'x' }),
  ]);
  for (const authorization of ways) {
    const response = await send(url, authorization);
    answers.push(`${JSON.stringify([...response.headers])} ${await response.text()}`);
  }
  for (const path of ['/rest', '/events', '/deliveries', '/admin/tokens', '/msg', '/oauth2/token']) {
    const response = await fetch(`${url}${path}?access_token=${tokens.good}`, {
      headers: { authorization: `Bearer ${tokens.admin}`, cookie: `token=${tokens.good}` },
    });
    answers.push(await response.text());
  }
  const made = await fetch(`${url}/admin/tokens`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokens.admin}`,
      'content-type': 'application/json',
      'idempotency-key': 'again',
    },
    body: '{"jid":"*@localhost","scopes":["send"]}',
  });
  const { token } = (await made.json()) as { readonly token: string };
  assert.match(token, /^rstz_/);
  await gateway.stop();
  const files = await Promise.all(
    (await readdir(join(folder, 'data'), { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => readFile(join(entry.parentPath, entry.name), 'latin1')),
  );
  assert.ok(files.length > 3);
  const places = { log: gateway.stdout, errors: gateway.stderr, answers, files };
  for (const [name, texts] of Object.entries(places)) {
    for (const secret of [...canaries, token]) {
      assert.ok(!texts.some(text => text.includes(secret)), `a secret is in ${name}`);
      const encoded = Buffer.from(`alice:${secret}`).toString('base64');
      assert.ok(!texts.some(text => text.includes(encoded)), `an encoded secret is in ${name}`);
    }
  }
  assert.ok(gateway.stdout.some(line => line.includes('a token of an issuer is refused')));
});

test('a token of an issuer lets its account in', async t => {
  const { start } = await placed(t);
  await using gateway = start();
  const url = await urlOf(gateway);
  const claims = { iss: ISSUER, aud: 'restanza', sub: 'alice', exp: Math.floor(Date.now() / 1000) + 300 };
  assert.equal((await send(url, `Bearer ${await sign(KEY, claims)}`)).status, 202);
  const from = { from: 'bob@localhost' };
  assert.equal((await send(url, `Bearer ${await sign(KEY, claims)}`, from)).status, 403);
  const narrow = await send(url, `Bearer ${await sign(KEY, { ...claims, scope: 'receive' })}`);
  assert.match(narrow.headers.get('www-authenticate') ?? '', /insufficient_scope/);
});
