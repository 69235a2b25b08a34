import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStreamCondition, type Reconnect, STREAM_CONDITIONS } from '../xmpp/conditions.ts';
import { parseJid } from '../xmpp/jid.ts';
import {
  endedByDelay,
  endedByError,
  endedByFault,
  endedBySilence,
  endedBySocket,
  endedInOrder,
  serverName,
} from './ending.ts';

const PLACE = { domain: parseJid('rest.example.net'), server: { host: '127.0.0.1', port: 5347 } };

/** What the issue and SAFETY ask of each class; every other condition is worth another try soon. */
const CLASSES: Readonly<Record<string, Reconnect>> = {
  'not-authorized': 'stop',
  'host-unknown': 'stop',
  'unsupported-version': 'stop',
  conflict: 'yield',
  'policy-violation': 'yield',
  'resource-constraint': 'yield',
};

describe('endedByError', () => {
  it('knows what each condition of RFC 6120 means for the next try', () => {
    const conditions = Object.keys(STREAM_CONDITIONS).filter(isStreamCondition);
    assert.equal(conditions.length, 25);
    for (const condition of conditions) {
      const { cause, reconnect } = endedByError(PLACE, { condition });
      assert.equal(reconnect, CLASSES[condition] ?? 'retry', condition);
      assert.equal(cause.condition, condition);
    }
  });

  it('names the settings on both sides for a wrong secret', () => {
    const { text } = endedByError(PLACE, { condition: 'not-authorized' }).cause;
    for (const setting of [
      /hosts\.rest\.example\.net\.component\.secret/,
      /component_secret \(Prosody\)/,
      /password \(ejabberd\)/,
    ]) {
      assert.match(text, setting);
    }
  });

  it('names the domain and the port for an unknown host', () => {
    const { text } = endedByError(PLACE, { condition: 'host-unknown' }).cause;
    assert.match(text, /declares the component rest\.example\.net on this port \(5347\)/);
  });

  it('says that another connection serves the domain on a conflict, and repeats what the server says', () => {
    const text = 'Unable to register route on existing local domain';
    const { cause } = endedByError(PLACE, { condition: 'conflict', text });
    assert.match(cause.text, /^another connection serves rest\.example\.net: .*; it says: Unable to register route/);
  });

  it('repeats no more than 200 characters of the server', () => {
    const { cause } = endedByError(PLACE, { condition: 'reset', text: 'x'.repeat(100_000) });
    assert.equal(cause.text, `the server ended the stream with reset; it says: ${'x'.repeat(200)}…`);
  });
});

describe('endedBySocket', () => {
  const failed = (code: string) =>
    endedBySocket(PLACE, Object.assign(new Error('connect failed'), { code })).cause.text;

  it('says what to do when nothing listens', () => {
    assert.equal(
      failed('ECONNREFUSED'),
      'the connection to 127.0.0.1:5347 failed (ECONNREFUSED): nothing listens there: start the XMPP server, or check ' +
        "that hosts.rest.example.net.component.server names the server's port for components",
    );
  });

  it('names the error when there is nothing to say', () => {
    assert.equal(failed('ECONNRESET'), 'the connection to 127.0.0.1:5347 failed (ECONNRESET)');
    assert.match(endedBySocket(PLACE, new Error('odd')).cause.text, /\(odd\)$/);
  });

  it('knows an end without an error', () => {
    assert.deepEqual(endedBySocket(PLACE, undefined), {
      cause: { text: 'the connection to 127.0.0.1:5347 was closed from the other side' },
      reconnect: 'retry',
    });
  });
});

describe('the other endings', () => {
  it('blame the port before the stream stands, and the server after', () => {
    const fault = new Error('text data outside of root node');
    assert.match(
      endedByFault(PLACE, fault, false).cause.text,
      /^what answers at 127\.0\.0\.1:5347 is not an XMPP server.*component\.server/,
    );
    assert.equal(
      endedByFault(PLACE, fault, true).cause.text,
      'what the server sent cannot be read: text data outside of root node',
    );
  });

  it('blame the port when the handshake takes too long', () => {
    assert.match(
      endedByDelay(PLACE, 15_000).cause.text,
      /no answer to the handshake from 127\.0\.0\.1:5347 within 15 s/,
    );
  });

  it('yield when probes may have gone to another connection', () => {
    assert.equal(endedBySilence(PLACE, 30_000, false).reconnect, 'retry');
    assert.equal(endedBySilence(PLACE, 30_000, true).reconnect, 'yield');
    assert.match(endedBySilence(PLACE, 30_000, true).cause.text, /another connection serves rest\.example\.net/);
  });

  it('try again when the server closes in order', () => {
    assert.equal(endedInOrder().reconnect, 'retry');
  });
});

describe('serverName', () => {
  it('puts IPv6 addresses into brackets', () => {
    assert.equal(serverName({ ...PLACE, server: { host: '::1', port: 5347 } }), '[::1]:5347');
    assert.equal(serverName(PLACE), '127.0.0.1:5347');
  });
});
