import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadWritten } from '../../test/support/configuration.ts';
import { valueTable } from './report.ts';

describe('the table of values', () => {
  it('shows each value with its source, and no secret', async () => {
    const yaml = `
listen: 127.0.0.1:0
hosts:
  a.example: { component: { server: xmpp://a, secret: canary-1 } }
  b.example: { embedded: { accounts: { bob: canary-2 } }, cors: ["*"] }
  c.example: { component: { server: xmpp://c, secret_file: s } }
`;
    const environment = { RESTANZA_LOG_LEVEL: 'warn' };
    const { loaded, folder } = await loadWritten({ yaml, environment, files: { s: 'canary-3' } });
    const table = valueTable(loaded?.entries ?? []).replaceAll(folder, '$FOLDER');
    assert.deepEqual(
      table.split('\n').map(line => line.split(/ {2,}/)),
      [
        ['listen', '127.0.0.1:0', 'restanza.yaml:2:9'],
        ['data', '$FOLDER/data', 'default'],
        ['log.level', 'warn', 'RESTANZA_LOG_LEVEL'],
        ['iq_timeout', '120', 'default'],
        ['iq_max_timeout', '300', 'default'],
        ['stanza_size_limit', '196608', 'default'],
        ['request_rate', '0', 'default'],
        ['trusted_proxies', '[]', 'default'],
        ['paths.rest', '/rest', 'default'],
        ['paths.msg', '/msg', 'default'],
        ['journal.keep', '3d', 'default'],
        ['journal.size', '1GiB', 'default'],
        ['hosts.a.example.cors', '[]', 'default'],
        ['hosts.a.example.component.server', 'xmpp://a:5347', 'restanza.yaml:4:37'],
        ['hosts.a.example.component.secret', '[set]', 'restanza.yaml:4:55'],
        ['hosts.b.example.cors', '[*]', 'restanza.yaml:5:65'],
        ['hosts.b.example.embedded.c2s', '127.0.0.1:5222', 'default'],
        ['hosts.b.example.embedded.anonymous', 'false', 'default'],
        ['hosts.b.example.embedded.accounts.bob', '[set]', 'restanza.yaml:5:45'],
        ['hosts.c.example.cors', '[]', 'default'],
        ['hosts.c.example.component.server', 'xmpp://c:5347', 'restanza.yaml:6:37'],
        ['hosts.c.example.component.secret', '[set]', '$FOLDER/s:1:1'],
        [''],
      ],
    );
  });

  it('shows no secret of a callback or an account', async () => {
    const yaml = `
hosts:
  a.example:
    virtualhost:
    accounts: { bot: { password: canary-1, callback: { url: "http://canary-2:canary-3@b.example/x" } } }
    callback:
      url: http://c.example
      bearer: canary-4
      headers: { x-api-key: canary-5 }
      secret: whsec_AAAAcanarycanarycanarycanarycanary6AAAAA
      old_secret_file: s
`;
    const key = 'whsec_AAAAcanarycanarycanarycanarycanary7AAAAA';
    const { loaded, lines } = await loadWritten({ yaml, files: { s: `${key}\n` } });
    assert.deepEqual(lines, []);
    const table = valueTable(loaded?.entries ?? []);
    assert.ok(!table.includes('canary'), table);
    assert.match(table, /accounts\.bot\.callback\.url +http:\/\/\[set\]@b\.example\/x /);
    assert.match(table, /callback\.old_secret +\[set\] /);
  });

  it('has its columns one below the other', async () => {
    const { loaded } = await loadWritten({ yaml: 'log: { level: warn }\n' });
    const lines = valueTable(loaded?.entries ?? [])
      .trimEnd()
      .split('\n');
    const columns = lines.map(line => [...line.matchAll(/(?<= {2})[^ ]/g)].map(({ index }) => index).join());
    assert.equal(new Set(columns).size, 1, lines.join('\n'));
  });
});
