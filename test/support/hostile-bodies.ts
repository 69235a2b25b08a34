/**
 * Bodies of requests that nobody should send, as fast-check arbitraries.
 *
 * Decides, for each media type, what a good body is, what is well-formed but odd, and how both are broken; and the attacks
 * that are known, which come under every media type.
 */
import { encode } from 'cborg';
import fc from 'fast-check';

export const XML = 'application/xmpp+xml';
export const JSON_TYPE = 'application/json';
export const FORM = 'application/x-www-form-urlencoded';
export const TEXT = 'text/plain';
export const CBOR = 'application/cbor';

const NASTY = [
  ...['', ' ', '\0', '\t', '\u0001', '\r\nX-Injected: 1', '\u560a\u560dX-Injected: 1', '\u2028', '\ufeff', '\ufffe'],
  ...['\ud800', "'/><iq type='set'/>", '"/><message to="bob@localhost"/>', ']]>', '&#0;', '&lol;', '<![CDATA[x'],
  ...['__proto__', 'constructor', '%00', '%zz', '%u002e', '..', '/', '//', ';', 'true', '1e400', '9007199254740993'],
  ...['bob@localhost', 'bob@localhost/test', 'alice@localhost', 'localhost', '@', 'a@@b', 'nobody@localhost', 'a.test'],
];
const nasty = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NASTY) },
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(500, 1_100, 3_100, 9_000).map(length => 'x'.repeat(length)),
);

/** Keys of the mapping and some that are none. */
const KEYS = [
  ...['kind', 'type', 'to', 'from', 'id', 'lang', 'body', 'subject', 'thread', 'show', 'status', 'priority', 'ping'],
  ...[
    'version',
    'disco',
    'items',
    'stats',
    'payload',
    'archive',
    'dataform',
    'oob',
    'html',
    'state',
    'receipt',
    'nick',
  ],
  ...['forwarded', 'extra', 'xmpp', '__proto__', 'constructor', 'toString', 'reactions', 'replace', 'delay', 'muc'],
];
const key = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...KEYS) }, nasty);
const json = fc.letrec(tie => ({
  any: fc.oneof(
    { maxDepth: 3 },
    nasty,
    fc.constantFrom(null, true, false, 0, -0, 5, 2 ** 53, -1.5),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(key, tie('any'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any;
const kinds = fc.constantFrom('message', 'message', 'presence', 'iq');
const types = fc.constantFrom('chat', 'normal', 'headline', 'groupchat', 'error', 'get', 'set', 'result', 'subscribe');
const addressees = fc.constantFrom(
  'bob@localhost',
  'bob@localhost/test',
  'BOB@LOCALHOST',
  'alice@localhost',
  'localhost',
);
const address = fc.oneof({ weight: 4, arbitrary: addressees }, nasty);

/** An object that is nearly a stanza. */
const object = fc
  .tuple(
    fc.record({ kind: kinds, type: types, to: address, body: nasty }, { requiredKeys: [] }),
    fc.dictionary(key, json, { maxKeys: 2, noNullPrototype: true }),
  )
  .map(([stanza, more]) => ({ ...stanza, ...more }));

const ATTACKS = [
  '<!DOCTYPE m [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><message><body>&b;</body></message>',
  '<!DOCTYPE m SYSTEM "file:///etc/passwd"><message/>',
  "<?xml version='1.0' encoding='UTF-16'?><message/>",
  "<message to='bob@localhost'/><message to='bob@localhost'/>",
  "<message to='bob@localhost'><message to='bob@localhost'/></message>",
  "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>",
  "</stream:stream><message to='bob@localhost'/>",
  "<message to='bob@localhost' to='alice@localhost'/>",
  "<message xmlns='a\nb' to='bob@localhost'/>",
  '<message>'.repeat(500),
  `<message ${Array.from({ length: 300 }, (_, at) => `a${at}=''`).join(' ')}/>`,
  `${'{"forwarded":{"message":'.repeat(300)}{}${'}}'.repeat(300)}`,
  `${'['.repeat(4_000)}${']'.repeat(4_000)}`,
  '{"to":"bob@localhost","to":"alice@localhost","body":"1","body":"2"}',
  '{"__proto__":{"to":"bob@localhost"},"body":"x"}',
  '{"to":"bob@localhost","body":"\\ud800"}',
  '\ufeff{"to":"bob@localhost","body":"x"}',
  '[{"to":"bob@localhost","body":"1"},{"to":"bob@localhost","body":"2"}]',
  '{"to":"bob@localhost","body":"x"}{"to":"bob@localhost","body":"y"}',
  'to=bob@localhost&body=1&to=bob@localhost&body=2',
  'body=%ff%fe',
  'body=%',
  'x'.repeat(10_500),
];

type Body = fc.Arbitrary<Uint8Array>;

const utf8 = (text: string): Uint8Array => Buffer.from(text);
const escaped = (text: string) => encodeURIComponent(text.toWellFormed());
const attribute = fc.tuple(fc.constantFrom('from', 'id', 'xml:lang', 'xmlns', 'x'), nasty);
const pair = fc.tuple(key, nasty).map(parts => parts.map(escaped).join('='));

const ODD: Readonly<Record<string, Body>> = {
  [XML]: fc
    .tuple(kinds, types, address, fc.array(attribute, { maxLength: 1 }), nasty)
    .map(([kind, type, to, more, text]) => {
      const attributes = [['to', to], ['type', type], ...more].map(([name, value]) => ` ${name}='${value}'`).join('');
      return utf8(`<${kind}${attributes}><body>${text}</body></${kind}>`);
    }),
  [JSON_TYPE]: fc.oneof({ weight: 4, arbitrary: object }, json).map(value => utf8(JSON.stringify(value))),
  [CBOR]: fc.oneof({ weight: 4, arbitrary: object }, json).map(value => encode(value)),
  [FORM]: fc
    .tuple(address, fc.array(pair, { maxLength: 4 }))
    .map(([to, pairs]) => utf8([`to=${escaped(to)}`, ...pairs].join('&'))),
  [TEXT]: nasty.map(utf8),
};
/** The media types that bodies are made for. */
export const MEDIA_TYPES = Object.keys(ODD);

/** A message to bob in each format. */
export const GOOD_BODIES: Readonly<Record<string, Uint8Array>> = {
  [XML]: utf8("<message to='bob@localhost'><body>x</body></message>"),
  [JSON_TYPE]: utf8('{"kind":"message","to":"bob@localhost","body":"x"}'),
  [CBOR]: encode({ kind: 'message', to: 'bob@localhost', body: 'x' }),
  [FORM]: utf8('to=bob@localhost&body=x'),
  [TEXT]: utf8('x'),
};

/** Bytes with some of them changed, cut out or doubled. */
function mutated(body: Body): Body {
  return fc.tuple(body, fc.nat(), fc.nat({ max: 4 }), fc.uint8Array({ maxLength: 4 })).map(([bytes, at, cut, put]) => {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
  });
}

/** Bodies that are said to be of a media type: good ones, odd ones, broken ones and attacks, often of another type. */
export function bodiesOf(mediaType: string): Body {
  const good = fc.constant(GOOD_BODIES[mediaType] ?? new Uint8Array());
  const odd = ODD[mediaType] ?? good;
  return fc.oneof(
    { weight: 4, arbitrary: good },
    { weight: 4, arbitrary: odd },
    { weight: 2, arbitrary: mutated(fc.oneof(good, odd)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
    { weight: 1, arbitrary: fc.constantFrom(...ATTACKS).map(utf8) },
  );
}
