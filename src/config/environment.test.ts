import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadWritten } from '../../test/support/configuration.ts';
import { KEYS } from './keys.ts';
import { variableOf } from './schema.ts';

const YAML = `
log: { level: warn }
hosts:
  rest.example.net: { component: { server: xmpp://127.0.0.1, secret: from the file } }
  my-host.example:
    embedded: { accounts: { alice: from the file, a.b: from the file } }
    callback: { url: "http://a.example/", headers: { X-Api-Key: from the file } }
    callbacks: { orders: { url: "http://b.example/" } }
`;

/** A variable, and the entries that it sets or changes, as their keys and values. */
const UNDERSTOOD: Readonly<Record<string, readonly [value: string, key: string, shown: string]>> = {
  RESTANZA_LISTEN: ['[::1]:1', 'listen', '[::1]:1'],
  RESTANZA_LOG_LEVEL: ['debug', 'log.level', 'debug'],
  RESTANZA_LOG__LEVEL: ['debug', 'log.level', 'debug'],
  RESTANZA_log_level: ['debug', 'log.level', 'debug'],
  RESTANZA_IQ_MAX_TIMEOUT: ['200', 'iq_max_timeout', '200'],
  'RESTANZA_HOSTS__rest.example.net__COMPONENT__SERVER': [
    'xmpp://b:1',
    'hosts.rest.example.net.component.server',
    'xmpp://b:1',
  ],
  RESTANZA_HOSTS__REST_EXAMPLE_NET__COMPONENT__SERVER: [
    'xmpp://b:1',
    'hosts.rest.example.net.component.server',
    'xmpp://b:1',
  ],
  RESTANZA_HOSTS__my_host_example__EMBEDDED__C2S: ['127.0.0.1:1', 'hosts.my-host.example.embedded.c2s', '127.0.0.1:1'],
  'RESTANZA_HOSTS__My-Host.example__embedded__c2s': [
    '127.0.0.1:1',
    'hosts.my-host.example.embedded.c2s',
    '127.0.0.1:1',
  ],
  RESTANZA_HOSTS__MY_HOST_EXAMPLE__EMBEDDED__ACCOUNTS__A_B: [
    'x',
    'hosts.my-host.example.embedded.accounts.a.b',
    '[set]',
  ],
  RESTANZA_HOSTS__MY_HOST_EXAMPLE__EMBEDDED__ACCOUNTS__new__one: [
    'x',
    'hosts.my-host.example.embedded.accounts.new__one',
    '[set]',
  ],
  RESTANZA_TRUSTED_PROXIES: ['10.0.0.0/8,::1', 'trusted_proxies', '[10.0.0.0/8, ::1]'],
  RESTANZA_JOURNAL_KEEP: ['36h', 'journal.keep', '36h'],
  RESTANZA_HOSTS__MY_HOST_EXAMPLE__CORS: ['*', 'hosts.my-host.example.cors', '[*]'],
  RESTANZA_HOSTS__MY_HOST_EXAMPLE__EMBEDDED__ANONYMOUS: ['true', 'hosts.my-host.example.embedded.anonymous', 'true'],
  RESTANZA_HOSTS__MY_HOST_EXAMPLE__CALLBACK__STANZAS: [
    '[message, iq]',
    'hosts.my-host.example.callback.stanzas',
    '[message, iq]',
  ],
  RESTANZA_HOSTS__MY_HOST_EXAMPLE__CALLBACK__HEADERS__X_API_KEY: [
    'x',
    'hosts.my-host.example.callback.headers.x-api-key',
    '[set]',
  ],
  RESTANZA_HOSTS__MY_HOST_EXAMPLE__CALLBACKS__ORDERS__TIMEOUT: [
    '3',
    'hosts.my-host.example.callbacks.orders.timeout',
    '3',
  ],
  'RESTANZA_HOSTS__new.example__EMBEDDED__C2S': ['127.0.0.1:1', 'hosts.new.example.embedded.c2s', '127.0.0.1:1'],
};

