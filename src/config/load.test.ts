import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadWritten, type Written } from '../../test/support/configuration.ts';
import { Folder } from '../../test/support/folder.ts';
import { parseJid } from '../xmpp/jid.ts';
import { loadConfig } from './load.ts';

const COMPONENT = `
hosts:
  rest.example.net:
    component:
      server: xmpp://127.0.0.1
      secret: correct horse
`;

/** What a host has besides its kind, when nothing of it is set. */
const HOST = {
  cors: [],
  accounts: new Map(),
  callback: undefined,
  jwt: undefined,
  oauth: undefined,
  callbacks: new Map(),
};

async function configOf(written: Written) {
  const { loaded, lines } = await loadWritten(written);
  assert.deepEqual(lines, []);
  assert.ok(loaded !== undefined);
  return loaded.config;
}

describe('a configuration', () => {
  it('has a value for every key', async () => {
    const { loaded, folder } = await loadWritten({ yaml: COMPONENT });
    assert.deepEqual(loaded?.config, {
      listen: { host: '127.0.0.1', port: 5280 },
      data: join(folder, 'data'),
      log: { level: 'info' },
      iq_timeout: 120,
      iq_max_timeout: 300,
      stanza_size_limit: 196_608,
      request_rate: 0,
      trusted_proxies: [],
      paths: { rest: '/rest', msg: '/msg' },
      journal: { keep: 259_200, size: 1_073_741_824 },
      hosts: new Map([
        [
          'rest.example.net',
          { ...HOST, component: { server: { host: '127.0.0.1', port: 5347 }, secret: 'correct horse' } },
        ],
      ]),
      oauth: undefined,
      demo: false,
    });
  });

  it('holds what the file says', async () => {
    const config = await configOf({
      yaml: `
listen: "[::1]:0"
data: /var/lib/restanza
log: { level: warn }
iq_timeout: 10
iq_max_timeout: 20
stanza_size_limit: 20000
request_rate: 50
trusted_proxies: [127.0.0.1, "10.0.0.0/8"]
paths:
  rest: /xmpp
journal:
  keep: 72h
  size: 512MiB
hosts:
  example.com:
    cors: https://app.example
    embedded:
      c2s: 0.0.0.0:5222
      anonymous: true
      accounts: { Alice: "1234", bob: correct horse }
`,
    });
    assert.deepEqual(config, {
      listen: { host: '::1', port: 0 },
      data: '/var/lib/restanza',
      log: { level: 'warn' },
      iq_timeout: 10,
      iq_max_timeout: 20,
      stanza_size_limit: 20_000,
      request_rate: 50,
      trusted_proxies: ['127.0.0.1', '10.0.0.0/8'],
      paths: { rest: '/xmpp', msg: '/msg' },
      journal: { keep: 259_200, size: 536_870_912 },
      hosts: new Map([
        [
          'example.com',
          {
            ...HOST,
            cors: ['https://app.example'],
            embedded: {
              c2s: { host: '0.0.0.0', port: 5222 },
              anonymous: true,
              accounts: new Map([
                ['alice', '1234'],
                ['bob', 'correct horse'],
              ]),
            },
          },
        ],
      ]),
      oauth: undefined,
      demo: false,
    });
  });

  for (const [name, written] of Object.entries<Written>({
    'without a file': {},
    'with an empty file': { yaml: '' },
    'with a file of comments': { yaml: '# nothing yet\n' },
    'with a file that names no hosts': { yaml: 'log: { level: info }\nhosts:\n' },
    'with an empty list of hosts': { yaml: 'hosts: {}\n' },
    'that only says where clients log in': {
      environment: { RESTANZA_HOSTS__LOCALHOST__EMBEDDED__C2S: '127.0.0.1:5222' },
    },
  })) {
    it(`${name} serves localhost to try`, async () => {
      const { hosts, demo } = await configOf(written);
      const embedded = { c2s: { host: '127.0.0.1', port: 5222 }, anonymous: false, accounts: new Map() };
      assert.deepEqual({ hosts, demo }, { hosts: new Map([['localhost', { ...HOST, embedded }]]), demo: true });
    });
  }

  for (const [name, written] of Object.entries<Written>({
    'in the file': { yaml: 'hosts: { localhost: { embedded: } }\n' },
    'of another kind': {
      environment: { RESTANZA_HOSTS__LOCALHOST__VIRTUALHOST__SERVER: 'xmpp://127.0.0.1' },
    },
    'with accounts': { environment: { RESTANZA_HOSTS__LOCALHOST__EMBEDDED__ACCOUNTS__CAROL: 'x' } },
    'of another name': { environment: { RESTANZA_HOSTS__EXAMPLE__EMBEDDED__C2S: '127.0.0.1:5222' } },
  })) {
    it(`with a host ${name} is nobody's trial`, async () => assert.equal((await configOf(written)).demo, false));
  }

  it('knows a host by its canonical domain', async () => {
    const { hosts } = await configOf({ yaml: 'hosts: { BÜCHER.Example.: { embedded: } }\n' });
    assert.deepEqual([...hosts.keys()], [parseJid('bücher.example')]);
  });

  it('starts relative paths of the file at the file, and those of the environment at the working directory', async () => {
    await using folder = await Folder.make();
    const inner = await folder.makeFolders(['etc']);
    await folder.write('etc/r.yaml', 'data: store\n');
    const from = (environment: Record<string, string>) =>
      loadConfig({ file: 'etc/r.yaml', environment, folder: folder.path }).then(({ config }) => config.data);
    assert.equal(await from({}), join(inner, 'store'));
    assert.equal(await from({ RESTANZA_DATA: 'store' }), join(folder.path, 'store'));
  });
});

