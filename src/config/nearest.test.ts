import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nearest } from './nearest.ts';

const KNOWN = ['server', 'secret', 'secret_file', 'listen'];

describe('the nearest known word', () => {
  for (const [word, meant] of [
    ['sekret', 'secret'],
    ['sercet', 'secret'],
    ['secre', 'secret'],
    ['ssecret', 'secret'],
    ['SECRET', 'secret'],
    ['secretfile', 'secret_file'],
    ['sever', 'server'],
    ['lisetn', 'listen'],
  ] as const) {
    it(`of '${word}' is '${meant}'`, () => assert.equal(nearest(word, KNOWN), meant));
  }

  for (const word of ['password', 'x', '', 'listeners_and_more', 'secret'.repeat(30)]) {
    it(`of '${word}' is none`, () => assert.equal(nearest(word, KNOWN), undefined));
  }

  it('is the first of several equally near', () => {
    assert.equal(nearest('cat', ['bat', 'rat']), 'bat');
  });

  it('is found after any single edit of a word of at least three letters', () => {
    const word = fc.stringMatching(/^[a-z]{3,30}$/);
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('drop', 'add', 'replace', 'swap'), (known, place, edit) => {
        const at = place % (known.length - 1);
        const [before, here = '', next = '', after] = [
          known.slice(0, at),
          known[at],
          known[at + 1],
          known.slice(at + 2),
        ];
        const middle = { drop: next, add: `${here}0${next}`, replace: `0${next}`, swap: next + here }[edit];
        assert.equal(nearest(before + middle + after, [known]), known);
      }),
    );
  });
});
