import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { admit, refuseOversized } from './client-admission.ts';
import { parseJid } from './jid.ts';
import { NS } from './ns.ts';
import type { Stanza } from './stanza.ts';

const BOUND = parseJid('user@home.example/desk');
const BARE = 'user@home.example';

const parse = (xml: string) => parseDocument(xml, documentLimits(100_000), NS.client);
const judge = (xml: string) => admit(parse(xml), BOUND);

function stanzaOf(xml: string): Stanza {
  const admission = judge(xml);
  assert.ok('stanza' in admission);
  return admission.stanza;
}

function refusalOf(xml: string) {
  const admission = judge(xml);
  assert.ok('refusal' in admission);
  return admission.refusal;
}

describe('a stanza for a user', () => {
  it('is from the account and for the session where it does not say so', () => {
    const { from, to } = stanzaOf("<iq type='result' id='1'/>");
    assert.deepEqual([from, to], [BARE, BOUND]);
  });

  it('is let in for the account and for each of its resources', () => {
    for (const to of [BARE, BOUND, `${BARE}/other`]) {
      assert.equal(stanzaOf(`<message from='a@b.example' to='${to}'/>`).to, to);
    }
  });

  it('of an unknown type is a normal message', () => {
    assert.equal(stanzaOf("<message type='weird' from='a@b.example'/>").type, 'normal');
  });

  it('is not let in for somebody else, and nobody hears of it', () => {
    for (const to of ['other@home.example', 'home.example', 'user@else.example/desk']) {
      const { reason, answer } = refusalOf(`<iq type='get' id='1' from='a@b.example' to='${to}'/>`);
      assert.deepEqual([reason, answer], ['it is not for this account', undefined]);
    }
  });

  it('is answered when it asks in a way that cannot be understood', () => {
    const bad = refusalOf("<iq type='weird' id='1' from='a@b.example'/>").answer;
    assert.deepEqual([bad?.type, bad?.to, bad?.id], ['error', 'a@b.example', '1']);
    assert.equal(refusalOf("<iq type='get' from='a@b.example'/>").answer?.payload[0]?.children.length, 2);
    assert.equal(refusalOf("<iq type='get' id='1' from='@'/>").answer, undefined);
    assert.equal(refusalOf("<iq type='result' from='a@b.example'/>").answer, undefined);
    const large = refuseOversized(parse("<iq type='set' id='1' from='a@b.example'/>"), BOUND, 'it is too large');
    assert.equal(large.answer?.from, BOUND);
  });
});

describe('what only the own account may send', () => {
  const PUSHES: Readonly<Record<string, string>> = {
    'roster push': `type='set' id='1'><query xmlns='${NS.roster}'><item jid='evil@b.example'/></query></iq>`,
    'block list push': `type='set' id='1'><block xmlns='${NS.blocking}'/></iq>`,
  };
  const copy = (name: string) =>
    `><${name} xmlns='${NS.carbons}'><forwarded xmlns='${NS.forward}'><message from='${BARE}'/></forwarded></${name}></message>`;
  const CASES = [
    ...Object.entries(PUSHES).map(([what, xml]) => [what, 'iq', xml] as const),
    ...['sent', 'received'].map(name => ['copy of a message', 'message', copy(name)] as const),
  ];
  const OTHERS = [
    'evil@b.example',
    'evil@b.example/x',
    'home.example',
    'other@home.example',
    `${BARE}/other`,
    BOUND,
    'user@home.example.b.example',
    'user@sub.home.example',
    'xuser@home.example',
    'b.example',
  ];

  for (const [what, kind, rest] of CASES) {
    it(`is let in from it: ${what}`, () => {
      for (const from of ['', `from='${BARE}'`, "from='USER@Home.example'"]) {
        assert.equal(stanzaOf(`<${kind} ${from} ${rest}`).from, BARE);
      }
    });

    it(`is ignored from anybody else: ${what}`, () => {
      for (const from of OTHERS) {
        const { reason, answer } = refusalOf(`<${kind} from='${from}' ${rest}`);
        assert.match(reason, new RegExp(what));
        assert.equal(answer, undefined);
      }
    });
  }

  it('does not hinder others to ask and answer', () => {
    stanzaOf(`<iq type='get' id='1' from='a@b.example'><query xmlns='${NS.roster}'/></iq>`);
    stanzaOf(`<iq type='result' id='1' from='a@b.example'><query xmlns='${NS.roster}'/></iq>`);
    stanzaOf(`<message from='a@b.example'><private xmlns='${NS.carbons}'/></message>`);
  });
});
