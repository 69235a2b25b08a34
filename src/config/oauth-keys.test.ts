/**
 * The keys of the authorization server: which values they take, and what stands there when nothing is said.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadWritten } from '../../test/support/configuration.ts';

const HOST = 'hosts: { localhost: { embedded: { c2s: "127.0.0.1:0", accounts: { alice: x } }, oauth:';

async function oauthOf(yaml: string) {
  const { loaded, lines } = await loadWritten({ yaml });
  assert.deepEqual(lines, []);
  const [host] = loaded?.config.hosts.values() ?? [];
  return host?.oauth;
}

describe('the keys of OAuth', () => {
  it('make a host an authorization server as soon as one is set', async () => {
    assert.equal(
      await oauthOf('hosts: { localhost: { embedded: { c2s: "127.0.0.1:0", accounts: { alice: x } } } }'),
      undefined,
    );
    assert.deepEqual(await oauthOf(`${HOST} { name: Chat } } }`), {
      enabled: true,
      registration: true,
      password_grant: false,
      require_pkce: true,
      access_lifetime: 3600,
      refresh_lifetime: 604_800,
      public_url: undefined,
      name: 'Chat',
      style_file: undefined,
      clients: new Map(),
    });
  });

  it('take a public URL without a path', async () => {
    for (const url of ['https://rest.example.com', 'https://rest.example.com:8443/', 'http://127.0.0.1:5280']) {
      assert.equal((await oauthOf(`${HOST} { public_url: "${url}" } } }`))?.public_url, new URL(url).origin);
    }
    for (const url of [
      'http://rest.example.com',
      'https://rest.example.com/x',
      'https://u@rest.example.com',
      'rest',
      '*',
    ]) {
      const { lines } = await loadWritten({ yaml: `${HOST} { public_url: "${url}" } } }` });
      assert.match(lines.join(), /expected an https URL without a path/, url);
    }
  });

  it('take a key of 32 bytes, and show it to nobody', async () => {
    const bytes = Buffer.alloc(32, 7);
    for (const key of [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')]) {
      const { loaded, lines } = await loadWritten({ yaml: `oauth: { key: "${key}" }\n${HOST} { enabled: true } } }` });
      assert.deepEqual(lines, []);
      assert.deepEqual(loaded?.config.oauth?.key, bytes);
    }
    const short = bytes.subarray(1).toString('hex');
    const { lines } = await loadWritten({ yaml: `oauth: { key: "${short}" }` });
    assert.equal(lines.length, 1);
    assert.ok(!lines.join().includes(short));
  });

  it('take clients with a secret and an address each', async () => {
    const oauth = await oauthOf(`${HOST} { clients: { Reporter.1: { secret: s, address: alice@localhost } } } } }`);
    assert.deepEqual(oauth?.clients, new Map([['Reporter.1', { secret: 's', address: 'alice@localhost' }]]));
    for (const client of ['"a b": { secret: s, address: x }', 'a: { secret: s }', 'a: { address: x }']) {
      const { lines } = await loadWritten({ yaml: `${HOST} { clients: { ${client} } } } }` });
      assert.equal(lines.length, 1, client);
    }
  });
});
