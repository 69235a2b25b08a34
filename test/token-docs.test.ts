/**
 * `docs/tokens.md` tells the truth about scopes, commands, bodies and configuration.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parsePattern } from '../src/auth/jid-pattern.ts';
import { SCOPES } from '../src/auth/scopes.ts';
import { helpText, readCommandLine } from '../src/cli/command-line.ts';
import { tokenBody } from '../src/http/token-body.ts';
import { loadWritten } from './support/configuration.ts';
import { curlLines, paste } from './support/curl.ts';
import { Folder } from './support/folder.ts';
import { PASSWORDS, runGateway } from './support/in-process-gateway.ts';

const PAGE = await readFile(new URL('../docs/tokens.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, content = '']) => content);
}

/** The rows of the table below a head. */
function rowsBelow(head: string): string[][] {
  const [, table = ''] = PAGE.split(`${head}\n|---|---|\n`);
  const [rows = ''] = table.split('\n\n');
  return rows.split('\n').map(row => row.slice(2, -2).split(' | '));
}

test('the scopes are those of the program', () => {
  const scopes = Object.entries(SCOPES).map(([scope, { doc }]) => [`\`${scope}\``, doc]);
  assert.deepEqual(rowsBelow('| Scope | Its bearer may |'), scopes);
});

test('the options are those of the program', () => {
  for (const [option = ''] of rowsBelow('| Option | Meaning |')) {
    assert.match(helpText(), new RegExp(`^  ${option.replaceAll('`', '')} {2,}`, 'm'));
  }
});

test('the commands are understood', () => {
  const commands = blocks('sh').flatMap(block => block.split('\n').filter(line => line.startsWith('restanza ')));
  assert.equal(commands.length, 3);
  for (const command of commands) {
    const words = [...command.matchAll(/"(?<quoted>[^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
    const request = readCommandLine(words.slice(1));
    assert.ok(!('reason' in request), JSON.stringify(request));
  }
});

test('the token is as it is shown', () => {
  const [json = ''] = blocks('json');
  const shown: unknown = JSON.parse(json);
  const record = {
    id: '4fQmZ0aXk2B',
    pattern: parsePattern('bot@rest.example.net'),
    scopes: new Set(['send'] as const),
    label: 'shop',
    rate: 10,
    networks: ['10.0.0.0/8'],
    creator: 'rest.example.net',
    created: Date.parse('2026-01-01T00:00:00Z'),
    expires: Date.parse('2026-04-01T00:00:00Z'),
  };
  assert.equal(JSON.stringify(shown), JSON.stringify(tokenBody(record)));
});

test('the configuration is taken', async () => {
  const [yaml = ''] = blocks('yaml');
  assert.deepEqual((await loadWritten({ yaml })).lines, []);
});

test('the curl lines make a token, and send with it', async t => {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  await using gateway = await runGateway(folder.path);
  const here = (line: string) =>
    line
      .replace('https://xmpp.example', gateway.url)
      .replace('rest.example.net:SECRET', `alice:${PASSWORDS.alice}`)
      .replace('bot@rest.example.net', 'alice@localhost')
      .replace('bob@example.org', 'bob@localhost')
      .replace('10.0.0.0/8', '127.0.0.0/8');
  const [send = '', make = '', ...others] = curlLines(PAGE).map(here);
  assert.deepEqual(others, []);
  const made = await paste(make);
  assert.equal(made.status, 201, made.output);
  const { token } = JSON.parse(made.output) as { readonly token: string };
  assert.equal((await paste(send.replace('$TOKEN', token))).status, 202);
});
