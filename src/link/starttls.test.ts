import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PRE_AUTH_LIMITS } from '../xml/limits.ts';
import { StreamReader } from '../xml/parse.ts';
import { readProceed, TextAfterProceedError } from './starttls.ts';

const OPENING = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const FORMS = [
  "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
  "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls' note='a>b'></proceed >",
];

/** Reads chunks as a client does that waits for `<proceed/>`; returns the names of what it was told. */
function read(...chunks: readonly string[]): readonly string[] {
  const names: string[] = [];
  const reader = new StreamReader(
    { open: () => {}, element: ({ name }) => void names.push(name), refused: () => {}, close: () => {} },
    { limits: PRE_AUTH_LIMITS },
  );
  reader.write(Buffer.from(OPENING));
  for (const chunk of chunks) readProceed(reader, Buffer.from(chunk), () => names.includes('proceed'));
  return names;
}

describe('readProceed', () => {
  for (const form of FORMS) {
    it(`takes ${form} at every split`, () => {
      for (let at = 0; at <= form.length; at += 1) {
        assert.deepEqual(read(form.slice(0, at), form.slice(at)), ['proceed']);
      }
    });

    for (const rest of ['<message/>', '<', ' ', '\n', 'x', '\0', '</stream:stream>', '\x16\x03\x01']) {
      it(`refuses ${JSON.stringify(rest)} behind ${form}`, () => {
        assert.throws(() => read(form + rest), TextAfterProceedError);
        assert.throws(() => read(form, rest), TextAfterProceedError);
      });
    }
  }

  it('takes white space before it', () => {
    assert.deepEqual(read(' \n', ` ${FORMS[0]}`), ['proceed']);
  });

  it('reads what else a server may say', () => {
    assert.deepEqual(read("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"), ['failure']);
  });

  it('leaves faults to the reader', () => {
    assert.throws(() => read('<!-- -->'), { name: 'XmlError' });
  });
});