const KUBERNETES =
  'unknown variable; Kubernetes sets it for a service that is named restanza: give the service another name, or the pod enableServiceLinks: false';

/** Variables that are refused, with what is said. */
const REFUSED: Readonly<Record<string, string>> = {
  RESTANZA_LISTN: 'unknown variable; did you mean RESTANZA_LISTEN?',
  RESTANZA_LOGLEVEL: 'unknown variable; did you mean RESTANZA_LOG_LEVEL?',
  RESTANZA_HOSTS__x__COMPONENT__SEKRET: 'unknown variable; did you mean RESTANZA_HOSTS__x__COMPONENT__SECRET?',
  RESTANZA_HOSTS__x__EMBEDED__C2S: 'unknown variable; did you mean RESTANZA_HOSTS__x__EMBEDDED__C2S?',
  RESTANZA_HOST__x__EMBEDDED__C2S: 'unknown variable; did you mean RESTANZA_HOSTS__x__EMBEDDED__C2S?',
  RESTANZA_HOSTS__x__CALLBACK__URI: 'unknown variable; did you mean RESTANZA_HOSTS__x__CALLBACK__URL?',
  RESTANZA_HOSTS__x__CALLBACKS__a_name_of_more_than_32_characters__URL:
    'a name has 1 to 32 of the characters a-z, 0-9, _ and -',
  RESTANZA_HOSTS__x__COMPONENT: 'this names a group of keys; add the key after it',
  RESTANZA_HOSTS____EMBEDDED__C2S: 'the domainpart is empty',
  RESTANZA_PORT: 'unknown variable; the port is part of RESTANZA_LISTEN, such as 127.0.0.1:5280',
  RESTANZA_SERVICE_HOST: KUBERNETES,
  RESTANZA_SERVICE_PORT_HTTP: KUBERNETES,
  RESTANZA_PORT_5280_TCP_ADDR: KUBERNETES,
  RESTANZA_WORKERS:
    'unknown variable; known are RESTANZA_LISTEN, RESTANZA_DATA, RESTANZA_LOG_LEVEL, RESTANZA_IQ_TIMEOUT, RESTANZA_IQ_MAX_TIMEOUT, RESTANZA_STANZA_SIZE_LIMIT, RESTANZA_REQUEST_RATE, RESTANZA_TRUSTED_PROXIES, RESTANZA_PATHS_REST, RESTANZA_PATHS_MSG, RESTANZA_JOURNAL_KEEP, RESTANZA_JOURNAL_SIZE, RESTANZA_OAUTH_KEY, RESTANZA_OAUTH_KEY_FILE and RESTANZA_HOSTS__…',
};

