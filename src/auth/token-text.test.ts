/**
 * The text of a token: what can be seen in it, and that nothing else is taken for one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_TOKEN, digestOf, isTokenText, makeTokenId, makeTokenText } from './token-text.ts';

const COUNT = 10_000;

test('a token is a prefix, 30 letters and digits, and a checksum of six', () => {
  for (let count = 0; count < 1000; count += 1) {
    const token = makeTokenText(API_TOKEN);
    assert.match(token, /^rstz_[0-9A-Za-z]{36}$/);
    assert.ok(isTokenText(API_TOKEN, token));
  }
});

test('no two tokens, and no two ids, are the same', () => {
  const tokens = new Set(Array.from({ length: COUNT }, () => makeTokenText(API_TOKEN)));
  const ids = new Set(Array.from({ length: COUNT }, makeTokenId));
  assert.deepEqual([tokens.size, ids.size], [COUNT, COUNT]);
  assert.ok([...ids].every(id => /^[0-9A-Za-z]{11}$/.test(id)));
});

test('every bit of what is random is: each is set in half of the tokens', () => {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const set = Array<number>(176).fill(0);
  for (let count = 0; count < 2000; count += 1) {
    let value = 0n;
    for (const digit of makeTokenText(API_TOKEN).slice(5, 35)) value = value * 62n + BigInt(digits.indexOf(digit));
    for (let bit = 0; bit < 176; bit += 1) set[bit] = (set[bit] ?? 0) + Number((value >> BigInt(bit)) & 1n);
  }
  // Eight standard deviations of a fair coin.
  for (const count of set) assert.ok(Math.abs(count - 1000) < 180, String(set));
});

test('a token with one character changed is none', () => {
  const token = makeTokenText(API_TOKEN);
  for (let index = 0; index < token.length; index += 1) {
    const other = token[index] === 'a' ? 'b' : 'a';
    assert.ok(!isTokenText(API_TOKEN, token.slice(0, index) + other + token.slice(index + 1)), String(index));
  }
});

test('a token with another prefix, length or end is none', () => {
  const token = makeTokenText(API_TOKEN);
  for (const text of ['', 'rstz_', token.slice(1), `${token}0`, `${token}\n`, token.slice(0, -1), ` ${token}`]) {
    assert.ok(!isTokenText(API_TOKEN, text), JSON.stringify(text));
  }
  assert.ok(!isTokenText(API_TOKEN, makeTokenText('other_')));
  assert.ok(isTokenText('other_', makeTokenText('other_')));
});

test('what is kept of a token is its SHA-256', () => {
  const digest = Buffer.from(digestOf('abc')).toString('hex');
  assert.equal(digest, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
