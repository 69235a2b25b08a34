import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Element, element } from '../../xml/element.ts';
import { write } from '../../xml/write.ts';
import { MAX_WRITTEN, writtenLength } from './weight.ts';

const name = fc.constantFrom('a', 'body', 'long-name');
const ns = fc.constantFrom('', 'urn:x', 'urn:example:a-longer-namespace');
/** Without characters that are escaped, which the bound leaves out. */
const text = fc.stringMatching(/^[a-z ]{0,20}$/);
const attrs = fc.dictionary(fc.constantFrom('k', 'xml:lang', '{urn:y}q'), text);
const { tree } = fc.letrec<{ tree: Element }>(tie => ({
  tree: fc
    .tuple(name, ns, attrs, fc.array(fc.oneof({ maxDepth: 4 }, text, tie('tree')), { maxLength: 5 }))
    .map(([n, s, a, children]) => element(n, s, a, children)),
}));

describe('the written length', () => {
  it('is never less than what is written', () => {
    fc.assert(fc.property(tree, root => writtenLength(root) >= write(root).length));
  });

  it('sees what grows when it is written again', () => {
    const ns = 'n'.repeat(250);
    const children = Array.from({ length: 9_000 }, () => element('x', ns));
    assert.ok(writtenLength(element('message', 'jabber:client', {}, children)) > MAX_WRITTEN);
  });

  it('lets through what clients send at most: a long list of small items', () => {
    const items = Array.from({ length: 3_000 }, (_, n) =>
      element('item', 'http://jabber.org/protocol/disco#items', {
        jid: `room-${n}@conference.home.example`,
        name: `Room ${n}`,
      }),
    );
    assert.ok(writtenLength(element('iq', 'jabber:client', {}, items)) < MAX_WRITTEN);
  });
});