/** Files with faults, and every line that is printed about them. */
const FAULTY: Readonly<Record<string, readonly [yaml: string, ...lines: string[]]>> = {
  'an unknown key': [
    `${COMPONENT}      sekret: x\nlisen: 127.0.0.1:1\n`,
    "restanza.yaml:7:7: hosts.rest.example.net.component.sekret: unknown key; did you mean 'secret'?",
    "restanza.yaml:8:1: lisen: unknown key; did you mean 'listen'?",
  ],
  'a key that resembles none': [
    'workers: 4\n',
    'restanza.yaml:1:1: workers: unknown key; known here: listen, data, log, iq_timeout, iq_max_timeout, stanza_size_limit, request_rate, trusted_proxies, paths, journal, hosts, oauth',
  ],
  'what stands elsewhere': [
    'port: 5280\nrest.example.net: { component: }\nembedded:\nlog.level: info\n',
    'restanza.yaml:1:1: port: unknown key; the HTTP API listens at listen: 127.0.0.1:5280',
    'restanza.yaml:2:1: rest.example.net: unknown key; domains stand below hosts',
    'restanza.yaml:3:1: embedded: unknown key; write hosts: { your.domain: { embedded: … } }',
    'restanza.yaml:4:1: log.level: unknown key; known here: listen, data, log, iq_timeout, iq_max_timeout, stanza_size_limit, request_rate, trusted_proxies, paths, journal, hosts, oauth',
  ],
  'addresses that are nearly right': [
    'listen: ::1:5280\nhosts: { a.example: { embedded: { c2s: "127.0.0.1:99999" } } }\n',
    'restanza.yaml:1:9: listen: expected host:port, for example 127.0.0.1:5280; an IPv6 address stands in brackets, as in "[::1]:5280"',
    'restanza.yaml:2:40: hosts.a.example.embedded.c2s: expected host:port, for example 127.0.0.1:5222; a port is at most 65535',
  ],
  'a callback that is only a URL': [
    'hosts: { a.example: { embedded: , callback: "http://b.example/" } }\n',
    'restanza.yaml:1:45: hosts.a.example.callback: write callback: { url: … }',
  ],
  'a password in a group': [
    'hosts: { a.example: { embedded: { accounts: { alice: { password: x } } } } }\n',
    'restanza.yaml:1:54: hosts.a.example.embedded.accounts.alice: expected a text of 1 to 1024 characters on one line, with no keys below it; write alice: a long random text',
  ],
  'certificates that are not there': [
    'hosts: { a.example: { virtualhost: { ca_file: ca.pem } } }\n',
    'restanza.yaml:1:47: hosts.a.example.virtualhost.ca_file: the file cannot be read: there is no such file ($FOLDER/ca.pem)',
  ],
  'a misspelt key is not also missing': [
    'hosts:\n  a.example:\n    component:\n      server: xmpp://a\n      sekret: x\n',
    "restanza.yaml:5:7: hosts.a.example.component.sekret: unknown key; did you mean 'secret'?",
  ],
  'a key that stands twice': [
    'listen: 127.0.0.1:1\nlog:\n  level: info\nlisten: 127.0.0.1:2\n',
    'restanza.yaml:4:1: listen: set already at restanza.yaml:1:1; keep one of them',
  ],
  'a domain in two spellings': [
    'hosts:\n  Example.com:\n    embedded:\n  example.COM.:\n    embedded:\n',
    'restanza.yaml:4:3: hosts.example.COM.: set already at restanza.yaml:2:3; keep one of them',
  ],
  'names that are none': [
    'hosts:\n  user@example.com:\n    embedded:\n  a b:\n    embedded:\n  x.example:\n    embedded: { accounts: { a@b: x, "": y } }\n',
    'restanza.yaml:2:3: hosts.user@example.com: the domainpart must stand alone, such as rest.example.net',
    'restanza.yaml:4:3: hosts.a b: the domainpart holds " ", which no host name may hold',
    'restanza.yaml:7:29: hosts.x.example.embedded.accounts.a@b: the localpart holds @, which RFC 7622 §3.3.1 excludes',
    'restanza.yaml:7:37: hosts.x.example.embedded.accounts.: the localpart is empty',
  ],
  'values of the wrong form': [
    'listen: 5280\ndata: 7\nlog:\n  level: loud\niq_timeout: soon\nstanza_size_limit: 1\n',
    'restanza.yaml:1:9: listen: expected host:port, for example 127.0.0.1:5280',
    'restanza.yaml:2:7: data: expected the path of a folder, but YAML reads this as a number; put it in quotes',
    'restanza.yaml:4:10: log.level: expected one of trace, debug, info, warn, error, fatal, silent, for example debug',
    'restanza.yaml:5:13: iq_timeout: expected a whole number of seconds from 1 to 86400, for example 60',
    'restanza.yaml:6:20: stanza_size_limit: expected a whole number of bytes from 10000 to 16777216, for example 131072',
  ],
  'a password that YAML takes for a number': [
    'hosts:\n  localhost:\n    embedded:\n      accounts:\n        alice: 1234\n        bob: true\n',
    ...[5, 6].map((line, index) => {
      const [name, column, type] = index === 0 ? ['alice', 16, 'number'] : ['bob', 14, 'boolean'];
      return `restanza.yaml:${line}:${column}: hosts.localhost.embedded.accounts.${name}: expected a text of 1 to 1024 characters on one line, but YAML reads this as a ${type}; put it in quotes`;
    }),
  ],
  'a password that YAML takes for a comment, or for an anchor': [
    'hosts:\n  localhost:\n    embedded:\n      accounts:\n        alice: #abc\n        bob: &abc\n',
    ...['5:16: hosts.localhost.embedded.accounts.alice', '6:18: hosts.localhost.embedded.accounts.bob'].map(
      place =>
        `restanza.yaml:${place}: expected a text of 1 to 1024 characters on one line, but YAML reads this as nothing, as what begins with # or &; put it in quotes`,
    ),
  ],
  'a group where a value stands, and a value where a group stands': [
    'listen: { host: 127.0.0.1 }\nlog: info\nhosts: [a]\n',
    'restanza.yaml:1:9: listen: expected host:port, with no keys below it; write listen: 127.0.0.1:5280',
    'restanza.yaml:2:6: log: expected the keys level below it',
    'restanza.yaml:3:8: hosts: expected a domain below it',
  ],
  'a file that is no group': [
    '- listen\n',
    'restanza.yaml:1:1: expected the keys listen, data, log, iq_timeout, iq_max_timeout, stanza_size_limit, request_rate, trusted_proxies, paths, journal, hosts, oauth below it',
  ],
  'what is missing': [
    'listen:\nhosts:\n  a.example:\n    component:\n',
    'restanza.yaml:1:8: listen: expected host:port, for example 127.0.0.1:5280',
    'restanza.yaml:4:5: hosts.a.example.component.server: missing; expected xmpp://host:port, for example xmpp://127.0.0.1:5347',
    'restanza.yaml:4:5: hosts.a.example.component.secret: missing; expected a text of 1 to 1024 characters on one line, for example a long random text, or set secret_file',
  ],
  'a host of no kind, and one of two': [
    'hosts:\n  a.example:\n  b.example:\n    embedded:\n    component: { server: xmpp://b, secret: x }\n',
    'restanza.yaml:2:3: hosts.a.example: set one of component, embedded, virtualhost below it',
    'restanza.yaml:3:3: hosts.b.example: set only one of component, embedded below it',
  ],
  'a wait that may be longer than the longest': [
    'iq_timeout: 400\n',
    'restanza.yaml:1:13: iq_timeout: must not be above iq_max_timeout, which is 300',
  ],
  'one address for two': [
    'listen: 127.0.0.1:5222\nhosts:\n  a.example: { embedded: }\n  b.example: { embedded: { c2s: "127.0.0.1:0" } }\n  c.example: { embedded: { c2s: "127.0.0.1:0" } }\n',
    'restanza.yaml:3:16: hosts.a.example.embedded.c2s: the same address as listen; give each its own port',
  ],
  'one default address for two': [
    'hosts:\n  a.example: { embedded: }\n  b.example: { embedded: }\n',
    'restanza.yaml:3:16: hosts.b.example.embedded.c2s: the same address as hosts.a.example.embedded.c2s; give each its own port',
  ],
};

