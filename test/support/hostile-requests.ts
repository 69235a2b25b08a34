/**
 * Requests that nobody should send, as fast-check arbitraries.
 *
 * Decides the dimensions (entry point, media type, path, header fields, framing; `hostile-bodies.ts` has the bodies) and that most requests are wrong in
 * one or two of them only, since what is wrong everywhere is refused at the first look. Each request says what must hold
 * of it, as far as that is known without looking at the answer.
 */
import fc from 'fast-check';
import { bodiesOf, CBOR, FORM, GOOD_BODIES, JSON_TYPE, MEDIA_TYPES, TEXT, XML } from './hostile-bodies.ts';

/** Everything of a request but its credentials and its idempotency key, which the test writes. */
export interface HostileRequest {
  readonly method: string;
  /** The request target, one character per byte. */
  readonly target: string;
  /** Lines of the head, one character per byte. */
  readonly fields: readonly string[];
  readonly body: Uint8Array;
  readonly framing: Framing;
  /** The value of `Idempotency-Key`, where a number that is always new replaces `#`. */
  readonly key: string | undefined;
  /** If it is accepted with 201 or 202, bob has a message. */
  readonly isForBob: boolean;
  /** The target is one that shows or describes; nothing may be sent. */
  readonly isSilent: boolean;
}

/** How the end of a body is told. */
export type Framing = 'length' | 'chunked' | 'cut-short' | 'more-behind' | 'smuggled' | 'both' | 'twice' | 'odd-length';

/** Paths that are meant to climb, to end early or to be another one for the next reader. */
export const TRICKS = [
  ...['/%2e%2e/rest', '/rest/..', '/rest/%2e%2e/msg/bob', '/rest/..%2f..%2fetc', '/rest%2fecho', '/rest/%00', '/%00'],
  ...['/rest/%u002e%u002e/echo', '/%u002e%u002e', '/rest;x=1', '/rest/echo;x', '/rest;/echo', '//rest', '/rest//echo'],
  ...['/rest/', '/rest/echo/', '///rest///message//chat//bob@localhost', '/%ff', '/rest/%c0%ae', '/rest/%ed%a0%80'],
  ...[
    '/rest\x80',
    '/rest/message/chat/\xff@localhost',
    '/%72est',
    '/%72est/echo',
    '/REST',
    '/Rest/echo',
    '/rest?',
    '/rest#x',
  ],
  ...['/rest/echo?x=%00', '/rest?type=error', '/rest/message/chat/bob%40localhost%2ftest', '/rest/message%2fchat/bob'],
  ...[
    '/rest/message/chat/a%0d%0aX-Injected:1@localhost',
    '/rest/message/chat/%2e%2e%2f%2e%2e',
    '/rest/message/../echo',
  ],
  ...['/rest/message/chat/bob@localhost;x', '/rest/message/chat/bob@localhost%00', '/rest/message/weird/bob@localhost'],
  ...['/rest/iq/ping/localhost', '/rest/iq/set/localhost', '/rest/ping', '/rest/ping/', '/rest/ping/%2e%2e/localhost'],
  ...['/rest/__proto__/localhost', '/rest/constructor/localhost', '/rest/version/localhost?a=b&a=c&__proto__=1'],
  ...['/rest/disco/localhost?node=%ff', '/rest/get/localhost?ping=true', '/rest/payload/localhost', '/msg', '/msg/'],
  ...['/msg/%62ob', '/msg/bob%2f..%2falice', '/msg/../rest', '/msg/%2e%2e/rest', '/msg/bob@localhost/test', '/msg/%00'],
  ...[
    '/msg/bob;alice',
    '/MSG/bob',
    '/msg//bob',
    '/msg?to=bob@localhost',
    '/',
    '/.well-known/x',
    '/metrics',
    '/favicon.ico',
  ],
  ...[
    'http://localhost/rest',
    'http://x/rest/echo',
    'https://user:pw@x/rest',
    'http:///rest',
    'HTTP://x/msg/bob',
    'ftp://x/rest',
  ],
  ...['*', 'rest', 'localhost:80', '?', '#', '/rest\\..\\echo', '/rest/%5c..%5c', '/rest/%25%32%65', '/rest/%', '/%'],
  `/rest/message/chat/${'a'.repeat(3_100)}@localhost`,
  `/rest/${'a/'.repeat(2_000)}`,
  `/rest/message/chat/${'%61'.repeat(1_000)}@localhost`,
  `/${'a'.repeat(9_000)}`,
  `/rest/ping/${'x'.repeat(17_000)}`,
];

interface Entry {
  readonly method: string;
  readonly target: string;
  /** Media types in which the path alone makes it a message to bob, whatever the body says. */
  readonly forBob: readonly string[];
  /** Media types in which a good body is a message to bob. */
  readonly takes: readonly string[];
  readonly isSilent: boolean;
}

const post = (target: string, takes: readonly string[], forBob: readonly string[] = []): Entry => {
  return { method: 'POST', target, takes, forBob, isSilent: false };
};
const silent = (method: string, target: string): Entry => ({ method, target, takes: [], forBob: [], isSilent: true });
const get = (target: string): Entry => ({ method: 'GET', target, takes: [], forBob: [], isSilent: false });

