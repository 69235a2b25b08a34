/**
 * The HTTP side against what was recorded from mod_rest: each recorded request is made again, and its answer is the
 * recorded one or a row of `docs/compatibility.md`.
 *
 * Status, media type, errors and echoed stanzas are compared whole. What the XMPP server behind an answer says is not: it
 * was Prosody there, and is the embedded host here. `test/servers/http-vectors.test.ts` compares that too.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway } from '../src/compose.ts';
import { loadConfig } from '../src/config/load.ts';
import { createLog } from '../src/log.ts';
import { compare } from './support/compatibility.ts';
import { Folder } from './support/folder.ts';
import { differing, HTTP_VECTORS } from './support/http-vectors.ts';
import { MISSING } from './support/vectors.ts';

test('requests are answered as recorded, or a deviation is meant', { skip: MISSING }, async t => {
  await using folder = await Folder.make();
  const host = 'RESTANZA_HOSTS__localhost__EMBEDDED__';
  const { config } = await loadConfig({
    folder: folder.path,
    environment: {
      RESTANZA_LISTEN: '127.0.0.1:0',
      [`${host}C2S`]: '127.0.0.1:0',
      [`${host}ACCOUNTS__alice`]: 'secret',
      [`${host}ACCOUNTS__bob`]: 'secret',
    },
  });
  await using gateway = await startGateway(config, createLog('silent'));
  const same = (text: string) => text;
  const replay = { url: gateway.url, isSameServer: false, rewrite: same, authorize: same, tidy: same };
  assert.ok(HTTP_VECTORS.length > 100);
  const different = await differing(HTTP_VECTORS, replay);
  compare(t, { heading: 'HTTP', all: HTTP_VECTORS.map(({ id }) => id), different });
});
