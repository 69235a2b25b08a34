/**
 * The addresses of a pattern.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JidError, parseJid } from '../xmpp/jid.ts';
import { addressOf, covers, matches, PatternError, parsePattern, patternFor } from './jid-pattern.ts';

const ADDRESSES = ['a@x.example', 'a@x.example/r', 'b@x.example', 'x.example', 'x.example/r', 'a@y.example'];

/** Which of the addresses each pattern has. */
const MATCHED: Readonly<Record<string, readonly string[]>> = {
  '*': ADDRESSES,
  '*@x.example': ['a@x.example', 'a@x.example/r', 'b@x.example', 'x.example', 'x.example/r'],
  'a@x.example': ['a@x.example', 'a@x.example/r'],
  '*@example': [],
  'x@y.example': [],
};

for (const [pattern, matched] of Object.entries(MATCHED)) {
  test(`${pattern} is for ${matched.length} of the addresses`, () => {
    const parsed = parsePattern(pattern);
    assert.equal(parsed, pattern);
    assert.deepEqual(
      ADDRESSES.filter(address => matches(parsed, parseJid(address))),
      matched,
    );
  });
}

test('all spellings of a pattern are one', () => {
  assert.equal(parsePattern('BOT@X.Example'), 'bot@x.example');
  assert.equal(parsePattern('*@X.Example.'), parsePattern('*@x.example'));
});

for (const text of ['x.example', 'a@x.example/r', 'a*@x.example', '*a@x.example', '*@*', '*@*.example', '**']) {
  test(`${text} is no pattern`, () => {
    assert.throws(
      () => parsePattern(text),
      (error: unknown) => error instanceof PatternError || error instanceof JidError,
    );
  });
}

for (const text of ['', '@', '*@', 'a@', '@x', 'a b@x.example', 'a@x..example', '*@a@b']) {
  test(`'${text}' is no pattern, as it is no address`, () => {
    assert.throws(
      () => parsePattern(text),
      (error: unknown) => error instanceof JidError || error instanceof PatternError,
    );
  });
}

test('what covers what', () => {
  const patterns = ['*', '*@x.example', 'a@x.example', 'b@x.example', '*@y.example'].map(parsePattern);
  const covered = patterns.map(outer => patterns.filter(inner => covers(outer, inner)));
  assert.deepEqual(covered, [
    ['*', '*@x.example', 'a@x.example', 'b@x.example', '*@y.example'],
    ['*@x.example', 'a@x.example', 'b@x.example'],
    ['a@x.example'],
    ['b@x.example'],
    ['*@y.example'],
  ]);
});

test('an address has a pattern, and a pattern an address', () => {
  assert.equal(patternFor(parseJid('a@x.example/r')), 'a@x.example');
  assert.equal(patternFor(parseJid('x.example/r')), '*@x.example');
  assert.equal(addressOf(parsePattern('*@x.example')), 'x.example');
  assert.equal(addressOf(parsePattern('a@x.example')), 'a@x.example');
  assert.equal(addressOf(parsePattern('*')), undefined);
});
