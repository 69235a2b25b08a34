/**
 * `docs/callbacks.md` tells the truth: its tables are those of the program, and its verifiers take what the program signs
 * and nothing else.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bearingOf } from '../src/delivery/bearing.ts';
import { readSecret, sign } from '../src/delivery/sign.ts';
import { statusTerms } from '../src/delivery/statuses.ts';
import { Folder } from './support/folder.ts';

const PAGE = readFileSync(new URL('../docs/callbacks.md', import.meta.url), 'utf8');
const STATUSES = Array.from({ length: 500 }, (_, index) => index + 100);

function block(language: string): string {
  return (
    new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(PAGE)?.[1] ?? assert.fail(`no block of ${language}`)
  );
}

test('the table of errors is that of the program', () => {
  const rows = [...PAGE.matchAll(/^\| ([\d, ]+|any other) \| (\w+), `([a-z-]+)` \|$/gm)];
  const listed = new Map(
    rows.flatMap(([, statuses = '', type, condition]) =>
      (statuses === 'any other' ? [0] : statuses.split(', ').map(Number)).map(status => [
        status,
        `${type} ${condition}`,
      ]),
    ),
  );
  assert.equal(listed.size, 30);
  for (const status of STATUSES.filter(status => status >= 300)) {
    const { type, condition } = statusTerms(status, 'application/xmpp+xml');
    assert.equal(`${type} ${condition}`, listed.get(status) ?? listed.get(0), String(status));
  }
});

test('what follows from a status is what the page says', () => {
  const waiting = [429, 502, 503, 504];
  const again = [408, 425];
  const judged = [501, 505];
  for (const status of STATUSES.filter(status => status >= 200)) {
    const { name } = bearingOf({ name: 'answer', status, body: new Uint8Array() });
    const isJudged = status < 300 || judged.includes(status) || (status >= 400 && status < 500);
    const said =
      status === 410 ? 'gone' : waiting.includes(status) ? 'unwell' : again.includes(status) ? 'failed' : undefined;
    assert.equal(name, said ?? (isJudged ? 'answered' : 'failed'), String(status));
  }
});

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  /** In base64. */
  readonly body: string;
  readonly genuine: boolean;
}

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const KEYS = [Buffer.alloc(24, 1), readSecret(SECRET) ?? assert.fail()];

function send(shift = 0): Sent {
  const [id, timestamp, body] = [randomUUID(), Math.floor(Date.now() / 1000) + shift, randomBytes(randomInt(1, 300))];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': sign({ id, timestamp, body }, KEYS),
  };
  return { headers, body: body.toString('base64'), genuine: true };
}

function withBody(sent: Sent, change: (body: Buffer) => Buffer): Sent {
  return { ...sent, body: change(Buffer.from(sent.body, 'base64')).toString('base64'), genuine: false };
}

function withId(sent: Sent, id: string): Sent {
  return { ...sent, headers: { ...sent.headers, 'webhook-id': id }, genuine: false };
}

/** A thousand calls, and of each kind of forgery as many. */
const CALLS: readonly Sent[] = Array.from({ length: 1_000 }, () => [
  send(),
  withBody(send(), body => Buffer.from(body.map((byte, index) => (index === body.length >> 1 ? byte ^ 1 : byte)))),
  withBody(send(), body => body.subarray(0, -1)),
  { ...send(-360), genuine: false },
  { ...send(360), genuine: false },
  withId(send(), randomUUID()),
]).flat();

/** Programs around the examples: a list of calls in, which of them are accepted out. */
const PROGRAMS: Readonly<Record<string, { readonly file: string; readonly command: string; readonly main: string }>> = {
  python: {
    file: 'verify.py',
    command: 'python3',
    main: `
import json, sys
secret, calls = json.load(sys.stdin)
print(json.dumps([verify(secret, call["headers"], base64.b64decode(call["body"])) for call in calls]))
`,
  },
  js: {
    file: 'verify.mjs',
    command: process.execPath,
    main: `
import { readFileSync } from 'node:fs';
const [secret, calls] = JSON.parse(readFileSync(0, 'utf8'));
const accepted = calls.map(call => verify(secret, call.headers, Buffer.from(call.body, 'base64')));
console.log(JSON.stringify(accepted));
`,
  },
};

for (const [language, { file, command, main }] of Object.entries(PROGRAMS)) {
  const isThere = spawnSync(command, ['--version']).status === 0;
  test(`the verifier in ${language} takes what is signed, and none of what was changed`, {
    skip: !isThere,
  }, async t => {
    await using folder = await Folder.make();
    const path = join(folder.path, file);
    await writeFile(path, block(language) + main);
    const input = JSON.stringify([SECRET, CALLS]);
    const { stdout, stderr } = spawnSync(command, [path], { input, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
    assert.equal(stderr, '');
    const accepted: unknown = JSON.parse(stdout);
    t.diagnostic(`${CALLS.length} calls, ${CALLS.filter(({ genuine }) => !genuine).length} of them forged`);
    assert.deepEqual(
      accepted,
      CALLS.map(({ genuine }) => genuine),
    );
  });
}
