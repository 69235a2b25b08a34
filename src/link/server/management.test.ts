import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACCOUNT,
  authenticated,
  BIND,
  conditionOf,
  FULL,
  header,
  near,
  online,
  received,
  run,
} from '../../../test/support/stream-machine.ts';
import { NS } from '../../xmpp/ns.ts';
import type { StreamInput } from './stream-states.ts';

const said = (xml: string) => received(xml.replace(/^<(\w+)/, `<$1 xmlns='${NS.management}'`));
const ENABLE = said('<enable/>');
const RESUME = said("<resume previd='x' h='3'/>");
const R = said('<r/>');
const A = said("<a h='3'/>");
const failed = (condition: string, attrs = '') =>
  `<failed xmlns='${NS.management}'${attrs}><${condition} xmlns='${NS.stanzaErrors}'/></failed>`;

describe('stream management on a bound stream', () => {
  it('is turned on, and then asked and answered', () => {
    const { said: did, state } = run(online(), ENABLE);
    assert.deepEqual([did, state], [['manage'], { name: 'online', address: FULL, managed: true }]);
    assert.deepEqual(run(state, R).said, ['tell']);
    assert.deepEqual(run(state, A).said, ['acknowledge 3']);
  });

  it('keeps the session for those who want that', () => {
    for (const wish of ['true', '1']) {
      assert.deepEqual(run(online(), said(`<enable resume='${wish}'/>`)).said, ['manage and keep']);
    }
  });

  it('is turned on once; a second time ends the stream', () => {
    assert.equal(conditionOf(run(online(), ENABLE, ENABLE).said), 'policy-violation');
  });

  it('is nothing that can be asked before it is on', () => {
    for (const early of [R, A]) assert.equal(conditionOf(run(online(), early).said), 'unsupported-stanza-type');
  });

  it('does not go on with another session, and leaves the one that there is', () => {
    for (const state of [online(), run(online(), ENABLE).state]) {
      assert.deepEqual(run(state, RESUME), { said: [failed('unexpected-request')], state });
    }
  });

  it('knows no other element', () => {
    for (const name of ['enabled', 'resumed', 'failed', 'x']) {
      const { state } = run(online(), ENABLE);
      assert.equal(conditionOf(run(state, said(`<${name} h='0'/>`)).said), 'unsupported-stanza-type');
    }
  });

  it('cannot do without a count', () => {
    const { state } = run(online(), ENABLE);
    assert.equal(conditionOf(run(state, said('<a/>')).said), 'bad-format');
  });
});

describe('stream management before a resource is bound', () => {
  it('cannot be turned on, but after binding it can', () => {
    const early = run(authenticated(), ENABLE);
    assert.deepEqual(early.said, [failed('unexpected-request')]);
    const { said: did } = run(early.state, BIND, { name: 'bound', address: FULL }, ENABLE);
    assert.deepEqual(did, ['manage']);
  });

  it('goes back to a session instead of binding', () => {
    const asked = run(authenticated(), RESUME);
    assert.deepEqual(asked.said, [`resume ${ACCOUNT} x 3`]);
    const { said: did, state } = run(asked.state, { name: 'resumed', address: FULL, handled: 7 });
    assert.deepEqual(did, [`<resumed xmlns='${NS.management}' previd='x' h='7'/>`]);
    assert.deepEqual(run(state, R).said, ['tell']);
  });

  it('says that there is no such session, and lets the client bind a resource', () => {
    const gone: readonly [handled: number | undefined, attrs: string][] = [
      [undefined, ''],
      [5, " h='5'"],
    ];
    for (const [handled, attrs] of gone) {
      const { said: did, state } = run(authenticated(), RESUME, { name: 'unresumable', handled });
      assert.deepEqual(did, [failed('item-not-found', attrs)]);
      assert.deepEqual(run(state, BIND).said, [`bind ${ACCOUNT} ${FULL}`]);
    }
  });

  it('is not for those who have not logged in', () => {
    for (const early of [ENABLE, RESUME, R, A]) {
      assert.equal(conditionOf(run(near(), early).said), 'not-authorized');
    }
    for (const early of [R, A]) assert.equal(conditionOf(run(authenticated(), early).said), 'not-authorized');
  });

  it('does not take an answer that nobody asked for', () => {
    const answers: readonly StreamInput[] = [
      { name: 'resumed', address: FULL, handled: 0 },
      { name: 'unresumable', handled: undefined },
    ];
    for (const answer of answers) {
      for (const state of [authenticated(), online(), run(near(), header()).state]) {
        if (state.name !== 'ended') assert.equal(conditionOf(run(state, answer).said), 'internal-server-error');
      }
    }
  });
});
