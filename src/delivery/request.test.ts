/**
 * What a target is told, and that a stranger reaches no header with it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { FORM_CODEC } from '../bridge/form.ts';
import { JSON_CODEC } from '../bridge/json.ts';
import { XML_CODEC } from '../bridge/xml.ts';
import { type Element, element } from '../xml/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { makeStanza, type Stanza } from '../xmpp/stanza.ts';
import type { CallRequest } from './caller.ts';
import { callbackRequest, probeRequest } from './request.ts';
import { readSecret } from './sign.ts';
import { FORMATS, type Format, TARGET_DEFAULTS, type Target } from './target.ts';
import { readTemplate } from './url.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const MOMENT = { now: 1_700_000_000_999, span: 'b7ad6b7169203331', version: '1.2.3' };

const target = (values: Partial<Target> = {}): Target => ({
  ...TARGET_DEFAULTS,
  name: 'hook.example.org/callback',
  link: parseJid('hook.example.org'),
  events: ['bare', 'full', 'host'],
  url: readTemplate('http://a.example/stanzas'),
  ...values,
});

const MESSAGE = makeStanza({
  kind: 'message',
  type: 'chat',
  from: 'bob@example.org/w',
  to: 'bot@hook.example.org',
  id: 'm1',
  lang: 'en',
  payload: [element('body', NS.client, {}, ['Hi <&>'])],
});

function requestOf(
  values: Partial<Target> = {},
  format: Format = 'application/json',
  stanza: Stanza = MESSAGE,
): CallRequest {
  const prepared = callbackRequest(target(values), format, { id: 'msg_1', stanza }, MOMENT);
  return prepared.name === 'call' ? prepared.request : assert.fail(prepared.reason);
}

describe('a call', () => {
  test('has the headers of mod_rest and ours', () => {
    const { method, path, headers, body } = requestOf();
    assert.deepEqual([method, path], ['POST', '/stanzas']);
    assert.deepEqual(headers, {
      'user-agent': 'Restanza/1.2.3',
      accept: 'application/xmpp+xml, application/json, application/x-www-form-urlencoded, text/plain, application/cbor',
      'content-type': 'application/json',
      'content-language': 'en',
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      traceparent: headers['traceparent'],
    });
    assert.match(headers['traceparent'] ?? '', /^00-[0-9a-f]{32}-b7ad6b7169203331-01$/);
    assert.equal(body, JSON_CODEC.encode([MESSAGE]));
  });

  test('has the body that its format says', () => {
    assert.equal(requestOf({}, 'application/xmpp+xml').body, XML_CODEC.encode([MESSAGE]));
    assert.equal(requestOf({}, 'application/x-www-form-urlencoded').body, FORM_CODEC.encode([MESSAGE]));
    assert.ok(requestOf({}, 'application/cbor').body instanceof Uint8Array);
    assert.deepEqual(JSON.parse(String(requestOf({}, 'component_http').body)), {
      to: 'bot@hook.example.org',
      from: 'bob@example.org/w',
      kind: 'message',
      body: 'Hi <&>',
      stanza: XML_CODEC.encode([MESSAGE]),
    });
    assert.deepEqual(
      FORMATS.map(format => requestOf({}, format).headers['content-type']),
      [...FORMATS.slice(0, 4), 'application/json'],
    );
  });

  test('is signed with every key', () => {
    const key = readSecret(SECRET) ?? assert.fail();
    const now = Date.now();
    const prepared = callbackRequest(
      target({ keys: [Buffer.alloc(24, 1), key] }),
      'application/xmpp+xml',
      { id: 'msg_1', stanza: MESSAGE },
      { ...MOMENT, now },
    );
    assert.ok(prepared.name === 'call');
    const { headers, body } = prepared.request;
    assert.equal(headers['webhook-signature']?.split(' ').length, 2);
    new Webhook(SECRET).verify(String(body), { ...headers }, { jsonParse: false });
  });

  test('has the same id and trace at each try', () => {
    const notice = { id: 'msg_1', stanza: MESSAGE };
    const again = callbackRequest(target(), 'application/json', notice, {
      ...MOMENT,
      now: 0,
      span: '00f067aa0ba902b7',
    });
    const [first, second] = [requestOf().headers, again.name === 'call' ? again.request.headers : {}];
    assert.equal(first['webhook-id'], second['webhook-id']);
    assert.equal(first['traceparent']?.slice(0, 36), second['traceparent']?.slice(0, 36));
    assert.notEqual(first['traceparent'], second['traceparent']);
    assert.notEqual(first['webhook-timestamp'], second['webhook-timestamp']);
  });

  test('logs in with a bearer, or with the user of the URL', () => {
    const url = readTemplate('http://a.example/', { user: 'ü', password: 'p:w' });
    assert.equal(requestOf().headers['authorization'], undefined);
    assert.equal(requestOf({ url }).headers['authorization'], `Basic ${Buffer.from('ü:p:w').toString('base64')}`);
    assert.equal(requestOf({ url, bearer: 'abc' }).headers['authorization'], 'Bearer abc');
    assert.equal(requestOf({ headers: { 'x-api-key': 'k' } }).headers['x-api-key'], 'k');
  });

  test('is not made where the URL would climb, or the stanza cannot be written', () => {
    const url = readTemplate('http://a.example/{to}');
    const climbing = makeStanza({ ...MESSAGE, to: 'bot@hook.example.org/..' });
    const nested = (depth: number): Element =>
      Array.from({ length: depth }).reduce<Element>(inner => element('x', 'urn:x', {}, [inner]), element('x', 'urn:x'));
    const deep = makeStanza({ ...MESSAGE, payload: [nested(200)] });
    for (const [values, stanza] of [
      [{ url }, climbing],
      [{}, deep],
    ] as const) {
      const prepared = callbackRequest(target(values), 'application/xmpp+xml', { id: 'a', stanza }, MOMENT);
      assert.equal(prepared.name, 'refused');
    }
  });
});

test('a probe is what mod_rest asks at its start', () => {
  const prepared = probeRequest(target({ url: readTemplate('http://a.example/{kind}/{type}/{to}/{from}') }), '1.2.3');
  assert.deepEqual(prepared, {
    name: 'call',
    request: {
      method: 'OPTIONS',
      path: '/meta/info/hook.example.org/hook.example.org',
      headers: { 'user-agent': 'Restanza/1.2.3' },
    },
  });
});

describe('a header', () => {
  const HOSTILE = [
    '\r\nX-Evil: 1',
    '\n',
    '\0',
    '\u560a',
    '\u{1f600}',
    ' ',
    ',',
    ';q=1',
    'x'.repeat(9),
    '-',
    'en-',
    '"',
  ];
  const TAGS = ['en', 'de-CH-1996', 'x-klingon', 'zh-Hant-TW', 'i-default'];

  test('holds a language tag and nothing else that a stranger wrote', () => {
    const languageOf = (lang: string) =>
      requestOf({}, 'application/json', { ...MESSAGE, lang }).headers['content-language'];
    for (const tag of TAGS) assert.equal(languageOf(tag), tag);
    const values = HOSTILE.flatMap(bad =>
      TAGS.flatMap(tag => [`${tag}${bad}`, `${bad}${tag}`, `${tag}-${bad}-${tag}`]),
    );
    // Some of them are tags by chance.
    const hostile = values.filter(lang => !/^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(lang));
    assert.ok(hostile.length > 150);
    for (const lang of hostile) assert.equal(languageOf(lang), undefined, JSON.stringify(lang));
  });

  test('and the path are printable ASCII, whatever ids, types and addresses hold', () => {
    const url = readTemplate('http://a.example/{kind}/{type}?to={to}&from={from}');
    for (const bad of HOSTILE) {
      const stanza: Stanza = { ...MESSAGE, id: bad, from: parseJid('bob@example.org/\u560a\u{1f600} "') };
      const { path, headers } = requestOf({ url }, 'application/json', stanza);
      for (const text of [path, ...Object.values(headers)]) assert.match(text, /^[ -~]+$/);
      assert.ok(!path.includes(' '));
    }
  });
});
