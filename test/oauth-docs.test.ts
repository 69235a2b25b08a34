/**
 * The guide to OAuth tells the truth: its examples are taken, its curl lines give what it says, and its table has every path.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { OAUTH_PATHS } from '../src/oauth/metadata.ts';
import { loadWritten } from './support/configuration.ts';
import { curlLines, paste } from './support/curl.ts';
import { Folder } from './support/folder.ts';
import { runGateway } from './support/in-process-gateway.ts';

const page = await readFile(new URL('../docs/oauth.md', import.meta.url), 'utf8');

test('its examples of the configuration are taken', async () => {
  const blocks = [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)];
  assert.equal(blocks.length, 3);
  for (const [, indent = '', yaml = ''] of blocks) {
    const { lines, loaded } = await loadWritten({ yaml: yaml.replaceAll(new RegExp(`^${indent}`, 'gm'), '') });
    assert.deepEqual(lines, []);
    const [host] = loaded?.config.hosts.values() ?? [];
    assert.equal(host?.oauth?.enabled, true);
  }
});

test('it has every path, and no other', () => {
  const paths = [...page.matchAll(/^\| `(\/[^`]+)` \| (?:GET|POST)/gm)].map(([, path]) => path);
  assert.deepEqual(paths.sort(), Object.values(OAUTH_PATHS).sort());
});

/** What the curl lines give, by a text that only they have. */
const OUTCOMES: Readonly<Record<string, readonly [status: number, answer: RegExp]>> = {
  '/.well-known/': [200, /"token_endpoint":"http:[^"]+\/oauth2\/token"/],
  '/oauth2/register': [201, /^\{"client_id":"[\w-]{22}","client_id_issued_at":\d+,"client_name":"My bot"/],
  'grant_type=client_credentials': [200, /^\{"access_token":"oat_[\w-]{43}","token_type":"bearer","expires_in":3600,/],
};

test('its curl lines give what they should', async () => {
  await using folder = await Folder.make();
  const client = 'RESTANZA_HOSTS__localhost__OAUTH__CLIENTS__reporter__';
  await using gateway = await runGateway(folder.path, {
    [`${client}SECRET`]: 'SECRET',
    [`${client}ADDRESS`]: 'bob@localhost',
  });
  const lines = curlLines(page);
  assert.equal(lines.length, Object.keys(OUTCOMES).length);
  for (const line of lines) {
    const [status, answer] = Object.entries(OUTCOMES).find(([text]) => line.includes(text))?.[1] ?? [0, /^$/];
    const printed = await paste(line.replace('http://127.0.0.1:5280', gateway.url));
    assert.equal(printed.status, status, line);
    assert.match(printed.output, answer);
  }
});
