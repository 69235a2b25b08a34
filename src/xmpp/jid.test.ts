/** RFC 7622: what is an address, that its form is canonical, and that nothing makes the reader slow or throw otherwise. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bareOf,
  domainOf,
  JidError,
  localOf,
  makeJid,
  parseJid,
  prepareLocalpart,
  resourceOf,
  withResource,
} from './jid.ts';
import { usernameCaseMapped } from './precis.ts';

const CORPUS = new URL('../../../shared/vectors/', import.meta.url);
const NO_CORPUS = existsSync(new URL('jids-valid.txt', CORPUS)) ? false : 'there is no folder ../shared/vectors';

function fixtures(name: string): readonly Record<string, string>[] {
  return JSON.parse(readFileSync(new URL(`../../test/fixtures/jids/${name}`, import.meta.url), 'utf8'));
}

/** The entries of a corpus file: each starts with a header line and ends with a record separator. */
function entries(name: string, entry: RegExp): readonly (readonly string[])[] {
  const text = readFileSync(new URL(name, CORPUS), 'utf8');
  return Array.from(text.matchAll(entry), ([, ...groups]) => groups);
}

function outcome(text: string): string | undefined {
  try {
    return parseJid(text);
  } catch (error) {
    assert.ok(error instanceof JidError, `not a JidError: ${error}`);
    return undefined;
  }
}

test('an address is brought into its canonical form', () => {
  for (const { text = '', jid } of fixtures('valid.json')) assert.equal(parseJid(text), jid, JSON.stringify(text));
});

test('what is no address is refused, and the error names the part at fault', () => {
  for (const { text = '', part } of fixtures('invalid.json')) {
    assert.throws(() => parseJid(text), { name: 'JidError', part }, JSON.stringify(text));
  }
});

test('the valid addresses of the corpus are read, each into its parts', { skip: NO_CORPUS }, () => {
  /** RFC 7622 §3.5 keeps the final sigma apart; the corpus folds it and asks itself whether that is right. */
  const kept = new Map([['ς@example.com', 'ς']]);
  const found = entries('jids-valid.txt', /^jid:\n([^\x1e]*)\x1e\n([^\x1f]*)\x1f([^\x1f]*)\x1f([^\x1e]*)\x1e$/gm);
  assert.equal(found.length, 22);
  for (const [text = '', local, domain, resource] of found) {
    const jid = parseJid(text);
    assert.deepEqual(
      [localOf(jid) ?? '', domainOf(jid), resourceOf(jid) ?? ''],
      [kept.get(text) ?? local, domain, resource],
    );
  }
});

test('the invalid addresses of the corpus are refused', { skip: NO_CORPUS }, () => {
  const found = entries('jids-invalid.txt', /^invalid jid:\n([^\x1e]*)\x1e$/gm);
  assert.equal(found.length, 24);
  for (const [text = ''] of found) assert.throws(() => parseJid(text), JidError, JSON.stringify(text));
});

test('reading a canonical address changes nothing, whatever characters it is made of', () => {
  const letters = ['a', 'Z', '7', '.', '-', '_', '@', '/', 'é', 'e\u0301', 'Σ', 'ς', 'ß', 'İ', 'א', '\u0661', '\u06F1'];
  const odd = [
    '\u200C',
    '\u094D',
    'ب',
    '\u00B7',
    'l',
    '[',
    ']',
    ':',
    '%',
    'xn--',
    '\u3002',
    'Ａ',
    ' ',
    '\u00A0',
    '\u{1F451}',
  ];
  const text = fc.array(fc.constantFrom(...letters, ...odd), { maxLength: 12 }).map(parts => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), input => {
      const jid = outcome(input);
      if (jid !== undefined) assert.equal(parseJid(jid), jid);
    }),
    { numRuns: 5_000 },
  );
});

