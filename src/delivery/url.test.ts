/**
 * Where a call goes, whatever a stanza says: always to the host of the configuration and below its path.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readTemplate, renderPath, UrlError } from './url.ts';

const REFUSED: readonly (readonly [text: string, message: RegExp])[] = [
  ['', /begins with http/],
  ['ftp://a.example/', /begins with http/],
  ['http:///x', /begins with http/],
  ['//a.example/', /begins with http/],
  ['http://{to}/', /holds no \{variables\}/],
  ['http://a.example:{type}/', /holds no \{variables\}/],
  ['http://{from}@a.example/', /holds no \{variables\}/],
  ['http://user:canary@a.example/', /no user here/],
  ['http://a.example\\@b.example/', /backslashes/],
  ['http://a.example/a b', /no spaces/],
  ['http://a.example/\n', /no spaces/],
  ['http://a.example:99999/', /valid host and port/],
  ['http://[::1/', /valid host and port/],
  ['http://a.example/{id}', /knows \{kind\}/],
  ['http://a.example/{to', /without its other one/],
  ['http://a.example/{{to}}', /without its other one/],
  ['http://a.example/a/../b', /no '\.' or '\.\.'/],
  ['http://a.example/%2e%2E', /no '\.' or '\.\.'/],
];

describe('a URL', () => {
  for (const [text, message] of REFUSED) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(
        () => readTemplate(text),
        error => error instanceof UrlError && message.test(error.message) && !error.message.includes('canary'),
      );
    });
  }

  test('is read with its parts', () => {
    const login = { user: 'u', password: 'p' };
    assert.deepEqual(readTemplate('HTTPS://A.example:8443/x/{to}?k={kind}#top', login), {
      origin: 'https://a.example:8443',
      hostname: 'a.example',
      login,
      path: '/x/{to}',
      query: '?k={kind}',
      shown: 'https://a.example:8443/x/{to}',
    });
  });

  test('needs no path, and may hold other letters', () => {
    assert.equal(readTemplate('http://a.example').path, '/');
    assert.equal(readTemplate('http://a.example/ü%41').path, '/%C3%BC%41');
    assert.equal(readTemplate('http://[::1]:80/').hostname, '::1');
  });
});

describe('a path', () => {
  const template = readTemplate('http://a.example/x/{kind}/{type}/{to}/{from}');

  test('has values as mod_rest encodes them, and the name where there is no value', () => {
    const values = { kind: 'message', to: "bot@hook/r s'(ü)", from: 'a.~_-b' };
    assert.deepEqual(renderPath(template, values), {
      name: 'path',
      path: '/x/message/{type}/bot%40hook%2fr%20s%27%28%c3%bc%29/a.~_-b',
    });
  });

  test('may have values in its query, dots too', () => {
    const { path, query } = readTemplate('http://a.example/?to={to}&t={type}');
    assert.equal(path + query, '/?to={to}&t={type}');
    const rendered = renderPath(readTemplate('http://a.example/?to={to}&t={type}'), { to: 'a&b=c#d', type: '..' });
    assert.deepEqual(rendered, { name: 'path', path: '/?to=a%26b%3dc%23d&t=..' });
  });

  for (const value of [
    '..',
    '.',
    '%2e%2e',
    '.%2e',
    '%252e%252e',
    '../x',
    'a/../b',
    'bot@hook/..',
    '..\\x',
    '..;a=b',
    'a/.',
    '%2e%2e%2fadmin',
  ]) {
    test(`is refused with ${value}`, () => {
      assert.equal(renderPath(template, { kind: 'message', to: value }).name, 'refused');
    });
  }

  for (const value of ['...', 'a..b', '.a', 'a.', 'room@muc.example/..x', '']) {
    test(`is made with ${JSON.stringify(value)}`, () => {
      assert.equal(renderPath(template, { kind: 'message', to: value }).name, 'path');
    });
  }

  test('never leaves the host and the path of the configuration', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (to, type) => {
        const rendered = renderPath(readTemplate('http://a.example/x/{to}/y/{type}?f={to}'), { to, type });
        if (rendered.name === 'refused') return;
        const url = new URL(`http://a.example${rendered.path}`);
        assert.equal(url.host, 'a.example');
        assert.match(url.pathname, /^\/x\/[^/]*\/y\/[^/]*$/);
        assert.match(rendered.path, /^[!-~]+$/);
      }),
      { numRuns: 500 },
    );
  });
});
