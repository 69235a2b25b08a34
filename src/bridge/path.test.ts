/**
 * Paths: which part of one is what, and which are none.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJid } from '../xmpp/jid.ts';
import { type PathHints, readPath, readQueryPath } from './path.ts';

const chat = (to: string): PathHints => ({ kind: 'message', type: 'chat', to });

const PATHS: readonly (readonly [path: string, hints: PathHints])[] = [
  ['message/chat/john@example.com', chat('john@example.com')],
  ['message/chat/john@example.com/a/b', chat('john@example.com/a/b')],
  ['message/chat/john@example.com//a//b/', chat('john@example.com//a//b/')],
  ['message/chat/john%40example.com%2Fa%2Fb', chat('john@example.com/a/b')],
  ['message/chat/j%C3%BCrgen@example.com/%F0%9F%98%80', chat('jürgen@example.com/😀')],
  ['message/chat/100%2525@example.com', chat('100%25@example.com')],
  ['message/chat/a+b@example.com', chat('a+b@example.com')],
  ['message/chat/a@b/%EF%BB%BF', chat('a@b/\ufeff')],
  ['message/chat/..', chat('..')],
  ['message/chat/', { kind: 'message', type: 'chat' }],
  ['message/chat///', { kind: 'message', type: 'chat' }],
  ['//message//chat//a@b', chat('a@b')],
  ['m%65ssage/ch%61t/a@b', chat('a@b')],
  ['message/no_such_type/a@b', { kind: 'message', type: 'no_such_type', to: 'a@b' }],
  ['presence/available/a@b', { kind: 'presence', type: 'available', to: 'a@b' }],
  ['presence/subscribe/', { kind: 'presence', type: 'subscribe' }],
  ['iq/get/a@b', { kind: 'iq', type: 'get', to: 'a@b' }],
  ['iq/set/', { kind: 'iq', type: 'set' }],
  ['iq/disco/example.com', { kind: 'iq', query: 'disco', to: 'example.com' }],
  ['iq/result/example.com', { kind: 'iq', query: 'result', to: 'example.com' }],
  ['iq/upload_request/', { kind: 'iq', query: 'upload_request' }],
  ['iq/__proto__/a@b', { kind: 'iq', query: '__proto__', to: 'a@b' }],
];

for (const [path, hints] of PATHS) {
  test(`the path ${path} says ${JSON.stringify(hints)}`, () => assert.deepEqual(readPath(path), hints));
}

const NO_PATHS: readonly (readonly [path: string, reason: RegExp])[] = [
  ['', /\{kind\}\/\{type\}\/\{to\}/],
  ['/', /\{kind\}/],
  ['message', /\{kind\}/],
  ['message/chat', /\{kind\}/],
  ['mail/chat/a@b', /message, presence or iq/],
  ['Message/chat/a@b', /message, presence or iq/],
  ['toString/chat/a@b', /message, presence or iq/],
  ['message/group-chat/a@b', /\[A-Za-z0-9_\]\+/],
  ['message/chät/a@b', /\[A-Za-z0-9_\]\+/],
  ['message/%2E%2E/a@b', /\[A-Za-z0-9_\]\+/],
  ['message%2Fchat%2Fa@b', /\{kind\}/],
  ['../../etc/passwd', /\{kind\}/],
  ['message/chat/a%00@b', /U\+0000/],
  ['message/chat/%', /percent-encoding/],
  ['message/chat/%4', /percent-encoding/],
  ['message/chat/%zz', /percent-encoding/],
  ['message/chat/%u0040', /percent-encoding/],
  ['message/chat/%FF', /percent-encoding/],
  ['message/chat/%C0%AF', /percent-encoding/],
  ['message/chat/%ED%A0%80', /percent-encoding/],
];

for (const [path, reason] of NO_PATHS) {
  test(`the path ${JSON.stringify(path)} is refused`, () => {
    assert.throws(() => readPath(path), { name: 'RestanzaError', code: 'body-malformed', message: reason });
  });
}

test('the path of a GET begins with the query', () => {
  assert.deepEqual(readQueryPath('version/example.com'), { kind: 'iq', query: 'version', to: 'example.com' });
  assert.deepEqual(readQueryPath('///ping//example.com'), { kind: 'iq', query: 'ping', to: 'example.com' });
  assert.deepEqual(readQueryPath('get/a@b/c'), { kind: 'iq', type: 'get', to: 'a@b/c' });
  assert.deepEqual(readQueryPath('archive/'), { kind: 'iq', query: 'archive' });
  assert.deepEqual(readQueryPath('message/chat/a@b'), { kind: 'iq', query: 'message', to: 'chat/a@b' });
  for (const path of ['', 'ping', 'echo']) assert.throws(() => readQueryPath(path), { code: 'body-malformed' });
});

test('the longest address fits into a path, encoded or not', () => {
  const domain = `${`${'d'.repeat(63)}.`.repeat(15)}${'d'.repeat(63)}`;
  const jid = parseJid(`${'l'.repeat(1023)}@${domain}/${'/'.repeat(1023)}`);
  assert.equal(Buffer.byteLength(jid), 3071);
  assert.deepEqual(readPath(`message/chat/${jid}`), chat(jid));
  assert.deepEqual(readPath(`message/chat/${encodeURIComponent(jid)}`), chat(jid));
});

test('a long path is read in linear time', () => {
  const slashes = '/'.repeat(100_000);
  assert.throws(() => readPath(slashes), { code: 'body-malformed' });
  assert.deepEqual(readPath(`message/chat/a${slashes}`), chat(`a${slashes}`));
  assert.throws(() => readPath(`message/chat/${'%41'.repeat(100_000)}%`), { code: 'body-malformed' });
});
