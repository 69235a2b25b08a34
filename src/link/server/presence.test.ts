import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { element } from '../../xml/element.ts';
import { type Jid, parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Presence } from '../../xmpp/stanza.ts';
import { announced, type Present, priorityOf, withdrawn } from './presence.ts';

const address = (resource: string) => parseJid(`user@home.example/${resource}`);

function session(resource: string, state: 'available' | 'away', directed: readonly Jid[] = []): Present {
  const presence: Presence = { kind: 'presence', id: `of-${resource}`, payload: [] };
  return { address: address(resource), directed: new Set(directed), ...(state === 'available' && { presence }) };
}

function saying(resource: string, type?: 'unavailable') {
  return { kind: 'presence', from: address(resource), ...(type && { type }), id: 'new', payload: [] } as const;
}

describe('presence priority', () => {
  const PRIORITIES: readonly [text: string | undefined, priority: number | undefined][] = [
    [undefined, 0],
    ['5', 5],
    ['+5', 5],
    ['-128', -128],
    ['127', 127],
    [' 1\n', 1],
    ['128', undefined],
    ['-129', undefined],
    ['', undefined],
    ['1.5', undefined],
    ['high', undefined],
    ['0x1', undefined],
    ['1e1', undefined],
    ['99999', undefined],
  ];
  for (const [text, priority] of PRIORITIES) {
    it(`${JSON.stringify(text)} is ${priority}`, () => {
      const payload = text === undefined ? [] : [element('priority', NS.client, {}, [text])];
      assert.equal(priorityOf({ kind: 'presence', payload }), priority);
    });
  }

  it('is not read from another namespace', () => {
    assert.equal(priorityOf({ kind: 'presence', payload: [element('priority', 'urn:x', {}, ['9'])] }), 0);
  });
});

describe('a session that becomes available', () => {
  it('is announced to the available sessions of its account and itself, and hears of them', () => {
    const sender = session('new', 'away');
    const all = [session('one', 'available'), sender, session('two', 'available'), session('silent', 'away')];
    assert.deepEqual(
      announced(sender, saying('new'), all).map(({ from, to, id }) => [from, to, id]),
      [
        [address('new'), address('one'), 'new'],
        [address('new'), address('new'), 'new'],
        [address('new'), address('two'), 'new'],
        [address('one'), address('new'), 'of-one'],
        [address('two'), address('new'), 'of-two'],
      ],
    );
  });

  it('hears nothing again when it changes its presence', () => {
    const sender = session('one', 'available');
    const told = announced(sender, saying('one'), [sender, session('two', 'available')]);
    assert.deepEqual(
      told.map(({ to }) => to),
      [address('one'), address('two')],
    );
  });
});

describe('a session that is no longer available', () => {
  const friend = parseJid('friend@home.example');

  it('is withdrawn from the sessions of its account and from those it was directed to', () => {
    const sender = session('one', 'available', [friend]);
    const told = withdrawn(sender, saying('one', 'unavailable'), [sender, session('two', 'available')]);
    assert.deepEqual(
      told.map(({ to, type }) => [to, type]),
      [
        [address('one'), 'unavailable'],
        [address('two'), 'unavailable'],
        [friend, 'unavailable'],
      ],
    );
  });

  it('owes its own account nothing when it never was available, but those it was directed to', () => {
    const sender = session('one', 'away', [friend]);
    const told = withdrawn(sender, saying('one', 'unavailable'), [session('two', 'available')]);
    assert.deepEqual(
      told.map(({ to }) => to),
      [friend],
    );
  });
});
