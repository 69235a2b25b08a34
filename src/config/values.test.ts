import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { componentServer, listenAddress, network, userServer, webOrigin } from './addresses.ts';
import {
  addressPattern,
  bearerToken,
  callbackUrl,
  contentType,
  fieldValue,
  namespace,
  signingKey,
} from './callback-values.ts';
import {
  boolean,
  byteSize,
  duration,
  type Form,
  folder,
  listOf,
  oneOf,
  parseValue,
  type Raw,
  resource,
  seconds,
  secret,
  stanzaBytes,
} from './values.ts';

const BASE = '/etc/restanza';

interface Table<T> {
  readonly form: Form<T>;
  readonly good: readonly (readonly [Raw, T])[];
  readonly bad: readonly Raw[];
}

const ADDRESSES: Table<unknown> = {
  form: listenAddress,
  good: [
    ['127.0.0.1:5280', { host: '127.0.0.1', port: 5280 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['[::1]:5280', { host: '::1', port: 5280 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    ['my_host-1.example:80', { host: 'my_host-1.example', port: 80 }],
  ],
  bad: [
    ...['', ':5280', '5280', 'localhost', 'localhost:', 'localhost:65536', 'localhost:-1', 'localhost:5280 ', '*:5280'],
    ...['::1:5280', '[::1]', '[::g]:1', '[127.0.0.1]:1', '127.1:80', '256.0.0.1:80', '1.2.3.4.5:80', '-a:1', 'a..b:1'],
    ...['http://localhost:80', 'user@localhost:80', `${'a'.repeat(64)}:80`, 5280, true, null],
  ],
};

const SERVERS: Table<unknown> = {
  form: componentServer,
  good: [
    ['xmpp://127.0.0.1:5347', { host: '127.0.0.1', port: 5347 }],
    ['xmpp://xmpp.example.net', { host: 'xmpp.example.net', port: 5347 }],
    ['xmpp://[::1]', { host: '::1', port: 5347 }],
  ],
  bad: ['127.0.0.1:5347', 'xmpps://127.0.0.1', 'xmpp://', 'xmpp://a:0', 'xmpp://u:p@a', 'xmpp://a/', 'XMPP://a', null],
};

const NUMBERS: Table<unknown> = {
  form: seconds,
  good: [
    [1, 1],
    ['86400', 86_400],
    [1e2, 100],
    [300n, 300],
  ],
  bad: [
    0,
    86_401,
    1.5,
    -1,
    '1.0',
    '1e2',
    '0x10',
    '',
    ' 1',
    '9'.repeat(400),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
  ],
};

const SIZES: Table<unknown> = { form: stanzaBytes, good: [[10_000, 10_000]], bad: [9_999, 16_777_217, '192 KiB'] };

const WORDS: Table<unknown> = {
  form: oneOf(['info', 'warn']),
  good: [['warn', 'warn']],
  bad: ['Warn', '', 'toString', 1, null],
};

const FOLDERS: Table<unknown> = {
  form: folder,
  good: [
    ['./data', '/etc/restanza/data'],
    ['/var/lib/restanza', '/var/lib/restanza'],
    ['..', '/etc'],
  ],
  bad: ['', 'a\0b', 1, null],
};

const SECRETS: Table<unknown> = {
  form: secret,
  good: [
    ['correct horse', 'correct horse'],
    ['pässwörd 🔑', 'pässwörd 🔑'],
    ['1234', '1234'],
    [' ', ' '],
  ],
  bad: ['', 'a\nb', 'a\0', 'a\u0085', '\ud800', 'x'.repeat(1025), 1234, 12n, true, null],
};

const USER_SERVERS: Table<unknown> = {
  form: userServer,
  good: [
    ['xmpp://127.0.0.1', { host: '127.0.0.1', port: 5222, directTls: false }],
    ['xmpp://xmpp.example.net:5269', { host: 'xmpp.example.net', port: 5269, directTls: false }],
    ['xmpps://[::1]', { host: '::1', port: 5223, directTls: true }],
    ['xmpps://a:443', { host: 'a', port: 443, directTls: true }],
  ],
  bad: ['a', 'a:5222', 'http://a', 'xmpp://', 'xmpp://a:0', 'xmpps://a/', 'xmpp://u@a', null],
};

const NETWORKS: Table<unknown> = {
  form: network,
  good: [
    ['192.0.2.1', '192.0.2.1'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1', '::1'],
  ],
  bad: [
    ...['', 'localhost', 'loopback', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/255.0.0.0', '10.0/8', '::/129', '[::1]'],
    ...['fe80::1%eth0', '1.2.3.4/8/8', '*', 10, null],
  ],
};

const ORIGINS: Table<unknown> = {
  form: webOrigin,
  good: [
    ['*', '*'],
    ['https://app.example', 'https://app.example'],
    ['https://App.Example:443', 'https://app.example'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['capacitor://localhost', 'capacitor://localhost'],
  ],
  bad: [
    ...[
      '',
      'null',
      'app.example',
      'https://',
      'https://app.example/',
      'https://app.example/x',
      'https://u@app.example',
    ],
    ...['https://*.example', 'https://a.example,https://b.example', 'https://a b', 'https://a\nb', true, null],
  ],
};

const TIMES: Table<unknown> = {
  form: duration,
  good: [
    ['3d', 259_200],
    ['72h', 259_200],
    ['90m', 5_400],
    ['61 s', 61],
    [3600, 3_600],
    ['1D', 86_400],
  ],
  bad: ['', '3', '59s', '3w', '1.5h', '-1d', 'd', '3651d', '9'.repeat(20), true, null],
};

const BYTES: Table<unknown> = {
  form: byteSize,
  good: [
    ['1GB', 1_000_000_000],
    ['1GiB', 1_073_741_824],
    ['512 mib', 536_870_912],
    ['1500kB', 1_500_000],
    [1_048_576, 1_048_576],
    ['1048577B', 1_048_577],
    ['1TB', 1_000_000_000_000],
  ],
  bad: ['', '1', '1023KiB', '101TiB', '1.5GB', '-1GB', '1PB', 'GB', '1 G', true, null],
};

const BOOLEANS: Table<unknown> = {
  form: boolean,
  good: [
    [true, true],
    ['false', false],
  ],
  bad: ['yes', 'on', 'True', 1, '', null],
};

const LISTS: Table<unknown> = {
  form: listOf(oneOf(['a', 'b', 'c']), 'a, b, c'),
  good: [
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['[c, a]', ['c', 'a']],
    [' [ a , a ] ', ['a']],
    [
      ['b', 'b', 'c'],
      ['b', 'c'],
    ],
  ],
  bad: ['', '[]', 'a,,b', 'a,', '[a', 'a b', 'd', [], ['d'], [''], ['a,b'], [null], [1], null],
};

const LISTS_THAT_MAY_BE_EMPTY: Table<unknown> = {
  form: listOf(network, 'networks', 0),
  good: [
    ['', []],
    ['[]', []],
    [[], []],
    [null, []],
    ['::1, 10.0.0.0/8', ['::1', '10.0.0.0/8']],
  ],
  bad: [',', '[,]', [''], [[].toString()]],
};

const RESOURCES: Table<unknown> = {
  form: resource,
  good: [
    ['bot', 'bot'],
    ['Zimmer 1/a', 'Zimmer 1/a'],
    ['e\u0301', '\u00e9'],
  ],
  bad: ['', 'a\0', 'x'.repeat(1024), 1, null],
};

const URLS: Table<unknown> = {
  form: callbackUrl,
  good: [
    ['http://my-api.example:9999/stanzas', { template: 'http://my-api.example:9999/stanzas' }],
    ['HTTPS://Api.Example', { template: 'https://api.example/' }],
    [
      'https://a.example/{kind}/{type}?to={to}&f={from}',
      { template: 'https://a.example/{kind}/{type}?to={to}&f={from}' },
    ],
    ['http://a?x={to}', { template: 'http://a/?x={to}' }],
    ['http://[::1]:80/x', { template: 'http://[::1]/x' }],
    ['http://bot:a%3Ab%20c@a/x', { template: 'http://a/x', user: { name: 'bot', password: 'a:b c' } }],
    ['http://a/ä?ä', { template: 'http://a/%C3%A4?%C3%A4' }],
    ['http://bot@a/', { template: 'http://a/', user: { name: 'bot', password: '' } }],
  ],
  bad: [
    ...['', 'a', '/x', 'ftp://a/', 'http://', 'http:///x', 'http://{to}/', 'http://{to}@a/', 'http://a:{type}/'],
    ...['http://a/{id}', 'http://a/{', 'http://a/}', 'http://a/{{to}}', 'http://a/{to', 'http://a/#x', 'http://a/ b'],
    ...[
      'http://a\\@b/',
      'http://a/\n',
      'http://a:99999/',
      'http://u%3Ax:p@a/',
      'http://a/x/../y',
      'http://a/%2e%2e',
      'http://u:%ff@a/',
      'http://u:%0a@a/',
    ],
    ...[`http://a/${'x'.repeat(2048)}`, 1, null],
  ],
};

const CONTENT_TYPES: Table<unknown> = {
  form: contentType,
  good: [
    ['json', 'application/json'],
    ['application/cbor', 'application/cbor'],
    ['xml', 'application/xmpp+xml'],
    ['form', 'application/x-www-form-urlencoded'],
  ],
  bad: ['', 'JSON', 'text/plain', 'toString', 'application/json; charset=utf-8', null],
};

const PATTERNS: Table<unknown> = {
  form: addressPattern,
  good: [
    ['*@Example.com', '*@example.com'],
    ['Alice@example.com/Phone*', 'alice@example.com/Phone*'],
    ['*', '*'],
  ],
  bad: ['', ' ', 'a b', '/x', 'a\0', '*'.repeat(9), 'x'.repeat(3072), 1, null],
};

const NAMESPACES: Table<unknown> = {
  form: namespace,
  good: [['urn:xmpp:ping', 'urn:xmpp:ping']],
  bad: ['', 'a b', 'a\n', true, null],
};

const TOKENS: Table<unknown> = {
  form: bearerToken,
  good: [['a.b~c+/-_==', 'a.b~c+/-_==']],
  bad: ['', 'a b', '=', 'ä', 1],
};

const FIELDS: Table<unknown> = {
  form: fieldValue,
  good: [
    ['a b', 'a b'],
    ['x', 'x'],
  ],
  bad: ['', ' a', 'a ', 'a\r\nb', 'ä', 1, null],
};

const KEY = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const KEYS: Table<unknown> = {
  form: signingKey,
  good: [
    [KEY, KEY],
    [`whsec_${Buffer.alloc(64).toString('base64')}`, `whsec_${Buffer.alloc(64).toString('base64')}`],
  ],
  bad: [
    ...['', 'whsec_', KEY.slice('whsec_'.length), KEY.toUpperCase(), `${KEY} `, `${KEY}A`, 'whsk_AAAA', 1, null],
    `whsec_${Buffer.alloc(25).toString('base64url')}`,
    ...[`whsec_${Buffer.alloc(23).toString('base64')}`, `whsec_${Buffer.alloc(65).toString('base64')}`],
  ],
};

/** Whose text reads as the same value again. */
const SHOWN = {
  ADDRESSES,
  SERVERS,
  USER_SERVERS,
  NETWORKS,
  ORIGINS,
  NUMBERS,
  SIZES,
  TIMES,
  BYTES,
  BOOLEANS,
  WORDS,
  LISTS,
  LISTS_THAT_MAY_BE_EMPTY,
  FOLDERS,
  RESOURCES,
  CONTENT_TYPES,
  PATTERNS,
  NAMESPACES,
};

for (const [name, { form, good, bad }] of Object.entries({ ...SHOWN, URLS, SECRETS, TOKENS, FIELDS, KEYS })) {
  describe(`a value (${name.toLowerCase()})`, () => {
    const read = (raw: Raw) => parseValue({ form, example: 'EXAMPLE' }, raw, BASE);

    for (const [raw, value] of good) {
      it(`is ${JSON.stringify(String(raw))}`, () => assert.deepEqual(read(raw), { value }));
    }

    for (const raw of bad) {
      it(`is not ${typeof raw} ${JSON.stringify(String(raw).slice(0, 40))}`, () => {
        const parsed = read(raw);
        assert.ok('reason' in parsed);
        assert.match(parsed.reason, /^expected .*(, for example EXAMPLE(; an? [^;]+)?|; put it in quotes)$/);
      });
    }
  });
}

describe('the text of a value', () => {
  it('reads as the same value', () => {
    for (const { form, good } of Object.values(SHOWN)) {
      for (const [, value] of good) {
        assert.deepEqual(parseValue({ form, example: '' }, form.print(value), BASE), { value });
      }
    }
  });

  for (const [name, form] of Object.entries({ secret, bearerToken, fieldValue, signingKey })) {
    it(`is never that of a secret (${name})`, () => assert.equal(form.print(KEY), '[set]'));
  }

  it('is never that of the name and password in a URL', () => {
    const url = callbackUrl.read('https://canary-1:canary-2@a.example/{to}', BASE);
    assert.ok(url !== undefined);
    assert.equal(callbackUrl.print(url), 'https://[set]@a.example/{to}');
    assert.equal(callbackUrl.holdsSecret?.(url), true);
    assert.equal(callbackUrl.holdsSecret?.({ template: 'https://a.example/' }), false);
  });
});

describe('a refusal', () => {
  it('never holds the value', () => {
    const forms: readonly Form<unknown>[] = [
      ...[listenAddress, componentServer, userServer, network, webOrigin, seconds, duration, byteSize, boolean, secret],
      ...[folder, oneOf(['info']), listOf(oneOf(['info']), 'info'), resource, callbackUrl, contentType, addressPattern],
      ...[namespace, bearerToken, fieldValue, signingKey],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.string({ unit: 'binary', minLength: 4 }), (form, text) => {
        const parsed = parseValue({ form, example: '' }, text, BASE);
        assert.ok('value' in parsed || !parsed.reason.includes(text));
      }),
    );
  });
});
