import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { StreamFault } from './header.ts';
import { NS } from './ns.ts';
import {
  type ClientManagement,
  enabledElement,
  failedElement,
  readClientManagement,
  resumedElement,
} from './stream-management-server.ts';

function read(xml: string): ClientManagement | undefined {
  return readClientManagement(parseDocument(xml, documentLimits(10_000), NS.management));
}

describe('what a client says about stream management', () => {
  const READ: readonly [xml: string, said: ClientManagement][] = [
    ['<enable/>', { name: 'enable', resumable: false }],
    ["<enable resume='true' max='10'/>", { name: 'enable', resumable: true }],
    ["<enable resume='1'/>", { name: 'enable', resumable: true }],
    ["<enable resume='false'/>", { name: 'enable', resumable: false }],
    ["<resume previd='x' h='4294967295'/>", { name: 'resume', previd: 'x', h: 4_294_967_295 }],
    ["<resume h='0'/>", { name: 'resume', previd: '', h: 0 }],
    ['<r/>', { name: 'r' }],
    ["<a h='7'/>", { name: 'a', h: 7 }],
  ];
  for (const [xml, said] of READ) it(`is read from ${xml}`, () => assert.deepEqual(read(xml), said));

  const NO_COUNTS = ['', "h=''", "h='-1'", "h='+1'", "h='1.0'", "h='0x1'", "h=' 1'", "h='4294967296'", "h='١'"];
  for (const attrs of NO_COUNTS) {
    it(`is not understood without a count: ${attrs}`, () => {
      for (const xml of [`<a ${attrs}/>`, `<resume previd='x' ${attrs}/>`]) {
        assert.throws(
          () => read(xml),
          (error: unknown) => error instanceof StreamFault && error.condition === 'bad-format',
        );
      }
    });
  }

  for (const xml of ["<enabled id='x'/>", '<resumed/>', '<failed/>', '<toString/>', "<r xmlns='urn:xmpp:sm:2'/>"]) {
    it(`is not ${xml}`, () => assert.equal(read(xml), undefined));
  }
});

describe('what the server answers', () => {
  const text = (root: Parameters<typeof write>[0]) => write(root, { defaultNs: NS.management });

  it('is whether and how the session can be resumed', () => {
    assert.equal(text(enabledElement({ id: 'x', max: 300 })), "<enabled id='x' max='300' resume='true'/>");
    assert.equal(text(enabledElement(undefined)), '<enabled/>');
  });

  it('is a count that begins again after 2³²', () => {
    assert.equal(text(resumedElement('x', 2 ** 32 - 1)), "<resumed previd='x' h='4294967295'/>");
    assert.equal(text(resumedElement('x', 2 ** 32)), "<resumed previd='x' h='0'/>");
    const condition = `<item-not-found xmlns='${NS.stanzaErrors}'/>`;
    assert.equal(text(failedElement('item-not-found', 2 ** 32 + 2)), `<failed h='2'>${condition}</failed>`);
    assert.equal(text(failedElement('item-not-found')), `<failed>${condition}</failed>`);
  });
});
