import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  componentServer,
  type Form,
  folder,
  listenAddress,
  oneOf,
  parseValue,
  type Raw,
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

for (const [name, { form, good, bad }] of Object.entries({
  ADDRESSES,
  SERVERS,
  NUMBERS,
  SIZES,
  WORDS,
  FOLDERS,
  SECRETS,
})) {
  describe(`a value (${name.toLowerCase()})`, () => {
    const read = (raw: Raw) => parseValue({ form, example: 'EXAMPLE' }, raw, BASE);

    for (const [raw, value] of good) {
      it(`is ${JSON.stringify(String(raw))}`, () => assert.deepEqual(read(raw), { value }));
    }

    for (const raw of bad) {
      it(`is not ${typeof raw} ${JSON.stringify(String(raw).slice(0, 40))}`, () => {
        const parsed = read(raw);
        assert.ok('reason' in parsed);
        assert.match(parsed.reason, /^expected .*(, for example EXAMPLE|; put it in quotes)$/);
      });
    }
  });
}

describe('the text of a value', () => {
  it('reads as the same value', () => {
    for (const { form, good } of [ADDRESSES, SERVERS, NUMBERS, SIZES, WORDS, FOLDERS]) {
      for (const [, value] of good) {
        assert.deepEqual(parseValue({ form, example: '' }, form.print(value), BASE), { value });
      }
    }
  });

  it('is never that of a secret', () => assert.equal(secret.print('correct horse'), '[set]'));
});

describe('a refusal', () => {
  it('never holds the value', () => {
    const forms: readonly Form<unknown>[] = [listenAddress, componentServer, seconds, secret, folder, oneOf(['info'])];
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.string({ unit: 'binary', minLength: 4 }), (form, text) => {
        const parsed = parseValue({ form, example: '' }, text, BASE);
        assert.ok('value' in parsed || !parsed.reason.includes(text));
      }),
    );
  });
});
