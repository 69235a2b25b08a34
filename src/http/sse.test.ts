/**
 * The text of events: whatever a stanza says, a reader of the stream gets it back, and nothing else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Entry } from '../journal/journal.ts';
import { element, isText } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { EVENT_CODECS, EVENT_FORMATS, entryFrame, gapFrame, HEARTBEAT, OPENING, positionFrame } from './sse.ts';

function entryOf(body: string, id = 'i'): Entry {
  const payload = [element('body', NS.client, {}, [body])];
  const stanza = { kind: 'message', to: parseJid('rest.example'), id, payload } as const;
  return { seq: 7, at: 0, link: parseJid('rest.example'), event: 'host', stanza };
}

/** Reads one event as HTML Living Standard §9.2.6 says, with all three ends of a line. */
function readFrame(text: string): Readonly<Record<string, string>> {
  assert.ok(text.endsWith('\n\n'));
  const lines = text.slice(0, -2).split(/\r\n|\r|\n/);
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    assert.notEqual(line, '', 'an empty line would end the event');
    fields[name] = fields[name] === undefined ? value : `${fields[name]}\n${value}`;
  }
  return fields;
}

test('an event has the seq as its id, the kind as its name and the stanza as its data', () => {
  assert.equal(
    entryFrame(entryOf('hello'), 'json'),
    'id: 7\nevent: message\ndata: {"kind":"message","to":"rest.example","id":"i","body":"hello"}\n\n',
  );
  assert.equal(
    entryFrame(entryOf('a\nb'), 'xml'),
    "id: 7\nevent: message\ndata: <message to='rest.example' id='i'><body>a\ndata: b</body></message>\n\n",
  );
});

test('no text of a stanza can end an event, or add a field to it', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('\n', '\r', '\n\n', 'id: 1', 'data: x', ':', '\u2028', '\u0085', "'", '<', '&', ' '))
      .map(parts => parts.join('')),
  );
  fc.assert(
    fc.property(texts.filter(isText), texts.filter(isText), (body, id) => {
      for (const format of EVENT_FORMATS) {
        const entry = entryOf(body, id);
        const { data = '', ...rest } = readFrame(entryFrame(entry, format));
        assert.deepEqual(rest, { id: '7', event: 'message' });
        const codec = EVENT_CODECS[format];
        assert.deepEqual(codec.decode(Buffer.from(data), { limit: 1_000_000 }), entry.stanza);
      }
    }),
    { numRuns: 300 },
  );
});

test('a gap says what is missing and leaves the position as it is', () => {
  assert.deepEqual(readFrame(gapFrame({ after: 3, first: 9 })), { event: 'gap', data: '{"after":3,"first":9}' });
});

test('signs of life are no events', () => {
  assert.deepEqual(readFrame(HEARTBEAT), { '': '' });
  assert.deepEqual(readFrame(positionFrame(12)), { '': '', id: '12' });
  assert.deepEqual(readFrame(OPENING), { retry: '3000' });
});