test('the short way for plain addresses agrees with the preparation of their parts', () => {
  const local = fc.stringMatching(/^[!#$%()*+,.0-9;=?[\\\]^_`a-z{|}~-]{1,20}$/);
  const domain = fc.stringMatching(/^[a-z0-9_]{1,5}(-[a-z0-9]{1,3})?(\.[a-z0-9_]{1,5}){0,3}$/);
  const resource = fc.stringMatching(/^[ -~]{1,20}$/);
  const parts = fc.record({ local, domain, resource }, { requiredKeys: ['domain'] });
  fc.assert(
    fc.property(parts, ({ local, domain, resource }) => {
      const start = local === undefined ? '' : `${local}@`;
      const text = `${start}${domain}${resource === undefined ? '' : `/${resource}`}`;
      if (local !== undefined) assert.equal(usernameCaseMapped(local), local);
      assert.equal(makeJid({ local, domain, resource }), text);
      assert.equal(parseJid(text), text);
    }),
    { numRuns: 2_000 },
  );
});

test('an address is taken apart and put together again', () => {
  const full = parseJid('Hamlet@Elsinore.example/a@b/c');
  assert.equal(bareOf(full), 'hamlet@elsinore.example');
  assert.deepEqual([localOf(full), domainOf(full), resourceOf(full)], ['hamlet', 'elsinore.example', 'a@b/c']);
  assert.equal(makeJid({ local: localOf(full), domain: domainOf(full), resource: resourceOf(full) }), full);
  const host = parseJid('elsinore.example');
  assert.deepEqual([localOf(host), domainOf(host), resourceOf(host), bareOf(host)], [undefined, host, undefined, host]);
  assert.equal(localOf(parseJid('elsinore.example/a@b')), undefined);
  assert.equal(domainOf(parseJid('elsinore.example/a@b')), 'elsinore.example');
});

test('a resource is given and replaced', () => {
  assert.equal(withResource(parseJid('bot@example.net'), 'one\u00A0desk'), 'bot@example.net/one desk');
  assert.equal(withResource(parseJid('bot@example.net/old'), 'a@b/c'), 'bot@example.net/a@b/c');
  assert.throws(() => withResource(parseJid('bot@example.net'), ''), { name: 'JidError', part: 'resourcepart' });
});

test('no part can bring a separator of its own', () => {
  const domain = 'example.net';
  for (const local of ['a@b', 'a/b', 'a＠b', 'a／b'])
    assert.throws(() => makeJid({ local, domain }), { part: 'localpart' });
  for (const other of ['a@b', 'a/b', '[::1%a/b]', '[::1%a@b]', 'é/x', 'é@x']) {
    assert.throws(() => makeJid({ domain: other }), { part: 'domainpart' });
  }
});

test('each part may have 1,023 bytes after preparation, counted in UTF-8', () => {
  const most = 'é'.repeat(511);
  const jid = makeJid({ local: `${most}a`, domain: 'd'.repeat(1023), resource: `${most}r` });
  assert.equal(Buffer.byteLength(jid), 3071);
  assert.equal(parseJid(jid), jid);
  assert.throws(() => makeJid({ local: `${most}aa`, domain: 'x' }), { part: 'localpart' });
  assert.throws(() => makeJid({ domain: 'd'.repeat(1024) }), { part: 'domainpart' });
  assert.throws(() => makeJid({ domain: 'x', resource: `${most}rr` }), { part: 'resourcepart' });
  assert.equal(prepareLocalpart('Ａ'.repeat(1023)), 'a'.repeat(1023), 'three bytes each become one');
});

test('an error quotes no more than one character of what came in', () => {
  for (const text of ['x'.repeat(9_000), `${'x '.repeat(900)}@a`, `a@${'#'.repeat(900)}`, `a@[${'9'.repeat(900)}]`]) {
    assert.throws(
      () => parseJid(text),
      (error: JidError) => error.message.length < 100,
    );
  }
});

/** Milliseconds for one reading, the least of three, so that a pause of the machine does not count. */
function timeOf(text: string): number {
  const once = () => {
    const start = performance.now();
    outcome(text);
    return performance.now() - start;
  };
  return Math.min(once(), once(), once());
}

test('no text takes long to read or to refuse', () => {
  const plain = ['a', 'a-', '-', '.', 'a.', '@', '/', 'xn--a.'];
  const international = ['é', 'א', 'א\u0300', '\u0300\u0316', '\u200C', 'ب\u200C', '\u0661', '\u30FB'];
  const frames = ['*', '*@x', 'x@*', 'x@*!', 'x/*', 'x/*\0', '[::1%*]'];
  for (const bit of [...plain, ...international]) {
    for (const length of [2_040, 65_536]) {
      for (const frame of frames) {
        const spent = timeOf(frame.replace('*', bit.repeat(length / bit.length)));
        assert.ok(spent < 20, `${JSON.stringify(bit)} in ${frame} took ${spent} ms`);
      }
    }
  }
});
