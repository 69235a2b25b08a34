/**
 * Which messages are results of which query of an archive.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element } from '../xml/element.ts';
import { ArchiveResults } from './archive-results.ts';
import { type Jid, parseJid } from './jid.ts';
import { NS } from './ns.ts';
import type { Iq, Message } from './stanza.ts';

const own = parseJid('alice@example.org/rest');
const room = parseJid('room@rooms.example.org');
const query = (queryid?: string, payload = element('query', NS.archive, { queryid })): Iq => ({
  kind: 'iq',
  type: 'set',
  payload: [payload],
});
const result = (queryid: string | undefined, from: Jid | undefined, to: Jid = own): Message => ({
  kind: 'message',
  to,
  ...(from !== undefined && { from }),
  payload: [element('result', NS.archive, { queryid, id: '1' })],
});

test('results of the query are collected in order', () => {
  const archive = new ArchiveResults();
  using collected = archive.collect(query('q'), own, room);
  const messages = [result('q', room), result('q', room)];
  assert.deepEqual(
    messages.map(message => archive.take(message)),
    [true, true],
  );
  assert.deepEqual(collected.results, messages);
});

test('results of the own archive come from the own account or from nobody', () => {
  const archive = new ArchiveResults();
  using collected = archive.collect(query('q'), own, parseJid('alice@example.org'));
  assert.equal(archive.take(result('q', undefined)), true);
  assert.equal(archive.take(result('q', parseJid('alice@example.org'))), true);
  assert.equal(collected.results.length, 2);
});

test('a query without an id takes results without one', () => {
  const archive = new ArchiveResults();
  using collected = archive.collect(query(), own, room);
  assert.equal(archive.take(result(undefined, room)), true);
  assert.equal(collected.results.length, 1);
});

test('what somebody else sends is no result', () => {
  const archive = new ArchiveResults();
  using collected = archive.collect(query('q'), own, room);
  const forged = [
    result('q', parseJid('mallory@example.org')),
    result('q', undefined),
    result('other', room),
    result(undefined, room),
    result('q', room, parseJid('alice@example.org/other')),
    { ...result('q', room), payload: [element('result', 'urn:x', { queryid: 'q' })] },
  ];
  for (const message of forged) assert.equal(archive.take(message), false);
  assert.equal(collected.results.length, 0);
});

test('nothing is collected for another iq, nor after the end', () => {
  const archive = new ArchiveResults();
  {
    using _other = archive.collect(query('q', element('ping', NS.ping)), own, room);
    assert.equal(archive.take(result('q', room)), false);
    using _over = archive.collect(query('q'), own, room);
  }
  assert.equal(archive.take(result('q', room)), false);
});
