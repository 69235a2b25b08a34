import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestAuthority } from '../../test/support/certificates.ts';
import { loadWritten } from '../../test/support/configuration.ts';
import { parseJid } from '../xmpp/jid.ts';

const COMPONENT = 'component: { server: "xmpp://a", secret: x }';
const URL = 'url: "http://b.example/"';
const KEY = `whsec_${Buffer.alloc(24).toString('base64')}`;

/** What stands below a host, and the keys with what is said of them. */
const FAULTY: Readonly<Record<string, readonly [host: string, ...lines: string[]]>> = {
  'accounts of a component': [
    `${COMPONENT}, accounts: { bot: { password: x } }`,
    'accounts: accounts stand only beside virtualhost; a component has none',
  ],
  'accounts beside an embedded host': [
    'embedded: , accounts: { bot: { password: x } }',
    'accounts: accounts stand only beside virtualhost; those of an embedded host stand below embedded',
  ],
  'an account without a password': [
    'virtualhost: , accounts: { bot: }',
    'accounts.bot: it cannot log in: set password or password_file, or certificate_file with key_file',
  ],
  'an account with a password and a certificate': [
    'virtualhost: , accounts: { bot: { password: x, certificate_file: c, key_file: k } }',
    'accounts.bot.certificate_file: a password is set too; keep one of them',
    'accounts.bot.certificate_file: the file cannot be read: there is no such file ($FOLDER/c)',
  ],
  'a certificate without its key': [
    'virtualhost: , accounts: { bot: { certificate_file: c } }',
    'accounts.bot.certificate_file: set key_file too: the file with its private key',
  ],
  'a key without its certificate': [
    'virtualhost: , accounts: { bot: { password: x, key_file: k } }',
    'accounts.bot.key_file: set certificate_file too, or remove this',
  ],
  'a certificate that nobody would be shown': [
    'virtualhost: { tls: off }, accounts: { bot: { certificate_file: c, key_file: k } }',
    'accounts.bot.certificate_file: a certificate is shown in TLS alone; remove virtualhost.tls: off',
    'accounts.bot.certificate_file: the file cannot be read: there is no such file ($FOLDER/c)',
  ],
  'a callback without a URL': [
    `${COMPONENT}, callback: { delivery: retry }`,
    'callback.url: missing; expected an http or https URL, with {kind}, {type}, {to} and {from} only in its path and query, for example http://127.0.0.1:9999/stanzas/{kind}',
  ],
  'a callback of no keys': [
    `${COMPONENT}, callback: `,
    'callback.url: missing; expected an http or https URL, with {kind}, {type}, {to} and {from} only in its path and query, for example http://127.0.0.1:9999/stanzas/{kind}',
  ],
  'a callback with a bad name': [
    `${COMPONENT}, callbacks: { "a b": { ${URL} } }`,
    'callbacks.a b: a name has 1 to 32 of the characters a-z, 0-9, _ and -',
  ],
  'a header that is none, and one that is not free': [
    `${COMPONENT}, callback: { ${URL}, headers: { "a b": x, Webhook-Id: y } }`,
    'callback.headers.a b: this is no name of an HTTP header, such as x-api-key',
    'callback.headers.Webhook-Id: Restanza sets this header itself; remove it',
  ],
  'presence that nobody can accept': [
    `embedded: , callback: { ${URL}, presence: accept }`,
    "callback.presence: only a component can accept for its addresses; write 'forward' here",
  ],
  'events that an account does not have': [
    `virtualhost: , accounts: { bot: { password: x, callbacks: { a: { ${URL}, events: [bare, host] } } } }`,
    'accounts.bot.callbacks.a.events: an account gets nothing that is addressed to the domain; write [bare, full] or less',
  ],
  'an account with a name of anonymous users': [
    `embedded: { accounts: { anonymous-${'0'.repeat(32)}: x } }`,
    `embedded.accounts.anonymous-${'0'.repeat(32)}: this is a name of anonymous users; choose another one`,
  ],
  'an old key alone': [
    `${COMPONENT}, callback: { ${URL}, old_secret: ${KEY} }`,
    'callback.old_secret: secret is not set; an only key stands there',
  ],
  'two callbacks of one name': [
    `${COMPONENT}, callback: { ${URL} }, callbacks: { callback: { ${URL} } }`,
    'callbacks.callback: the callback beside callbacks has this name; choose another one',
  ],
  'two callbacks of one name, of an account': [
    `virtualhost: , accounts: { bot: { password: x, callback: { ${URL} }, callbacks: { callback: { ${URL} } } } }`,
    'accounts.bot.callbacks.callback: the callback beside callbacks has this name; choose another one',
  ],
  'two ways to log in': [
    `${COMPONENT}, callback: { url: "http://u:p@b.example/", bearer: t }`,
    'callback.url: set only one of a name in url, bearer and headers.authorization: a call can log in once',
  ],
  'keys of an issuer that are nowhere': [
    `${COMPONENT}, jwt: { issuer: "https://a.example", audience: b }`,
    'jwt: set exactly one of jwks_uri and jwks_file',
  ],
  'keys of an issuer in two places': [
    `${COMPONENT}, jwt: { issuer: a, audience: b, jwks_uri: "https://a.example/", jwks_file: keys.json }`,
    'jwt: set exactly one of jwks_uri and jwks_file',
  ],
  'keys of an issuer that anyone could change on their way': [
    `${COMPONENT}, jwt: { issuer: a, audience: b, jwks_uri: "http://a.example/" }`,
    'jwt.jwks_uri: expected an https URL, or an http URL of this machine, for example https://id.example/keys',
  ],
  'an issuer without audience': [
    `${COMPONENT}, jwt: { issuer: a, jwks_file: keys.json }`,
    'jwt.audience: missing; expected a list of names, for example [https://api.example]',
  ],
  'algorithms whose verifiers hold a secret': [
    `${COMPONENT}, jwt: { issuer: a, audience: b, jwks_file: k, algorithms: [HS256] }`,
    'jwt.algorithms: expected a list of ES256, ES384, ES512, EdDSA, Ed25519, PS256, PS384, PS512, RS256, RS384, RS512, for example [ES256]',
  ],
  'an application that acts elsewhere': [
    `${COMPONENT}, oauth: { clients: { r: { secret: x, address: bot@b.example }, s: { secret: x, address: "@" } } }`,
    'oauth.clients.r.address: must be an address at a.example',
    'oauth.clients.s.address: must be an address at a.example',
  ],
  'an application that acts as somebody whose password is not there': [
    'virtualhost: , accounts: { bot: { password: x } }, oauth: { clients: { r: { secret: x, address: eve@a.example } } }',
    'oauth.clients.r.address: nobody can act as eve@a.example without its password; name one of accounts',
  ],
  'direct TLS without TLS': [
    'virtualhost: { server: "xmpps://a", tls: off }',
    'virtualhost.tls: xmpps:// is TLS; write xmpp:// in server, or tls: required',
  ],
};