const ENTRIES: readonly Entry[] = [
  post('/rest', [XML, JSON_TYPE, CBOR, FORM]),
  silent('POST', '/rest/echo'),
  post('/rest/message/chat/bob@localhost', [XML, JSON_TYPE, CBOR, FORM], [JSON_TYPE, FORM, TEXT]),
  post('/rest/message/normal/bob@localhost%2Ftest', [XML, JSON_TYPE, CBOR, FORM], [JSON_TYPE, FORM, TEXT]),
  post('/rest/iq/get/bob@localhost/test', []),
  post('/rest/presence/subscribe/bob@localhost', []),
  post('/msg/bob@localhost', [JSON_TYPE, FORM], [TEXT]),
  post('/msg/bob', [JSON_TYPE, FORM], [TEXT]),
  get('/rest/ping/bob@localhost/test'),
  get('/rest/version/localhost'),
  get('/rest/disco/'),
  { ...get('/rest/ping/localhost'), method: 'HEAD' },
  silent('OPTIONS', '/rest'),
  silent('OPTIONS', '/rest/message/chat/bob@localhost'),
  silent('OPTIONS', '/msg/bob'),
  silent('POST', '/elsewhere'),
  silent('DELETE', '/rest'),
  silent('PUT', '/msg/bob'),
];
const trick = fc
  .tuple(fc.constantFrom('POST', 'POST', 'GET', 'OPTIONS', 'TRACE'), fc.constantFrom(...TRICKS))
  .map(([method, target]): Entry => ({ method, target, takes: [], forBob: [], isSilent: method === 'OPTIONS' }));
const entry = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...ENTRIES) }, { weight: 2, arbitrary: trick });

/** Ways to spell the field that says what a body is. */
const SPELLINGS: readonly ((type: string) => readonly string[])[] = [
  type => [`Content-Type: ${type}, ${type}`],
  type => [`Content-Type: ${type}`, 'Content-Type: text/plain'],
  type => ['Content-Type: application/json', `Content-Type: ${type}`],
  type => [`Content-Type:\t${type}\t;\tcharset=utf-8`],
  type => [`Content-Type: ${type}\t`],
  type => [`Content-Type: ${type}; charset=utf-16`],
  type => [`Content-Type: ${type}; charset="utf-8"; charset=latin1`],
  type => [`Content-Type: ${type};;;=;"`],
  type => [`Content-Type: ${type} garbage`],
  type => [`Content-Type: ${type}\x00`],
  type => [`Content-Type: ${type}\xff`],
  type => [`Content-Type: ${type.toUpperCase()}`],
  type => [`Content-Type : ${type}`],
  type => [`Content-Type: ${type}\r\n folded`],
  type => [`Content-Type: ${type};${' '.repeat(3_000)}x`],
  () => ['Content-Type:'],
  () => ['Content-Type: __proto__'],
  () => ['Content-Type: */*'],
  () => ['Content-Type: multipart/form-data; boundary=x'],
  () => [],
];
const ODD_FIELDS = [
  ...[
    'Accept: ',
    'Accept: ;;;,,,',
    'Accept: application/json;q=nan',
    'Accept: \xff\xfe',
    'Accept: __proto__/constructor',
  ],
  ...[
    `Accept: ${'*/*,'.repeat(2_000)}`,
    'Accept: text/plain',
    'Accept: application/cbor',
    'Accept: application/json;q=0',
  ],
  ...[
    'Prefer: wait=1',
    'Prefer: wait=-1',
    'Prefer: wait=1e9',
    'Prefer: wait',
    'Prefer: \x80',
    'Prefer: wait="5", wait=6',
  ],
  ...[
    'Prosody-Rest-Timeout: 0',
    'Prosody-Rest-Timeout: -5',
    'Prosody-Rest-Timeout: NaN',
    'Prosody-Rest-Timeout: 1e999',
  ],
  ...['Prosody-Rest-Timeout: 999999999', 'Prosody-Rest-Timeout: 5, 5', 'Prosody-Rest-Timeout: 0x10'],
  ...[
    'Host: evil',
    'Host:',
    'X-Forwarded-Host: evil\tx',
    'Content-Encoding: gzip',
    'Expect: 100-continue',
    'Expect: x',
  ],
  ...[
    'Upgrade: websocket',
    'Range: bytes=0-',
    'X-HTTP-Method-Override: DELETE',
    'Authorization: Bearer x',
    'Bad Name: x',
  ],
  ...['No colon', ': empty', 'Connection: keep-alive, Upgrade', 'Transfer-Encoding: identity', 'Cookie: __proto__=1'],
];
const KEY_VALUES = [
  ...[
    'k#',
    '"k#"',
    '"k#',
    '"k#";p=1',
    '"k#", "l"',
    '',
    ' ',
    '#'.padStart(300, 'x'),
    '\xff#',
    '"k\\"#"',
    '__proto__#',
    'a b#',
  ],
];

const framing = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Framing>('length') },
  { weight: 2, arbitrary: fc.constant<Framing>('chunked') },
  fc.constantFrom<Framing>('cut-short', 'more-behind', 'smuggled', 'both', 'twice', 'odd-length'),
);

/** Something that is wrong in one request of `each`. */
function rarely<Value>(each: number, arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ weight: each - 1, arbitrary: fc.constant(undefined) }, arbitrary);
}

/** Requests of all kinds. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc
  .constantFrom(...MEDIA_TYPES)
  .chain(mediaType =>
    fc.record({
      mediaType: fc.constant(mediaType),
      entry,
      body: bodiesOf(mediaType),
      spelling: rarely(5, fc.constantFrom(...SPELLINGS)),
      more: fc.array(fc.constantFrom(...ODD_FIELDS), { maxLength: 2 }),
      key: rarely(5, fc.constantFrom(...KEY_VALUES)),
      framing,
    }),
  )
  .map(({ mediaType, entry: { method, target, forBob, takes, isSilent }, body, spelling, more, ...rest }) => ({
    method,
    target,
    fields: [...(spelling?.(mediaType) ?? [`Content-Type: ${mediaType}`]), ...more],
    body,
    isSilent,
    isForBob:
      spelling === undefined &&
      (forBob.includes(mediaType) || (takes.includes(mediaType) && body === GOOD_BODIES[mediaType])),
    ...rest,
  }));
