/**
 * What a request for events means, and which entries its filters let through.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../journal/journal.ts';
import { parseJid } from '../xmpp/jid.ts';
import type { Presence } from '../xmpp/stanza.ts';
import { admitting, readEventQuery, type Wanted } from './event-query.ts';

const DEFAULTS = { isStream: false, format: 'json', wait: 0, limit: 100, wanted: {} } as const;

test('without anything said it is one list as JSON, of what comes from now on', () => {
  assert.deepEqual(readEventQuery('/events', {}), DEFAULTS);
});

const ANSWERS: readonly (readonly [accept: string, isStream: boolean, format: string])[] = [
  ['text/event-stream', true, 'json'],
  ['*/*', false, 'json'],
  ['application/xmpp+xml', false, 'xml'],
  ['application/json, application/xml', false, 'json'],
  ['application/json;q=0.5, text/xml', false, 'xml'],
  ['text/event-stream;q=0, application/json', false, 'json'],
  ['text/html', false, 'json'],
];

for (const [accept, isStream, format] of ANSWERS) {
  test(`${accept} asks for ${isStream ? 'a stream' : 'a list'} as ${format}`, () => {
    assert.deepEqual(readEventQuery('/events', { accept }), { ...DEFAULTS, isStream, format });
  });
}

test('a format that is named wins over the one of Accept', () => {
  const { isStream, format } = readEventQuery('/events?format=xml', { accept: 'text/event-stream' });
  assert.deepEqual([isStream, format], [true, 'xml']);
});

test('Last-Event-ID wins over after, unless it is empty', () => {
  assert.equal(readEventQuery('/events?after=3', { 'last-event-id': '9' }).after, 9);
  assert.equal(readEventQuery('/events?after=3', { 'last-event-id': '' }).after, 3);
  assert.throws(() => readEventQuery('/events', { 'last-event-id': '9x' }), {
    code: 'value-invalid',
    message: /Last-Event-ID/,
  });
});

test('waits and limits are bounded', () => {
  const { wait, limit } = readEventQuery('/events?wait=9999&limit=9999', {});
  assert.deepEqual([wait, limit], [300, 1000]);
});

function presence(from: string | undefined, type?: Presence['type']): Entry {
  const stanza: Presence = {
    kind: 'presence',
    to: parseJid('bot@rest.example/x'),
    ...(from !== undefined && { from: parseJid(from) }),
    ...(type !== undefined && { type }),
    payload: [],
  };
  return { seq: 1, at: 0, link: parseJid('rest.example'), event: 'full', stanza };
}

const FILTERS: readonly (readonly [wanted: Wanted, entry: Entry, isAdmitted: boolean])[] = [
  [{ kind: 'presence' }, presence('a@x.example'), true],
  [{ kind: 'message' }, presence('a@x.example'), false],
  [{ type: 'available' }, presence('a@x.example'), true],
  [{ type: 'unavailable' }, presence('a@x.example'), false],
  [{ type: 'unavailable' }, presence('a@x.example', 'unavailable'), true],
  [{ from: 'a@x.example' }, presence('a@x.example/phone'), true],
  [{ from: 'a@x.example/pad' }, presence('a@x.example/phone'), false],
  [{ from: '*@x.example' }, presence('x.example'), false],
  [{ from: '*' }, presence(undefined), false],
  [{ to: 'bot@*', kind: 'presence' }, presence(undefined), true],
];

for (const [wanted, entry, isAdmitted] of FILTERS) {
  const { from, type } = entry.stanza;
  test(`${JSON.stringify(wanted)} ${isAdmitted ? 'lets' : 'does not let'} ${type ?? 'available'} of ${from ?? 'nobody'} through`, () => {
    assert.equal(admitting(wanted)?.(entry), isAdmitted);
  });
}

test('without a filter there is nothing to try', () => {
  assert.equal(admitting({}), undefined);
});

test('a pattern is compared as addresses are', () => {
  const { wanted } = readEventQuery(`/events?from=${encodeURIComponent('A*@X.Example/Re\u0301s')}`, {});
  assert.equal(wanted.from, 'a*@x.example/R\u00e9s');
});
