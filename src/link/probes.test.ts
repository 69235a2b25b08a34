import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { type Iq, resultOf } from '../xmpp/stanza.ts';
import { Probes } from './probes.ts';

const DOMAIN = parseJid('rest.example.net');

describe('Probes', () => {
  it('are pings from the domain to itself', () => {
    const { id, ...probe } = new Probes(DOMAIN).next();
    const payload = [element('ping', NS.ping)];
    assert.deepEqual(probe, { kind: 'iq', type: 'get', from: DOMAIN, to: DOMAIN, payload });
    assert.match(id ?? '', /^restanza-probe-[\w-]{22}-1$/);
  });

  it('are known as they went out, and as a result or an error', () => {
    const probes = new Probes(DOMAIN);
    const probe = probes.next();
    const error: Iq = { ...resultOf(probe), type: 'error' };
    assert.deepEqual(
      [probe, resultOf(probe), error].map(iq => probes.recognise(iq)),
      Array(3).fill('awaited'),
    );
  });

  it('keep their id when they are sent once more', () => {
    const probes = new Probes(DOMAIN);
    assert.deepEqual(probes.next(), probes.current());
  });

  it('are past once the next one is out', () => {
    const probes = new Probes(DOMAIN);
    const first = probes.next();
    const second = probes.next();
    assert.notEqual(first.id, second.id);
    assert.equal(probes.recognise(first), 'past');
    assert.equal(probes.recognise(second), 'awaited');
  });

  it('of another connection are foreign', () => {
    assert.equal(new Probes(DOMAIN).recognise(new Probes(DOMAIN).next()), 'foreign');
  });

  it('are not taken from or to any other address', () => {
    const probes = new Probes(DOMAIN);
    const probe = probes.next();
    const stranger = parseJid('rest.example.net/resource');
    assert.equal(probes.recognise({ ...probe, from: stranger }), undefined);
    assert.equal(probes.recognise({ ...probe, to: stranger }), undefined);
    assert.equal(
      probes.recognise({ kind: 'message', from: DOMAIN, to: DOMAIN, id: probe.id ?? '', payload: [] }),
      undefined,
    );
  });

  it('leave every other ping to itself alone', () => {
    const probes = new Probes(DOMAIN);
    assert.equal(probes.recognise({ ...probes.next(), id: 'mine' }), undefined);
  });
});
