import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { childElements, type Element } from '../xml/element.ts';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { admit, refuseOversized } from './component-admission.ts';
import { parseJid } from './jid.ts';
import { NS } from './ns.ts';
import type { Admission } from './refusal.ts';

const DOMAIN = parseJid('rest.example.net');
const PING = "<ping xmlns='urn:xmpp:ping'/>";

function parsed(xml: string): Element {
  return parseDocument(xml, documentLimits(100_000), NS.client);
}

function refusalOf(admission: Admission) {
  assert.ok('refusal' in admission, 'it was let in');
  return admission.refusal;
}

/** The addresses, the id and the condition of an answer, in short. */
function answerOf(admission: Admission) {
  const { answer } = refusalOf(admission);
  if (answer === undefined) return undefined;
  assert.equal(answer.kind, 'iq');
  assert.equal(answer.type, 'error');
  const [error] = answer.payload;
  const condition = error === undefined ? undefined : childElements(error)[0]?.name;
  return { to: answer.to, from: answer.from, id: answer.id, condition };
}

describe('admit', () => {
  const admitted = [
    "<message from='a@b/c' to='rest.example.net'><body>x</body></message>",
    "<presence from='a@b/c' to='me@rest.example.net'/>",
    `<iq type='get' id='1' from='a@b/c' to='me@rest.example.net/r'>${PING}</iq>`,
    "<iq type='error' id='1' from='a@b/c' to='rest.example.net'/>",
    "<message type='error' from='rest.example.net' to='rest.example.net'/>",
  ];
  for (const xml of admitted) {
    it(`lets in ${xml}`, () => assert.ok('stanza' in admit(parsed(xml), DOMAIN)));
  }

  it('hands on what was sent', () => {
    const admission = admit(
      parsed("<message type='chat' id='1' from='A@B/c' to='rest.example.net'><body>x</body></message>"),
      DOMAIN,
    );
    assert.ok('stanza' in admission);
    const { payload, ...stanza } = admission.stanza;
    assert.deepEqual(stanza, { kind: 'message', type: 'chat', id: '1', from: 'a@b/c', to: 'rest.example.net' });
    assert.deepEqual(
      payload.map(({ name }) => name),
      ['body'],
    );
  });

  it('takes a message of a type that it does not know as a normal one (RFC 6121 §5.2.2)', () => {
    const admission = admit(parsed("<message type='weird' from='a@b/c' to='rest.example.net'/>"), DOMAIN);
    assert.ok('stanza' in admission);
    assert.equal(admission.stanza.type, 'normal');
  });

  const silent: readonly (readonly [what: string, xml: string, kind: string])[] = [
    ['no sender', `<iq type='get' id='1' to='rest.example.net'>${PING}</iq>`, 'iq'],
    ['no addressee', `<iq type='get' id='1' from='a@b/c'>${PING}</iq>`, 'iq'],
    ['an addressee elsewhere', `<iq type='get' id='1' from='a@b/c' to='evil.example'>${PING}</iq>`, 'iq'],
    ['an addressee whose domain only ends like ours', "<message from='a@b' to='x.rest.example.net'/>", 'message'],
    ['a sender that is no address', `<iq type='get' id='1' from='@@' to='rest.example.net'>${PING}</iq>`, 'iq'],
    ['presence with a type of its own', "<presence type='weird' from='a@b/c' to='rest.example.net'/>", 'presence'],
    ['an answer to an address that is none', "<iq type='result' id='1' from='a@b/c' to='@@rest.example.net'/>", 'iq'],
    ['an error without an id', "<iq type='error' from='a@b/c' to='rest.example.net'/>", 'iq'],
    ['an element that is no stanza', "<handshake from='a@b/c' to='rest.example.net'/>", 'other'],
    [
      'a stanza of another namespace',
      "<iq xmlns='jabber:server' type='get' id='1' from='a@b/c' to='rest.example.net'/>",
      'other',
    ],
  ];
  for (const [what, xml, kind] of silent) {
    it(`drops ${what} without an answer`, () => {
      const admission = admit(parsed(xml), DOMAIN);
      assert.equal(answerOf(admission), undefined);
      assert.equal(refusalOf(admission).kind, kind);
    });
  }

  it('answers an iq of an unknown type with bad-request', () => {
    const expected = { to: 'a@b/c', from: 'me@rest.example.net', id: '1', condition: 'bad-request' };
    assert.deepEqual(
      answerOf(admit(parsed("<iq type='weird' id='1' from='a@b/c' to='me@rest.example.net'/>"), DOMAIN)),
      expected,
    );
    assert.deepEqual(answerOf(admit(parsed("<iq id='1' from='a@b/c' to='me@rest.example.net'/>"), DOMAIN)), expected);
  });

  it('answers an iq without an id with bad-request', () => {
    const admission = admit(parsed(`<iq type='set' from='a@b/c' to='rest.example.net'>${PING}</iq>`), DOMAIN);
    assert.deepEqual(answerOf(admission), { to: 'a@b/c', from: DOMAIN, id: undefined, condition: 'bad-request' });
  });

  it('answers an iq to an unusable address with jid-malformed, and never from that address', () => {
    const admission = admit(
      parsed(`<iq type='get' id='1' from='a@b/c' to='a"b@rest.example.net'>${PING}</iq>`),
      DOMAIN,
    );
    assert.deepEqual(answerOf(admission), { to: 'a@b/c', from: DOMAIN, id: '1', condition: 'jid-malformed' });
  });

  it('does not send back an endless id', () => {
    const xml = `<iq type='weird' id='${'x'.repeat(1_025)}' from='a@b/c' to='rest.example.net'/>`;
    assert.equal(answerOf(admit(parsed(xml), DOMAIN)), undefined);
  });

  it('never repeats what a stanza holds in its reason', () => {
    const xml =
      "<iq type='s3cret' id='s3cret' from='a@b/c' to='s3cret@@rest.example.net'><s3cret xmlns='s3cret'/></iq>";
    assert.doesNotMatch(refusalOf(admit(parsed(xml), DOMAIN)).reason, /s3cret/);
  });
});

describe('refuseOversized', () => {
  const refused = (xml: string) => ({ refusal: refuseOversized(parsed(xml), DOMAIN, 'it is larger than 1 byte') });

  it('answers an iq that asks for something with policy-violation', () => {
    const admission = refused("<iq type='set' id='1' from='a@b/c' to='me@rest.example.net'/>");
    const expected = { to: 'a@b/c', from: 'me@rest.example.net', id: '1', condition: 'policy-violation' };
    assert.deepEqual(answerOf(admission), expected);
  });

  it('answers nothing else', () => {
    for (const head of [
      "<message from='a@b/c' to='rest.example.net'/>",
      "<iq type='result' id='1' from='a@b/c' to='rest.example.net'/>",
    ]) {
      const admission = refused(head);
      assert.equal(answerOf(admission), undefined);
      assert.equal(refusalOf(admission).reason, 'it is larger than 1 byte');
    }
  });
});