describe('a host', () => {
  for (const [name, [host, ...lines]] of Object.entries(FAULTY)) {
    it(`is refused for ${name}`, async () => {
      const result = await loadWritten({ yaml: `hosts: { a.example: { ${host} } }\n` });
      assert.deepEqual(
        result.lines.map(line => line.replace(/^restanza\.yaml:[0-9]+:[0-9]+: hosts\.a\.example\./, '')),
        lines,
      );
    });
  }

  it('can have users, accounts and callbacks', async () => {
    const { loaded, lines } = await loadWritten({
      yaml: `
hosts:
  example.com:
    virtualhost: { server: "xmpps://xmpp.example.com", ca_file: ca.pem }
    accounts:
      bot:
        password_file: p
        presence: false
        callback: { url: "http://bot.example/", events: [full] }
    callbacks:
      Audit: { url: "http://audit.example/{kind}", observe: true, types: [chat, set], from: ["*@example.com"] }
`,
      files: { p: 'correct horse\n', 'ca.pem': (await TestAuthority.make()).cert },
    });
    assert.deepEqual(lines, []);
    const host = loaded?.config.hosts.get(parseJid('example.com'));
    const { ca_file, ...users } = host?.virtualhost ?? {};
    assert.deepEqual(users, {
      server: { host: 'xmpp.example.com', port: 5223, directTls: true },
      tls: 'required',
      idle: 300,
      max_sessions: 2000,
      oauth: true,
    });
    assert.match(ca_file ?? '', /\/ca\.pem$/);
    const { callback, callbacks, ...bot } = host?.accounts.get('bot') ?? {};
    const none = { certificate_file: undefined, key_file: undefined };
    assert.deepEqual(bot, { password: 'correct horse', ...none, resource: 'restanza', presence: false });
    assert.deepEqual(callback?.events, ['full']);
    assert.equal(callbacks?.size, 0);
    assert.equal(host?.callback, undefined);
    assert.deepEqual(host?.callbacks.get('audit'), {
      url: { template: 'http://audit.example/{kind}' },
      content_type: 'application/xmpp+xml',
      format: 'rest',
      stanzas: ['message', 'presence', 'iq'],
      events: undefined,
      types: ['chat', 'set'],
      from: ['*@example.com'],
      to: undefined,
      payload: undefined,
      observe: true,
      delivery: 'retry',
      presence: 'forward',
      allow_private: undefined,
      bearer: undefined,
      headers: new Map(),
      secret: undefined,
      old_secret: undefined,
      timeout: 15,
      concurrency: 32,
      max_entries: 100_000,
      max_bytes: 268_435_456,
    });
  });

  it('can have an issuer of tokens, of whom little must be said', async () => {
    const { loaded, lines } = await loadWritten({
      yaml: `hosts: { a.example: { ${COMPONENT}, jwt: { issuer: "https://id.example", audience: [b], jwks_uri: "http://localhost:1/keys" } } }\n`,
    });
    assert.deepEqual(lines, []);
    assert.deepEqual(loaded?.config.hosts.get(parseJid('a.example'))?.jwt, {
      issuer: 'https://id.example',
      audience: ['b'],
      jwks_uri: 'http://localhost:1/keys',
      jwks_file: undefined,
      claim: 'sub',
      algorithms: ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'],
      scopes: ['xmpp'],
    });
  });

  it('has an empty list where the environment says so', async () => {
    const { loaded } = await loadWritten({
      yaml: 'hosts: { a.example: { embedded: , cors: "*" } }\n',
      environment: { RESTANZA_HOSTS__A_EXAMPLE__CORS: '[]' },
    });
    assert.deepEqual(loaded?.config.hosts.get(parseJid('a.example'))?.cors, []);
  });
});

describe('a warning', () => {
  it('is given for a URL with a password in a file that everybody may read', async () => {
    const yaml = `hosts: { a.example: { embedded: , callback: { url: "http://u:p@b.example/" } } }\n`;
    const { warnings } = await loadWritten({ yaml, mode: 0o644 });
    assert.match(warnings.join(), /every user of this machine can read the secrets in it/);
    const without = await loadWritten({ yaml: yaml.replace('u:p@', ''), mode: 0o644 });
    assert.deepEqual(without.warnings, []);
  });

  it('is given for proxies that are everyone', async () => {
    const { warnings } = await loadWritten({ yaml: 'trusted_proxies: [127.0.0.1, "::/0"]\n' });
    assert.deepEqual(warnings, [
      'restanza.yaml:1:18: trusted_proxies: everyone can pretend to come from anywhere; name the addresses of your proxies only',
    ]);
  });
});