describe('a configuration file', () => {
  for (const [name, [yaml, ...lines]] of Object.entries(FAULTY)) {
    it(`is refused for ${name}`, async () => assert.deepEqual((await loadWritten({ yaml })).lines, lines));
  }

  it('that was named must be there', async () => {
    await using folder = await Folder.make();
    const load = loadConfig({ file: 'nowhere.yaml', environment: {}, folder: folder.path });
    await assert.rejects(load, { message: 'nowhere.yaml:1:1: there is no such file' });
  });

  it('must be a file', async () => {
    await using folder = await Folder.make();
    await folder.makeFolders(['restanza.yaml']);
    const load = loadConfig({ environment: {}, folder: folder.path });
    await assert.rejects(load, { message: 'restanza.yaml:1:1: this is a folder' });
  });
});

describe('a secret in a file of its own', () => {
  const yaml = 'hosts: { a.example: { component: { server: xmpp://a, secret_file: s } } }\n';
  const key = 'hosts.a.example.component';

  for (const [content, secret] of [
    ['x', 'x'],
    ['x\n', 'x'],
    ['x\r\n', 'x'],
    [' x \n', ' x '],
  ] as const) {
    it(`is ${JSON.stringify(secret)} where the file holds ${JSON.stringify(content)}`, async () => {
      const config = await configOf({ yaml, files: { s: content } });
      assert.equal(config.hosts.get(parseJid('a.example'))?.component?.secret, secret);
    });
  }

  for (const content of ['', '\n']) {
    it(`is refused where the file holds ${JSON.stringify(content)} alone`, async () => {
      const { lines } = await loadWritten({ yaml, files: { s: content } });
      assert.deepEqual(lines, [`restanza.yaml:1:67: ${key}.secret_file: the file is empty`]);
    });
  }

  for (const content of ['x\n\n', '\nx', 'x'.repeat(2000)]) {
    it(`is refused where the file holds ${JSON.stringify(content.slice(0, 9))}`, async () => {
      const { lines } = await loadWritten({ yaml, files: { s: content } });
      assert.match(lines.join(), /^\$FOLDER\/s:1:1: hosts\.a\.example\.component\.secret: expected a text of/);
    });
  }

  for (const [name, content, reason] of [
    ['must be there', undefined, 'there is no such file'],
    ['must not be large', 'x'.repeat(70_000), 'it is larger than 65536 bytes'],
  ] as const) {
    it(name, async () => {
      const { lines } = await loadWritten({ yaml, ...(content !== undefined && { files: { s: content } }) });
      const end = `the file cannot be read: ${reason} (relative paths start at $FOLDER)`;
      assert.deepEqual(lines, [`restanza.yaml:1:67: ${key}.secret_file: ${end}`]);
    });
  }

  it('excludes a secret beside it', async () => {
    const both = yaml.replace('secret_file', 'secret: x, secret_file');
    assert.deepEqual((await loadWritten({ yaml: both })).lines, [
      `restanza.yaml:1:78: ${key}.secret_file: secret is set too; keep one of them`,
    ]);
  });

  it('is not quoted where someone wrote the secret instead of the file', async () => {
    const { lines } = await loadWritten({ yaml: yaml.replace('secret_file: s', 'secret_file: hunter2') });
    assert.equal(lines.length, 1);
    assert.ok(!lines.join().includes('hunter2'));
  });
});

