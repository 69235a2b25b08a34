import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { childElements, textOf } from '../xml/element.ts';
import { CLIENT_LIMITS } from '../xml/limits.ts';
import { type Fact, featuresElement, offeredFeatures } from './features.ts';
import { readStanzaLimit } from './stream-limits.ts';

const MOMENTS: readonly [when: string, facts: readonly Fact[], names: readonly string[]][] = [
  ['to a client elsewhere', [], ['starttls']],
  ['to a client on this machine', ['private'], ['starttls', 'mechanisms']],
  ['after TLS', ['private', 'secured'], ['mechanisms']],
  ['after SASL', ['private', 'secured', 'authenticated'], ['bind', 'sm', 'limits', 'session']],
  ['after SASL without TLS', ['private', 'authenticated'], ['bind', 'sm', 'limits', 'session']],
];

describe('stream features', () => {
  for (const [when, facts, names] of MOMENTS) {
    it(`${when} are ${names.join(' and ')}`, () => {
      assert.deepEqual(
        offeredFeatures(new Set(facts)).map(({ name }) => name),
        names,
      );
      assert.deepEqual(
        childElements(featuresElement(new Set(facts), [])).map(({ name }) => name),
        names,
      );
    });
  }

  it('names the mechanisms in their order', () => {
    const [, mechanisms] = childElements(featuresElement(new Set<Fact>(['private']), ['A', 'B']));
    assert.deepEqual(mechanisms && childElements(mechanisms).map(textOf), ['A', 'B']);
  });

  it('say how large a stanza may be once somebody has logged in', () => {
    const limitAfter = (...facts: readonly Fact[]) => readStanzaLimit(featuresElement(new Set(facts), []));
    assert.equal(limitAfter('private', 'authenticated'), CLIENT_LIMITS.bytes);
    assert.equal(limitAfter('private'), undefined);
  });

  it('says that the session of old clients is optional', () => {
    const session = childElements(featuresElement(new Set<Fact>(['authenticated']), [])).at(-1);
    assert.equal(session && childElements(session)[0]?.name, 'optional');
  });
});
