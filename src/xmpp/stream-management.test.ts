import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { StreamFault } from './header.ts';
import { NS } from './ns.ts';
import {
  Acknowledged,
  acknowledge,
  CountTooHigh,
  enable,
  Handled,
  REQUEST,
  readLocation,
  readManagement,
  resume,
} from './stream-management.ts';

const WRAP = 2 ** 32;

const read = (xml: string) => readManagement(parseDocument(xml, documentLimits(10_000), NS.management));

describe('the elements of stream management', () => {
  it('are written', () => {
    assert.equal(write(enable()), `<enable xmlns='${NS.management}' resume='true'/>`);
    assert.equal(write(resume('a&b', 7)), `<resume xmlns='${NS.management}' previd='a&amp;b' h='7'/>`);
    assert.equal(acknowledge(0), `<a xmlns='${NS.management}' h='0'/>`);
    assert.equal(REQUEST, `<r xmlns='${NS.management}'/>`);
  });

  it('carry counts that begin again after 2³²', () => {
    assert.match(acknowledge(WRAP - 1), /h='4294967295'/);
    assert.match(acknowledge(WRAP), /h='0'/);
    assert.match(write(resume('x', WRAP + 2)), /h='2'/);
  });

  it('are read', () => {
    assert.deepEqual(read('<r/>'), { name: 'r' });
    assert.deepEqual(read("<a h='4294967295'/>"), { name: 'a', h: WRAP - 1 });
    assert.deepEqual(read("<resumed previd='x' h='3'/>"), { name: 'resumed', previd: 'x', h: 3 });
    assert.deepEqual(read("<enabled resume='1' id='x' max='60' location='[::1]:5222'/>"), {
      name: 'enabled',
      resumption: { id: 'x', max: 60, location: '[::1]:5222' },
    });
    assert.deepEqual(read(`<failed h='9'><item-not-found xmlns='${NS.stanzaErrors}'/></failed>`), {
      name: 'failed',
      condition: 'item-not-found',
      h: 9,
    });
    assert.deepEqual(read(`<failed><text xmlns='${NS.stanzaErrors}'>no</text></failed>`), {
      name: 'failed',
      condition: 'undefined-condition',
      text: 'no',
    });
  });

  for (const attrs of ['', "resume='true'", "resume='true' id=''", "id='x'", "id='x' resume='false'"]) {
    it(`offer no resumption with ${attrs || 'nothing'}`, () => {
      assert.deepEqual(read(`<enabled ${attrs}/>`), { name: 'enabled', resumption: undefined });
    });
  }

  for (const h of ['', "h=''", "h='-1'", "h='1.0'", "h='4294967296'", "h='99999999999'", "h='x'", "h=' 1'"]) {
    it(`are a fault when a count is ${h || 'missing'}`, () => {
      assert.throws(() => read(`<a ${h}/>`), StreamFault);
    });
  }

  it('are a fault when nobody knows them, and nothing when they belong elsewhere', () => {
    assert.throws(() => read('<b/>'), StreamFault);
    assert.equal(read("<a xmlns='urn:x' h='1'/>"), undefined);
  });
});

describe('the location of a session', () => {
  for (const [location, expected] of [
    ['c1.example.net:5223', { host: 'c1.example.net', port: 5223 }],
    ['c1.example.net', { host: 'c1.example.net' }],
    ['[2001:db8::1]:9222', { host: '2001:db8::1', port: 9222 }],
    ['[2001:db8::1]', { host: '2001:db8::1' }],
    ['', undefined],
    ['2001:db8::1', undefined],
    ['a:0', undefined],
    ['a:65536', undefined],
    ['a b:1', undefined],
    ['user@host:1', undefined],
    ['http://host/', undefined],
  ] as const) {
    it(`is ${expected === undefined ? 'none' : 'read'} in '${location}'`, () => {
      assert.deepEqual(readLocation(location), expected);
    });
  }
});

describe('what the server has acknowledged', () => {
  it('is what it has counted since the last time', () => {
    const acknowledged = new Acknowledged();
    assert.deepEqual([acknowledged.take(3, 5), acknowledged.take(3, 2), acknowledged.take(5, 2)], [3, 0, 2]);
  });

  it('goes on past 2³²', () => {
    const acknowledged = new Acknowledged(WRAP - 2);
    assert.deepEqual([acknowledged.take(WRAP - 1, 4), acknowledged.take(0, 3), acknowledged.take(2, 2)], [1, 1, 2]);
  });

  it('cannot be more than was sent, nor less than before', () => {
    const acknowledged = new Acknowledged();
    acknowledged.take(8, 8);
    const farewell = `<handled-count-too-high xmlns='${NS.management}' h='10' send-count='8'/>`;
    assert.throws(
      () => acknowledged.take(10, 0),
      error => error instanceof CountTooHigh && error.farewell.includes(farewell),
    );
    assert.throws(() => acknowledged.take(7, 0), CountTooHigh);
    assert.equal(acknowledged.take(9, 1), 1);
  });
});

describe('what was handled', () => {
  const having = (received: number, handled: number) => {
    const counts = new Handled();
    for (let n = 0; n < received; n++) counts.receive();
    for (let n = 0; n < handled; n++) counts.handle();
    return counts;
  };

  it('is told at once when the server asks, and again when the rest is handled', () => {
    const counts = having(3, 1);
    assert.equal(counts.answer(), 1);
    assert.equal(counts.handle(), false);
    assert.equal(counts.handle(), true);
    assert.equal(counts.tell(), 3);
    counts.receive();
    assert.equal(counts.handle(), false);
  });

  it('is told unasked after 32 stanzas', () => {
    const counts = having(32, 31);
    assert.equal(counts.news, true);
    assert.equal(counts.handle(), true);
    assert.equal(counts.tell(), 32);
    assert.equal(counts.news, false);
  });

  it('is what a session is resumed with; what came beyond it is known when it comes again', () => {
    const counts = having(5, 2);
    assert.equal(counts.resume(), 2);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => counts.receive()),
      [false, false, false, true],
    );
    counts.handle();
    assert.equal(counts.answer(), 3);
    for (let n = 0; n < 3; n++) counts.handle();
    assert.equal(counts.tell(), 6);
  });

  it('counts right when a session is cut again and again, wherever it is', () => {
    const step = fc.constantFrom('send', 'send', 'send', 'handle', 'handle', 'cut', 'ask');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const counts = new Handled();
        let [queue, next, sentOnStream]: [number[], number, number] = [[], 0, 0];
        const inbox: number[] = [];
        let handled = 0;
        const deliver = (stanza: number) => {
          if (counts.receive()) inbox.push(stanza);
        };
        const told = (h: number) => {
          queue = queue.filter(stanza => stanza >= h);
          assert.equal(h, handled);
        };
        for (const what of steps) {
          if (what === 'send') {
            queue.push(next);
            deliver(next++);
          } else if (what === 'handle' && handled < inbox.length) {
            handled += 1;
            if (counts.handle()) told(counts.tell());
          } else if (what === 'ask') told(counts.answer());
          else if (what === 'cut') {
            told(counts.resume());
            // A second cut comes before all was sent again.
            for (const stanza of queue.slice(0, sentOnStream++ % 3)) deliver(stanza);
            told(counts.resume());
            for (const stanza of queue) deliver(stanza);
          }
        }
        assert.deepEqual(
          inbox,
          Array.from({ length: next }, (_, n) => n),
        );
      }),
    );
  });
});