describe('a warning', () => {
  for (const [name, line, lines] of [
    ['the file', 'secret: x', ['restanza.yaml']],
    ['a file of its own', 'secret_file: s', ['$FOLDER/s']],
    ['neither, but in a variable', '', []],
  ] as const) {
    it(`is given for a secret that everybody may read in ${name}`, { skip: process.platform === 'win32' }, async () => {
      const yaml = COMPONENT.replace('secret: correct horse', line);
      const environment = { RESTANZA_HOSTS__REST_EXAMPLE_NET__COMPONENT__SECRET: 'x' };
      const written = { yaml, files: { s: 'x' }, ...(line === '' && { environment }) };
      assert.deepEqual((await loadWritten(written)).warnings, [], 'only its owner may read it');
      assert.deepEqual(
        (await loadWritten({ ...written, mode: 0o644 })).warnings,
        lines.map(file => `${file}:1:1: every user of this machine can read the secrets in it; run chmod 600 on it`),
      );
    });
  }

  for (const listen of ['0.0.0.0:80', '[::]:80', '192.0.2.1:80', 'example.net:80']) {
    it(`is given for HTTP without TLS on ${listen}`, async () => {
      assert.deepEqual((await loadWritten({ yaml: `listen: "${listen}"\n` })).warnings, [
        'restanza.yaml:1:9: listen: passwords travel in clear over HTTP; listen on 127.0.0.1 and put a TLS proxy in front',
      ]);
    });
  }

  for (const listen of ['127.0.0.1:80', '127.0.0.53:80', '[::1]:80', 'localhost:80']) {
    it(`is not given for ${listen}`, async () => {
      assert.deepEqual((await loadWritten({ yaml: `listen: "${listen}"\n` })).warnings, []);
    });
  }
});