describe('an environment variable', () => {
  for (const [variable, [value, key, shown]] of Object.entries(UNDERSTOOD)) {
    it(`${variable} sets ${key}`, async () => {
      const { loaded, lines } = await loadWritten({ yaml: YAML, environment: { [variable]: value } });
      assert.deepEqual(lines, []);
      const entry = loaded?.entries.find(({ path }) => path.join('.') === key);
      assert.deepEqual(entry?.source, { from: 'environment', name: variable });
      assert.equal(entry?.row.form.print(entry.value), shown);
    });
  }

  for (const [variable, reason] of Object.entries(REFUSED)) {
    it(`${variable} is refused`, async () => {
      const { lines } = await loadWritten({ yaml: YAML, environment: { [variable]: 'canary' } });
      assert.deepEqual(lines, [`${variable}: ${reason}`]);
    });
  }

  it('is known as one of Kubernetes by its value too', async () => {
    const { lines } = await loadWritten({ environment: { RESTANZA_PORT: 'tcp://10.0.0.1:5280' } });
    assert.deepEqual(lines, [`RESTANZA_PORT: ${KUBERNETES}`]);
  });

  it('with a value of the wrong form is refused, without the value', async () => {
    const environment = { RESTANZA_LISTEN: 'canary', RESTANZA_IQ_TIMEOUT: 'canary' };
    assert.deepEqual((await loadWritten({ environment })).lines, [
      'RESTANZA_LISTEN: listen: expected host:port, for example 127.0.0.1:5280',
      'RESTANZA_IQ_TIMEOUT: iq_timeout: expected a whole number of seconds from 1 to 86400, for example 60',
    ]);
  });

  it('replaces a wrong value of the file', async () => {
    const { loaded, lines } = await loadWritten({
      yaml: 'listen: nowhere\n',
      environment: { RESTANZA_LISTEN: '127.0.0.1:1' },
    });
    assert.deepEqual(lines, []);
    assert.equal(loaded?.config.listen.port, 1);
  });

  it('without a value counts as not set', async () => {
    const environment = { RESTANZA_LISTEN: '', RESTANZA_NONSENSE: '' };
    assert.deepEqual((await loadWritten({ environment })).lines, []);
  });

  it('of another program is left alone', async () => {
    const environment = { RESTANZAS: 'x', restanza_listen: 'x', XRESTANZA_LISTEN: 'x' };
    assert.deepEqual((await loadWritten({ environment })).lines, []);
  });

  it('is refused beside another one for the same key', async () => {
    const environment = { RESTANZA_LOG_LEVEL: 'info', RESTANZA_LOG__LEVEL: 'info' };
    assert.deepEqual((await loadWritten({ environment })).lines, [
      'RESTANZA_LOG__LEVEL: this sets the same key as RESTANZA_LOG_LEVEL; keep one of them',
    ]);
  });

  it('is refused when it could mean two names', async () => {
    const yaml = 'hosts: { a-b.example: { embedded: { c2s: 127.0.0.1:1 } }, a.b.example: { embedded: } }\n';
    const environment = { RESTANZA_HOSTS__A_B_EXAMPLE__EMBEDDED__C2S: '127.0.0.1:2' };
    assert.deepEqual((await loadWritten({ yaml, environment })).lines, [
      'RESTANZA_HOSTS__A_B_EXAMPLE__EMBEDDED__C2S: this could mean a-b.example or a.b.example; write the name as in the file',
    ]);
  });

  it('can configure a host alone', async () => {
    const environment = {
      'RESTANZA_HOSTS__rest.example.net__COMPONENT__SERVER': 'xmpp://prosody',
      'RESTANZA_HOSTS__rest.example.net__COMPONENT__SECRET': '1234',
    };
    const { loaded } = await loadWritten({ environment });
    const [[domain, host] = []] = [...(loaded?.config.hosts ?? [])];
    assert.equal(domain, 'rest.example.net');
    assert.deepEqual(host?.component, { server: { host: 'prosody', port: 5347 }, secret: '1234' });
  });

  for (const [inFile, variable, value] of [
    ['secret: from the file', 'SECRET_FILE', 's'],
    ['secret_file: nowhere', 'SECRET', 'from outside'],
  ] as const) {
    it(`${variable} replaces the other way to give a secret in the file`, async () => {
      const yaml = YAML.replace('secret: from the file', inFile);
      const environment = { [`RESTANZA_HOSTS__REST_EXAMPLE_NET__COMPONENT__${variable}`]: value };
      const { loaded, lines } = await loadWritten({ yaml, environment, files: { s: 'from outside' } });
      assert.deepEqual(lines, []);
      const [host] = loaded?.config.hosts.values() ?? [];
      assert.equal(host?.component?.secret, 'from outside');
    });
  }
});

describe('the variables', () => {
  it('of all keys are different', () => {
    const names = Object.keys(KEYS).map(key => variableOf(key.split('.')).toUpperCase());
    assert.equal(new Set(names).size, names.length);
  });
});
