/** XEP-0388, XEP-0386, XEP-0484: what a client reads of the offer, says and reads in a login of one round trip. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Element, element } from '../xml/element.ts';
import { CLIENT_LIMITS } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { bind2 } from './bind2.ts';
import { requestToken, takesToken, tokenMechanism, useToken } from './fast.ts';
import { parseJid } from './jid.ts';
import { NS } from './ns.ts';
import { readBindings } from './sasl/client-frames.ts';
import {
  abortSasl2,
  authenticate,
  readSasl2Answer,
  readSasl2Offer,
  requireIdentity,
  respond,
  type Sasl2Success,
} from './sasl2.ts';

const parse = (text: string): Element => parseDocument(text, CLIENT_LIMITS);
const STREAM = "xmlns='http://etherx.jabber.org/streams'";
const SASL2 = "xmlns='urn:xmpp:sasl:2'";

function features(inner: string): Element {
  return parse(`<features ${STREAM}>${inner}</features>`);
}

function success(inner: string): Sasl2Success {
  const answer = readSasl2Answer(parse(`<success ${SASL2}>${inner}</success>`));
  assert.ok(answer.name === 'success');
  return answer;
}

const OFFER = `
<authentication ${SASL2}>
  <mechanism>SCRAM-SHA-1</mechanism>
  <mechanism>SCRAM-SHA-1-PLUS</mechanism>
  <inline>
    <bind xmlns='urn:xmpp:bind:0'>
      <inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:sm:3'/><feature/></inline>
    </bind>
    <sm xmlns='urn:xmpp:sm:3'/>
    <fast xmlns='urn:xmpp:fast:0' tls-0rtt='true'>
      <mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-EXPR</mechanism>
    </fast>
  </inline>
</authentication>
<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>`;

test('the offer of a server that has everything is read', () => {
  const offered = features(OFFER);
  assert.deepEqual(readSasl2Offer(offered), {
    mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'],
    resumption: true,
    bind: { features: ['urn:xmpp:carbons:2', 'urn:xmpp:sm:3'] },
    fast: ['HT-SHA-256-ENDP', 'HT-SHA-256-EXPR'],
  });
  assert.deepEqual(readBindings(offered), ['tls-exporter']);
});

test('the offer of a server that has little is read', () => {
  const little = { mechanisms: ['PLAIN'], resumption: false, bind: undefined, fast: undefined };
  const mechanism = '<mechanism>PLAIN</mechanism>';
  assert.deepEqual(readSasl2Offer(features(`<authentication ${SASL2}>${mechanism}</authentication>`)), little);
  const strange = `<inline/><bind xmlns='urn:xmpp:bind:0'/><sm/>`;
  assert.deepEqual(
    readSasl2Offer(features(`<authentication ${SASL2}>${mechanism}${strange}</authentication>`)),
    little,
  );
  const bare = features(
    `<authentication ${SASL2}>${mechanism}<inline><bind xmlns='urn:xmpp:bind:0'/></inline></authentication>`,
  );
  assert.deepEqual(readSasl2Offer(bare)?.bind, { features: [] });
  assert.equal(readSasl2Offer(features(`<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`)), undefined);
});

const userAgent = { id: 'd4565fa7-4d72-4749-b3d3-740edbf87770', software: 'Restanza' };
const inside = { defaultNs: NS.sasl2 };

test('a login carries its message, who asks, and what is to follow', () => {
  const inline = [
    bind2('rest', [element('enable', NS.carbons), element('enable', NS.management)]),
    requestToken('HT-SHA-256-EXPR'),
  ];
  const made = authenticate({ mechanism: 'SCRAM-SHA-1', initial: Buffer.from('n,,'), userAgent, inline });
  assert.equal(
    write(made, inside),
    `<authenticate mechanism='SCRAM-SHA-1'><initial-response>biws</initial-response>` +
      `<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>Restanza</software></user-agent>` +
      `<bind xmlns='urn:xmpp:bind:0'><tag>rest</tag><enable xmlns='urn:xmpp:carbons:2'/>` +
      `<enable xmlns='urn:xmpp:sm:3'/></bind>` +
      `<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-EXPR'/></authenticate>`,
  );
});

test('a message of no bytes is not the same as none', () => {
  const login = { mechanism: 'EXTERNAL', userAgent, inline: [] };
  assert.match(write(authenticate({ ...login, initial: new Uint8Array() })), /<initial-response\/>/);
  assert.doesNotMatch(write(authenticate({ ...login, initial: undefined })), /initial-response/);
  assert.equal(write(respond(Buffer.from('abc')), inside), '<response>YWJj</response>');
  assert.equal(write(respond(new Uint8Array()), inside), '<response/>');
  assert.equal(write(abortSasl2(), inside), '<abort/>');
});

test('the use of a token is no use in early data, which would be counted', () => {
  assert.equal(write(useToken(), { defaultNs: NS.fast }), '<fast/>');
});

test('a token is asked for by the strongest mechanism that the channel can bind, and only over TLS', () => {
  const offered = ['HT-SHA-256-NONE', 'HT-SHA-256-UNIQ', 'HT-SHA-256-EXPR', 'HT-SHA-256-ENDP'];
  const tls = { secure: true, allowPlain: false };
  const [exporter, endPoint] = [Buffer.from('e'), Buffer.from('p')];
  assert.equal(tokenMechanism(offered, { ...tls, exporter, endPoint }, false), 'HT-SHA-256-EXPR');
  assert.equal(tokenMechanism(offered, { ...tls, endPoint }, false), 'HT-SHA-256-ENDP');
  assert.equal(tokenMechanism(offered, tls, false), 'HT-SHA-256-NONE');
  assert.equal(tokenMechanism(['HT-SHA-256-EXPR'], tls, false), undefined);
  assert.equal(tokenMechanism(offered, { secure: false, allowPlain: true }, false), undefined);
});

test('no token that binds nothing is asked for where the channel has to be bound', () => {
  const tls = { secure: true, allowPlain: false };
  const exporter = Buffer.from('e');
  assert.equal(tokenMechanism(['HT-SHA-256-NONE'], { ...tls, exporter }, true), undefined);
  assert.equal(tokenMechanism(['HT-SHA-256-NONE', 'HT-SHA-256-EXPR'], { ...tls, exporter }, true), 'HT-SHA-256-EXPR');
});

test('a token is of use only by its own mechanism, where that is offered and the channel has what it binds', () => {
  const tls = { secure: true, allowPlain: false };
  const exporter = Buffer.from('e');
  assert.equal(takesToken('HT-SHA-256-EXPR', ['HT-SHA-256-EXPR'], { ...tls, exporter }), true);
  assert.equal(takesToken('HT-SHA-256-EXPR', ['HT-SHA-256-NONE'], { ...tls, exporter }), false);
  assert.equal(takesToken('HT-SHA-256-EXPR', ['HT-SHA-256-EXPR'], tls), false);
  assert.equal(takesToken('HT-SHA-256-NONE', ['HT-SHA-256-NONE'], { secure: false, allowPlain: true }), false);
  assert.equal(takesToken('PLAIN', ['PLAIN'], tls), false);
});

const ALICE = '<authorization-identifier>alice@example.net</authorization-identifier>';

test('a success with everything in it is read', () => {
  const read = success(`
    <additional-data>dj1hYmM=</additional-data>
    <authorization-identifier>Alice@example.net/rest~1</authorization-identifier>
    <bound xmlns='urn:xmpp:bind:0'>
      <enabled xmlns='urn:xmpp:sm:3' id='x' resume='1'/>
      <metadata xmlns='urn:xmpp:mam:2'><start id='a'/><end id='b' timestamp='2020-04-20T14:34:21Z'/></metadata>
    </bound>
    <failed xmlns='urn:xmpp:sm:3' h='7'/>
    <token xmlns='urn:xmpp:fast:0' expiry='2020-03-12T14:36:15Z' token='WXZz'/>`);
  assert.deepEqual(read.data && Buffer.from(read.data).toString(), 'v=abc');
  assert.equal(read.address, 'alice@example.net/rest~1');
  assert.equal(read.bound?.management?.attrs['id'], 'x');
  assert.deepEqual(read.bound?.archiveEnd, { id: 'b', timestamp: '2020-04-20T14:34:21Z' });
  assert.deepEqual([read.resumption?.name, read.resumption?.attrs['h']], ['failed', '7']);
  assert.deepEqual(read.token, { token: 'WXZz', expiry: Date.UTC(2020, 2, 12, 14, 36, 15) });
});

test('a success with little in it is read', () => {
  const { data, bound, resumption, token } = success(ALICE);
  assert.deepEqual([data, bound, resumption, token], [undefined, undefined, undefined, undefined]);
  assert.equal(Buffer.from(success(`<additional-data/>${ALICE}`).data ?? [1]).length, 0);
  assert.deepEqual(success(`<bound xmlns='urn:xmpp:bind:0'/>${ALICE}`).bound, {
    management: undefined,
    archiveEnd: undefined,
  });
  assert.equal(success(`<resumed xmlns='urn:xmpp:sm:3' h='1' previd='x'/>${ALICE}`).resumption?.name, 'resumed');
});

for (const [what, attributes, expected] of [
  ['without an expiry', "token='x'", { token: 'x', expiry: undefined }],
  ['with an offset', "token='x' expiry='2020-03-12T15:36:15.5+01:00'", { token: 'x', expiry: 1_584_023_775_500 }],
  ['with an expiry in words', "token='x' expiry='tomorrow'", { token: 'x', expiry: undefined }],
  ['with an impossible expiry', "token='x' expiry='2020-13-45T99:99:99Z'", { token: 'x', expiry: undefined }],
  ['without a token', "expiry='2020-03-12T14:36:15Z'", undefined],
  ['of no characters', "token=''", undefined],
  ['of too many characters', `token='${'x'.repeat(5_000)}'`, undefined],
] as const) {
  test(`a token ${what} is read as far as it is one`, () => {
    assert.deepEqual(success(`${ALICE}<token xmlns='urn:xmpp:fast:0' ${attributes}/>`).token, expected);
  });
}

for (const [what, inner] of [
  ['nobody', ''],
  ['an empty name', '<authorization-identifier/>'],
  ['no address', '<authorization-identifier>a@b@c</authorization-identifier>'],
  ['an address with a line end', '<authorization-identifier>alice@example.net\n</authorization-identifier>'],
  ['two', `${ALICE}<authorization-identifier>mallory@example.net</authorization-identifier>`],
  ['somebody in another namespace', "<authorization-identifier xmlns='x'>alice@example.net</authorization-identifier>"],
  ['somebody, with two last words', `${ALICE}<additional-data/><additional-data/>`],
  ['somebody, with a last word that is not base64', `${ALICE}<additional-data>dj1</additional-data>`],
  ['somebody, with white space in the last word', `${ALICE}<additional-data> dj1hYmM= </additional-data>`],
  ['somebody, with an element in the last word', `${ALICE}<additional-data>dj1h<x/>YmM=</additional-data>`],
  ['somebody, bound twice', `${ALICE}<bound xmlns='urn:xmpp:bind:0'/><bound xmlns='urn:xmpp:bind:0'/>`],
] as const) {
  test(`a success that names ${what} is malformed`, () => {
    assert.throws(() => success(inner), { name: 'SaslFault', reason: 'malformed-answer' });
  });
}

test('failures are read with their conditions in either namespace', () => {
  const fault = (inner: string) => {
    const answer = readSasl2Answer(parse(`<failure ${SASL2}>${inner}</failure>`));
    assert.ok(answer.name === 'failure');
    return answer.fault;
  };
  const defined = "<credentials-expired xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><text>Come in person</text>";
  assert.deepEqual([fault(defined).reason, fault(defined).serverText], ['credentials-expired', 'Come in person']);
  assert.equal(fault('<malformed-request/>').reason, 'malformed-request');
  assert.equal(fault('').reason, 'undefined-condition');
});

test('a second step is a failure that the operator can mend', () => {
  const wanted = parse(
    `<continue ${SASL2}><additional-data>dj1hYmM=</additional-data><tasks><task>X</task></tasks></continue>`,
  );
  const answer = readSasl2Answer(wanted);
  assert.ok(answer.name === 'failure');
  assert.deepEqual([answer.fault.reason, answer.fault.blame], ['interaction-required', 'setup']);
});

test('challenges are read, and anything else is no answer', () => {
  const challenge = readSasl2Answer(parse(`<challenge ${SASL2}>YWJj</challenge>`));
  assert.equal(challenge.name === 'challenge' && Buffer.from(challenge.data).toString(), 'abc');
  assert.throws(() => readSasl2Answer(parse(`<challenge ${SASL2}>=</challenge>`)), { reason: 'malformed-answer' });
  for (const other of [
    `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`,
    `<response ${SASL2}/>`,
    `<constructor ${SASL2}/>`,
    `<message xmlns='jabber:client'/>`,
  ]) {
    assert.throws(() => readSasl2Answer(parse(other)), { reason: 'unexpected-answer' });
  }
});

test('only the account that was meant is taken, with whatever resource', () => {
  const account = parseJid('alice@example.net');
  requireIdentity(parseJid('alice@example.net'), account);
  requireIdentity(parseJid('Alice@Example.NET/rest'), account);
  for (const other of [
    'mallory@example.net',
    'alice@example.com',
    'example.net',
    'alice@example.net.evil/alice@example.net',
  ]) {
    assert.throws(() => requireIdentity(parseJid(other), account), { reason: 'wrong-identity', blame: 'server' });
  }
});
