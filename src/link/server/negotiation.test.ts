import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACCOUNT,
  authenticated,
  BIND,
  conditionOf,
  DENIED,
  FULL,
  failureOf,
  far,
  header,
  near,
  PLAIN,
  received,
  run,
  STARTTLS,
  SUCCESS,
  step,
} from '../../../test/support/stream-machine.ts';
import { element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { StreamInput, StreamState } from './stream-states.ts';

describe('STARTTLS', () => {
  it('proceeds, secures and starts over with a new reader', () => {
    const { said, state } = run(far(), STARTTLS);
    assert.deepEqual(said, [`<proceed xmlns='${NS.tls}'/>`, 'secure', 'restart before login']);
    assert.equal(state.name, 'opening');
  });

  it('is not offered twice, and offers SASL to everyone', () => {
    const { said, state } = run(far(), STARTTLS, header());
    assert.match(said.join(), /<mechanisms/);
    assert.doesNotMatch(said.join(), /starttls/);
    assert.equal(conditionOf(run(state, STARTTLS).said), 'not-authorized');
  });

  it('is not possible after SASL', () => {
    assert.equal(conditionOf(run(authenticated(), STARTTLS).said), 'not-authorized');
  });
});

describe('SASL', () => {
  it('starts an exchange with the initial response, or without one', () => {
    assert.deepEqual(run(near(), PLAIN).said, ['authenticate PLAIN \0a\0b']);
    const bare = received(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`);
    assert.deepEqual(run(near(), bare).said, ['authenticate PLAIN nothing']);
    const empty = received(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>=</auth>`);
    assert.deepEqual(run(near(), empty).said, ['authenticate PLAIN ']);
  });

  it('goes back and forth', () => {
    const challenge = step({ kind: 'challenge', data: Buffer.from('who?') });
    const challenged = run(near(), PLAIN, challenge);
    assert.deepEqual(challenged.said, [`<challenge xmlns='${NS.sasl}'>d2hvPw==</challenge>`]);
    assert.deepEqual(run(challenged.state, received(`<response xmlns='${NS.sasl}'>bWU=</response>`)).said, [
      'respond me',
    ]);
  });

  it('succeeds with the last word of the mechanism, and starts over with the limits of clients', () => {
    assert.deepEqual(run(near(), PLAIN, SUCCESS).said, [`<success xmlns='${NS.sasl}'/>`, 'restart client']);
    const last = step({ kind: 'success', account: ACCOUNT, data: Buffer.from('v=1') });
    assert.equal(run(near(), PLAIN, last).said[0], `<success xmlns='${NS.sasl}'>dj0x</success>`);
  });

  it('may fail twice; the third failure ends the stream', () => {
    const twice = run(near(), PLAIN, DENIED, PLAIN, DENIED);
    assert.deepEqual([failureOf(twice.said), twice.state.name], ['not-authorized', 'choosing']);
    const thrice = run(twice.state, PLAIN, DENIED);
    assert.deepEqual([failureOf(thrice.said), conditionOf(thrice.said)], ['not-authorized', 'policy-violation']);
  });

  it('counts failures across TLS', () => {
    const before = run(near(), PLAIN, DENIED, PLAIN, DENIED, STARTTLS, header());
    assert.equal(conditionOf(run(before.state, PLAIN, DENIED).said), 'policy-violation');
  });

  const CHALLENGE = step({ kind: 'challenge', data: Buffer.from('x') });
  const FAILURES: readonly [what: string, state: () => StreamState, xml: string, condition: string][] = [
    ['an unknown mechanism', near, `<auth xmlns='${NS.sasl}' mechanism='X-NONE'/>`, 'invalid-mechanism'],
    ['no mechanism', near, `<auth xmlns='${NS.sasl}'/>`, 'invalid-mechanism'],
    ['what is not base64', near, `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>a b</auth>`, 'incorrect-encoding'],
    ['a response before the start', near, `<response xmlns='${NS.sasl}'/>`, 'malformed-request'],
    ['an abort', () => run(near(), PLAIN, CHALLENGE).state, `<abort xmlns='${NS.sasl}'/>`, 'aborted'],
    [
      'a second start',
      () => run(near(), PLAIN, CHALLENGE).state,
      `<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`,
      'malformed-request',
    ],
    ['no TLS', far, `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGEAYg==</auth>`, 'encryption-required'],
  ];
  for (const [what, state, xml, condition] of FAILURES) {
    it(`fails for ${what} with ${condition}, and asks nobody`, () => {
      const { said, state: then } = run(state(), received(xml));
      assert.deepEqual([failureOf(said), said.length, then.name], [condition, 1, 'choosing']);
    });
  }

  it('ends the stream for whatever comes before the server has answered', () => {
    for (const early of [PLAIN, STARTTLS, BIND, received(`<response xmlns='${NS.sasl}'/>`), received('<message/>')]) {
      assert.equal(conditionOf(run(near(), PLAIN, early).said), 'policy-violation');
    }
  });

  it('is over once it has succeeded', () => {
    assert.equal(conditionOf(run(authenticated(), PLAIN).said), 'not-authorized');
  });
});

describe('before the session is bound', () => {
  const STANZAS = [
    '<message/>',
    '<presence/>',
    "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
    '<iq/>',
    '<other/>',
  ];
  const STATES: readonly [when: string, state: () => StreamState][] = [
    ['before TLS', far],
    ['before SASL', near],
    ['within SASL', () => run(near(), PLAIN, step({ kind: 'challenge', data: Buffer.from('x') })).state],
    ['before binding', authenticated],
  ];
  for (const [when, state] of STATES) {
    it(`ends with not-authorized for any stanza ${when}`, () => {
      for (const xml of STANZAS) assert.equal(conditionOf(run(state(), received(xml)).said), 'not-authorized', xml);
    });
  }

  it('does not bind anybody before SASL', () => {
    assert.equal(conditionOf(run(near(), BIND).said), 'not-authorized');
    assert.equal(conditionOf(run(far(), BIND).said), 'not-authorized');
  });

  it('has the policy broken by an element over a limit', () => {
    const refused: StreamInput = { name: 'refused', head: element('message', NS.client), reason: 'too deep' };
    for (const [, state] of STATES) assert.equal(conditionOf(run(state(), refused).said), 'policy-violation');
  });
});

describe('resource binding', () => {
  const binding = (inside: string) => received(`<iq type='set' id='b1'><bind xmlns='${NS.bind}'>${inside}</bind></iq>`);

  it('asks for the address that the client wants, or for any', () => {
    assert.deepEqual(run(authenticated(), BIND).said, ['bind user@home.example user@home.example/desk']);
    for (const none of ['', '<resource/>']) {
      assert.deepEqual(run(authenticated(), binding(none)).said, ['bind user@home.example any']);
    }
  });

  it('tells the client its address', () => {
    const { said, state } = run(authenticated(), BIND, { name: 'bound', address: FULL });
    assert.deepEqual(said, [
      `<iq id='b1' type='result'><bind xmlns='${NS.bind}'><jid>user@home.example/desk</jid></bind></iq>`,
    ]);
    assert.deepEqual(state, { name: 'online', address: FULL, managed: false });
  });

  const BAD: readonly [what: string, xml: string][] = [
    [
      'a resource that is none',
      `<iq type='set' id='b'><bind xmlns='${NS.bind}'><resource>\u200bx</resource></bind></iq>`,
    ],
    [
      'a resource that is too long',
      `<iq type='set' id='b'><bind xmlns='${NS.bind}'><resource>${'x'.repeat(1024)}</resource></bind></iq>`,
    ],
    ['no id', `<iq type='set'><bind xmlns='${NS.bind}'/></iq>`],
    ['two requests in one', `<iq type='set' id='b'><bind xmlns='${NS.bind}'/><bind xmlns='${NS.bind}'/></iq>`],
    ['another element of its namespace', `<iq type='set' id='b'><unbind xmlns='${NS.bind}'/></iq>`],
  ];
  for (const [what, xml] of BAD) {
    it(`refuses ${what} with bad-request, and the client may try again`, () => {
      const { said, state } = run(authenticated(), received(xml));
      assert.match(said.join(), /<error type='modify'><bad-request /);
      assert.equal(run(state, BIND, { name: 'bound', address: FULL }).state.name, 'online');
    });
  }

  it('says resource-constraint when the account has too many sessions, and the client may try again', () => {
    const { said, state } = run(authenticated(), BIND, { name: 'crowded' });
    assert.match(said.join(), /<error type='wait'><resource-constraint /);
    assert.equal(run(state, BIND, { name: 'bound', address: FULL }).state.name, 'online');
  });

  it('ends the stream for a request that is no set, or in the name of somebody else', () => {
    const get = received(`<iq type='get' id='b1'><bind xmlns='${NS.bind}'/></iq>`);
    assert.equal(conditionOf(run(authenticated(), get).said), 'not-authorized');
    const other = received(`<iq type='set' id='b1' from='other@home.example'><bind xmlns='${NS.bind}'/></iq>`);
    assert.equal(conditionOf(run(authenticated(), other).said), 'invalid-from');
  });
});
