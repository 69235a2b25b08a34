import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentLimits } from '../../xml/limits.ts';
import { parseDocument } from '../../xml/parse.ts';
import { write } from '../../xml/write.ts';
import { StreamFault } from '../../xmpp/header.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { stanzaElement } from '../../xmpp/stanza.ts';
import { admit } from './admission.ts';
import type { Command } from './stream-states.ts';

const DOMAIN = parseJid('home.example');
const ADDRESS = parseJid('user@home.example/Desk');

function admitted(xml: string): Command {
  return admit(parseDocument(xml, documentLimits(1_000_000), NS.client), ADDRESS, DOMAIN);
}

/** The answer; the command's name when there is none. */
function answer(xml: string): string {
  const command = admitted(xml);
  if (command.do !== 'answer' || command.stanza === undefined) return command.do;
  return write(stanzaElement(command.stanza), { defaultNs: NS.client });
}

describe('the sender of a stanza', () => {
  const OWN = [
    'user@home.example',
    'user@home.example/Desk',
    'USER@Home.Example',
    'USER@HOME.EXAMPLE/Desk',
    'user@home.example.',
  ];
  for (const from of OWN) {
    it(`may be written ${from}`, () => assert.equal(answer(`<message from='${from}' to='a@b'/>`), 'route'));
  }

  const FALSE = [
    'other@home.example',
    'user@home.example/desk',
    'user@home.example/Other',
    'user@else.example',
    'home.example',
    'user@home.example/',
    'user',
    '',
    '@',
    'user@home.example/Desk ',
    'uѕer@home.example',
    '%75ser@home.example',
  ];
  for (const from of FALSE) {
    it(`may not be ${JSON.stringify(from)}`, () => {
      assert.throws(
        () => admitted(`<message from='${from}'/>`),
        (error: unknown) => error instanceof StreamFault && error.condition === 'invalid-from',
      );
    });
  }
});

describe('what is no stanza', () => {
  const OTHERS = [
    '<other/>',
    `<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`,
    "<message xmlns='jabber:server'/>",
    "<iq xmlns='urn:x'/>",
    "<r xmlns='urn:xmpp:sm:3'/>",
  ];
  for (const xml of OTHERS) {
    it(`ends the stream: ${xml}`, () => {
      assert.throws(
        () => admitted(xml),
        (error: unknown) => error instanceof StreamFault && error.condition === 'unsupported-stanza-type',
      );
    });
  }
});

describe('what is wrong with a stanza is told to its sender', () => {
  const REFUSED: readonly [xml: string, condition: string][] = [
    ["<message to='@' id='1'/>", 'jid-malformed'],
    ["<iq to='a@b@c' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", 'jid-malformed'],
    ["<presence type='weird' to='a@b' id='1'/>", 'bad-request'],
    ["<presence type='busy' id='1'/>", 'bad-request'],
    ["<iq type='ask' id='1'/>", 'bad-request'],
    ["<iq id='1'><ping xmlns='urn:xmpp:ping'/></iq>", 'bad-request'],
    ["<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>", 'bad-request'],
    ["<iq type='get' id='1'/>", 'bad-request'],
    ["<iq type='set' id='1'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>", 'bad-request'],
  ];
  for (const [xml, condition] of REFUSED) {
    it(`${xml} with ${condition}`, () => {
      const told = answer(xml);
      assert.match(told, new RegExp(`^<[a-z]+ to='user@home.example/Desk' .*type='error'>.*<${condition} `));
    });
  }

  it('from the address that was meant where there is one', () => {
    assert.match(answer("<iq type='get' to='a@home.example' id='1'/>"), / from='a@home.example' id='1'/);
    assert.doesNotMatch(answer("<message to='@' id='1'/>"), /from=/);
  });

  it('but never for an answer', () => {
    for (const xml of ["<iq type='result'/>", "<iq type='error' to='@' id='1'/>", "<message type='error' to='@'/>"]) {
      assert.deepEqual(admitted(xml), { do: 'answer', stanza: undefined });
    }
  });
});

describe('a message of a type that is not known', () => {
  it('is a normal one (RFC 6121 §5.2.2)', () => {
    const command = admitted("<message type='weird' to='a@b' id='1'/>");
    assert.ok(command.do === 'route');
    assert.equal(command.stanza.type, 'normal');
  });
});

describe('a stanza that would grow', () => {
  it('is refused before it is written', () => {
    const ns = 'n'.repeat(250);
    const children = '<a:x/>'.repeat(9_000);
    assert.match(answer(`<message to='a@b' id='1' xmlns:a='${ns}'>${children}</message>`), /<policy-violation /);
  });
});

describe('the session request of old clients', () => {
  for (const to of ['', " to='home.example'", " to='user@home.example'"]) {
    it(`gets its result${to}`, () => {
      assert.match(
        answer(`<iq type='set' id='s1'${to}><session xmlns='${NS.session}'/></iq>`),
        /^<iq .*id='s1' type='result'\/>$/,
      );
    });
  }

  it('is an ordinary request when it is for somebody else', () => {
    assert.equal(answer(`<iq type='set' id='s1' to='a@b'><session xmlns='${NS.session}'/></iq>`), 'route');
  });
});
