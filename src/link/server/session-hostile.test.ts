import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auth, bind, type C2sClient, header, response, STARTTLS } from '../../../test/support/c2s-client.ts';
import { type Hosting, PASSWORDS, startHost } from '../../../test/support/embedded-host.ts';
import { oneByOne } from '../../../test/support/one-by-one.ts';

/** How far a client has come when it turns hostile. */
const STAGES: Readonly<Record<string, (client: C2sClient) => Promise<unknown>>> = {
  start: async () => {},
  features: client => client.open(),
  authenticated: async client => {
    await client.open();
    await client.authenticate({ user: 'alice', password: PASSWORDS.alice });
    await client.open();
  },
  online: client => client.login({ user: 'alice', password: PASSWORDS.alice, resource: 'x' }),
};

const MESSAGE = "<message to='bob@localhost/b'><body>never</body></message>";
const ROOT = header().replace(/<\?xml.*?\?>/, '');

/** [what, stages, what is sent, the condition of the stream error]. */
type Frame = readonly [what: string, stages: string, sent: string | Uint8Array, condition: string];

/** Bytes in the middle of a text. */
function around(before: string, bytes: readonly number[], after: string): Uint8Array {
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

/** An element with other bytes in its text. */
const inText = (...bytes: number[]) => around("<message to='bob@localhost/b'><body>", bytes, '</body></message>');

const LAUGHS = `<!DOCTYPE x [<!ENTITY a 'ha'>${'bcdefghij'.replace(/./g, n => `<!ENTITY ${n} '${`&${String.fromCharCode(n.charCodeAt(0) - 1)};`.repeat(10)}'>`)}]>`;
const EVERYWHERE = 'start features authenticated online';
const INSIDE = 'features authenticated online';

/** RFC 6120 §11: what XML may not be on a stream. */
const XML: readonly Frame[] = [
  ['a comment', EVERYWHERE, '<!-- quiet -->', 'restricted-xml'],
  ['a comment in a stanza', 'online', '<message><!-- quiet --></message>', 'restricted-xml'],
  ['a processing instruction', EVERYWHERE, '<?php exit ?>', 'restricted-xml'],
  ['a style sheet', 'start', "<?xml-stylesheet href='http://127.0.0.1/'?>", 'restricted-xml'],
  ['a document type', 'start', '<!DOCTYPE stream>', 'restricted-xml'],
  ['an external document type', 'start', "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>", 'restricted-xml'],
  ['a billion laughs', 'start', `${LAUGHS}${header()}`, 'restricted-xml'],
  ['a document type in a stanza', INSIDE, '<!DOCTYPE x>', 'not-well-formed'],
  ['an unknown entity', INSIDE, '<message>&xxe;</message>', 'not-well-formed'],
  ['an unknown entity in an attribute', INSIDE, "<message to='&xxe;'/>", 'not-well-formed'],
  ['a second XML declaration', INSIDE, "<?xml version='1.0'?>", 'not-well-formed'],
  ['XML 1.1', 'start', header().replace("version='1.0'?", "version='1.1'?"), 'not-well-formed'],
  ['another encoding', 'start', "<?xml version='1.0' encoding='ISO-8859-1'?><x>", 'unsupported-encoding'],
  ['UTF-16', 'start', Buffer.from('\ufeff<stream>', 'utf16le'), 'unsupported-encoding'],
  ['tags that cross', INSIDE, '<message><a><b></a></b></message>', 'not-well-formed'],
  ['an end without a start', 'start', '</stream:stream>', 'not-well-formed'],
  ['text without a root', 'start', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'bad-format|not-well-formed'],
  ['text between stanzas', INSIDE, 'hello<message/>', 'bad-format'],
  ['an attribute twice', INSIDE, "<message id='1' id='2'/>", 'not-well-formed'],
  [
    'an attribute twice under two prefixes',
    'online',
    "<message xmlns:a='u' xmlns:b='u' a:k='' b:k=''/>",
    'not-well-formed',
  ],
  ['an unknown prefix', INSIDE, '<x:message/>', 'not-well-formed'],
  ['an attribute without quotes', INSIDE, '<message id=1/>', 'not-well-formed'],
  ['a bracket in an attribute', INSIDE, "<message id='<'/>", 'not-well-formed'],
  ['another namespace for xml', 'online', "<message xmlns:xml='urn:x'/>", 'not-well-formed'],
  ['the namespace of xmlns', 'online', "<message xmlns='http://www.w3.org/2000/xmlns/'/>", 'not-well-formed'],
  ['a reference to NUL', 'online', '<message>&#0;</message>', 'not-well-formed'],
  ['a reference to a control character', 'online', '<message>&#x1f;</message>', 'not-well-formed'],
  ['a reference to a surrogate', 'online', '<message>&#xd800;</message>', 'not-well-formed'],
  ['a NUL', INSIDE, inText(0), 'not-well-formed'],
  ['a control character', INSIDE, inText(1), 'not-well-formed'],
  ['a byte that is never UTF-8', INSIDE, inText(0xff), 'unsupported-encoding'],
  ['an overlong NUL', INSIDE, inText(0xc0, 0x80), 'unsupported-encoding'],
  ['a surrogate as UTF-8', INSIDE, inText(0xed, 0xa0, 0x80), 'unsupported-encoding'],
  ['a character that swallows a bracket', INSIDE, inText(0xe2), 'unsupported-encoding'],
  ['U+FFFE', INSIDE, inText(0xef, 0xbf, 0xbe), 'not-well-formed'],
  ['a tag that never ends', 'features authenticated', `<a b='${'x'.repeat(300_000)}`, 'policy-violation'],
  ['a tag that never ends at the start', 'start', `<a b='${'x'.repeat(20_000)}`, 'policy-violation|not-well-formed'],
  ['a stanza that never ends', 'online', `<message>${'x'.repeat(262_200)}`, 'policy-violation'],
  [
    'a stanza that is too large',
    'online',
    `<message><body>${'x'.repeat(262_144)}</body></message>`,
    'policy-violation',
  ],
  ['a login that is too large', 'features', auth('PLAIN', 'x'.repeat(16_384)), 'policy-violation'],
  ['elements too deep', 'features authenticated', `${'<a>'.repeat(129)}${'</a>'.repeat(129)}`, 'policy-violation'],
  [
    'too many attributes',
    'features',
    `<a ${Array.from({ length: 257 }, (_, n) => `a${n}=''`).join(' ')}/>`,
    'policy-violation',
  ],
];

/** RFC 6120 §4.9.3.12, §5, §7: what is not the client's turn. */
const TURNS: readonly Frame[] = [
  ['a message', 'features authenticated', MESSAGE, 'not-authorized'],
  ['presence', 'features authenticated', '<presence/>', 'not-authorized'],
  [
    'a roster request',
    'features authenticated',
    "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
    'not-authorized',
  ],
  ['registration', 'features', "<iq type='set' id='1'><query xmlns='jabber:iq:register'/></iq>", 'not-authorized'],
  [
    'a login of before 2004',
    'features',
    "<iq type='set' id='1'><query xmlns='jabber:iq:auth'/></iq>",
    'not-authorized',
  ],
  ['binding', 'features', bind('b'), 'not-authorized'],
  [
    'a session',
    'features authenticated',
    "<iq type='set' id='1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
    'not-authorized',
  ],
  ['a second login', 'authenticated', auth('PLAIN', `\0bob\0${PASSWORDS.bob}`), 'not-authorized'],
  ['a second login', 'online', auth('PLAIN', `\0bob\0${PASSWORDS.bob}`), 'unsupported-stanza-type'],
  ['STARTTLS', 'authenticated', STARTTLS, 'not-authorized'],
  ['STARTTLS', 'online', STARTTLS, 'unsupported-stanza-type'],
  ['proceed', 'features', "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 'unsupported-stanza-type'],
  ['success', 'features', "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", 'not-authorized'],
  ['resumption', 'features', "<resume xmlns='urn:xmpp:sm:3' h='0' previd='1'/>", 'not-authorized'],
  ['counting', 'features', "<enable xmlns='urn:xmpp:sm:3'/>", 'not-authorized'],
  ['resumption without a count', 'authenticated online', "<resume xmlns='urn:xmpp:sm:3' previd='1'/>", 'bad-format'],
  ['a count', 'authenticated', "<a xmlns='urn:xmpp:sm:3' h='0'/>", 'not-authorized'],
  ['a count before counting', 'online', "<a xmlns='urn:xmpp:sm:3' h='0'/>", 'unsupported-stanza-type'],
  ['a question before counting', 'online', "<r xmlns='urn:xmpp:sm:3'/>", 'unsupported-stanza-type'],
  ['enabled', 'authenticated online', "<enabled xmlns='urn:xmpp:sm:3'/>", 'not-authorized|unsupported-stanza-type'],
  ['counting twice', 'online', "<enable xmlns='urn:xmpp:sm:3'/>".repeat(2), 'policy-violation'],
  ['a stream in the stream', INSIDE, `${ROOT}${MESSAGE}</stream:stream>`, 'not-authorized|unsupported-stanza-type'],
  [
    'the namespace of servers',
    'online',
    MESSAGE.replace(' to', " xmlns='jabber:server' to"),
    'unsupported-stanza-type',
  ],
  ['the name of somebody else', 'online', MESSAGE.replace(' to', " from='bob@localhost' to"), 'invalid-from'],
  ['another host', 'start', header('elsewhere.example'), 'host-unknown'],
  [
    'the namespace of components',
    'start',
    header().replace('jabber:client', 'jabber:component:accept'),
    'invalid-namespace',
  ],
  ['an old version', 'start', header().replace(" version='1.0' xmlns", ' xmlns'), 'unsupported-version'],
];

/** RFC 6120 §6, RFC 4616, RFC 5802: [what, the frames of the exchange, the condition of the failure]. */
const SASL: readonly [what: string, frames: readonly string[], condition: string][] = [
  ['another identity', [auth('PLAIN', `bob@localhost\0alice\0${PASSWORDS.alice}`)], 'invalid-authzid'],
  ['another identity without a domain', [auth('PLAIN', `bob\0alice\0${PASSWORDS.alice}`)], 'invalid-authzid'],
  ['an identity at another host', [auth('PLAIN', `alice@else.example\0alice\0${PASSWORDS.alice}`)], 'invalid-authzid'],
  ['an identity with a resource', [auth('PLAIN', `alice@localhost/b\0alice\0${PASSWORDS.alice}`)], 'invalid-authzid'],
  ['the domain as identity', [auth('PLAIN', `localhost\0alice\0${PASSWORDS.alice}`)], 'invalid-authzid'],
  ['a fourth part', [auth('PLAIN', `\0alice\0${PASSWORDS.alice}\0bob`)], 'malformed-request'],
  ['two parts', [auth('PLAIN', `alice\0${PASSWORDS.alice}`)], 'malformed-request'],
  ['no name', [auth('PLAIN', `\0\0${PASSWORDS.alice}`)], 'malformed-request'],
  ['no password', [auth('PLAIN', '\0alice\0')], 'malformed-request'],
  ['nothing', [auth('PLAIN', '')], 'malformed-request'],
  ['what is not UTF-8', [auth('PLAIN', Buffer.from([0, 0xff, 0, 0xff]))], 'malformed-request'],
  ['an address as name', [auth('PLAIN', `\0alice@localhost\0${PASSWORDS.alice}`)], 'not-authorized'],
  ['a name that only looks right', [auth('PLAIN', `\0аlice\0${PASSWORDS.alice}`)], 'not-authorized'],
  ['a name with a space', [auth('PLAIN', `\0alice \0${PASSWORDS.alice}`)], 'not-authorized'],
  ['the password of somebody else', [auth('PLAIN', `\0alice\0${PASSWORDS.bob}`)], 'not-authorized'],
  ['a password with more behind it', [auth('PLAIN', `\0alice\0${PASSWORDS.alice}x`)], 'not-authorized'],
  ['base64 with white space', [auth('PLAIN', '').replace('>=<', '>AGEA YQ==<')], 'incorrect-encoding'],
  ['base64 without padding', [auth('PLAIN', '').replace('>=<', '>AGEAYQ<')], 'incorrect-encoding'],
  ['base64 with stray bits', [auth('PLAIN', '').replace('>=<', '>AGEAYR==<')], 'incorrect-encoding'],
  ['base64 of URLs', [auth('PLAIN', '').replace('>=<', '>_-AA<')], 'incorrect-encoding'],
  ['only padding', [auth('PLAIN', '').replace('>=<', '>====<')], 'incorrect-encoding'],
  ['a mechanism in lower case', [auth('plain', `\0alice\0${PASSWORDS.alice}`)], 'invalid-mechanism'],
  ['a mechanism that is not offered', [auth('SCRAM-SHA-1-PLUS', 'p=tls-unique,,n=alice,r=a')], 'invalid-mechanism'],
  ['a mechanism without secrets', [auth('ANONYMOUS', '')], 'invalid-mechanism'],
  ['a mechanism of objects', [auth('__proto__', '')], 'invalid-mechanism'],
  ['SCRAM as somebody else', [auth('SCRAM-SHA-1', 'n,a=bob,n=alice,r=abc')], 'invalid-authzid'],
  ['SCRAM with channel binding', [auth('SCRAM-SHA-1', 'p=tls-unique,,n=alice,r=abc')], 'malformed-request'],
  ['SCRAM without a nonce', [auth('SCRAM-SHA-1', 'n,,n=alice')], 'malformed-request'],
  ['SCRAM with an unknown extension', [auth('SCRAM-SHA-1', 'n,,m=x,n=alice,r=abc')], 'malformed-request'],
  ['SCRAM in disorder', [auth('SCRAM-SHA-1', 'n,,r=abc,n=alice')], 'malformed-request'],
  ['SCRAM with its second message only', [auth('SCRAM-SHA-1', 'c=biws,r=abc,p=AAAA')], 'malformed-request'],
  [
    'a SCRAM proof for another nonce',
    [auth('SCRAM-SHA-1', 'n,,n=alice,r=abc'), response('c=biws,r=abcd,p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=')],
    'malformed-request|not-authorized',
  ],
  [
    'SCRAM without a proof',
    [auth('SCRAM-SHA-1', 'n,,n=alice,r=abc'), response('c=biws,r=abc')],
    'malformed-request|not-authorized',
  ],
  ['nothing after a challenge', [auth('SCRAM-SHA-256', 'n,,n=alice,r=abc'), response('')], 'malformed-request'],
];

async function hostileClient(host: Hosting, stage: string): Promise<C2sClient> {
  const client = await host.connect();
  await STAGES[stage]?.(client);
  return client;
}

/** Shows that nothing of what was sent has reached anybody, and that the server is well. */
async function nothingArrived(host: Hosting, bob: C2sClient): Promise<void> {
  bob.send("<message to='localhost' id='last'/><iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
  const [before] = await bob.until(/^[\s\S]*<iq [^>]*id='p'[^>]*>/);
  assert.doesNotMatch(before, /<message/);
  const { value } = await oneByOne(host.link.incoming).next();
  assert.equal(value.id, 'last');
  assert.deepEqual(
    host.log.lines.filter(({ level }) => level === 'error'),
    [],
  );
}

for (const [name, frames] of [
  ['XML', XML],
  ['turn', TURNS],
] as const) {
  describe(`a stream that breaks the rules of ${name}`, () => {
    for (const [what, stages, sent, condition] of frames) {
      for (const stage of stages.split(' ')) {
        it(`by ${what} (${stage}) ends with ${condition}, and nothing arrives`, async () => {
          await using host = await startHost();
          const bob = await host.login('bob', { resource: 'b' });
          const client = await hostileClient(host, stage);
          client.send(sent);
          client.send(MESSAGE);
          const rest = await client.rest();
          assert.match(rest, new RegExp(`<stream:error><(?:${condition}) [\\s\\S]*</stream:stream>$`));
          if (stage === 'start') assert.match(rest, /^<\?xml [^>]*><stream:stream /);
          await nothingArrived(host, bob);
        });
      }
    }
  });
}

describe('a login', () => {
  for (const [what, frames, condition] of SASL) {
    it(`with ${what} fails with ${condition}, and nothing arrives`, async () => {
      await using host = await startHost();
      const bob = await host.login('bob', { resource: 'b' });
      const client = await hostileClient(host, 'features');
      for (const [index, frame] of frames.entries()) {
        client.send(frame);
        if (index < frames.length - 1) await client.until(/<\/challenge>/);
      }
      const [, found = ''] = await client.until(/<failure [^>]*><([a-z-]+)\/>[\s\S]*<\/failure>/);
      assert.match(found, new RegExp(`^(?:${condition})$`));
      client.send(bind('b') + MESSAGE);
      assert.match(await client.rest(), /^<stream:error><not-authorized /);
      await nothingArrived(host, bob);
    });
  }
});
