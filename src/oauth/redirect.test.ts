/**
 * Redirect URIs: what may be registered, and that a request may name nothing else.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type ApplicationType, isRegistered, OUT_OF_BAND, redirectFault, withParameters } from './redirect.ts';

const SITE = 'app.example';

describe('a redirect URI', () => {
  const ROWS: readonly (readonly [uri: string, type: ApplicationType, allowed: boolean])[] = [
    ['https://app.example/cb', 'web', true],
    ['https://app.example/cb?x=1', 'web', true],
    ['https://app.example:8443/cb', 'web', false],
    ['https://sub.app.example/cb', 'web', false],
    ['http://app.example/cb', 'web', false],
    ['http://127.0.0.1/cb', 'web', false],
    [OUT_OF_BAND, 'web', false],
    [OUT_OF_BAND, 'native', true],
    ['http://127.0.0.1/cb', 'native', true],
    ['http://127.0.0.1:1234/cb', 'native', true],
    ['http://[::1]/cb', 'native', true],
    ['http://localhost', 'native', true],
    ['http://127.0.0.2/cb', 'native', false],
    ['http://localhost.evil.example/', 'native', false],
    ['http://192.168.1.1/', 'native', false],
    ['com.example.app:/cb', 'native', true],
    ['com.example.app://cb', 'native', true],
    ['com.example.app:cb', 'native', false],
    ['app:/cb', 'native', false],
    ['javascript:alert(1)', 'native', false],
    ['data:text/html,x', 'native', false],
    ['file:///etc/passwd', 'native', false],
    ['https://app.example/cb', 'native', true],
    ['https://evil.example/cb', 'native', false],
    ['https://app.example/cb#x', 'web', false],
    ['https://user@app.example/cb', 'web', false],
    ['https://app.example\\@evil.example/', 'web', false],
    ['https://app.example/ cb', 'web', false],
    ['//app.example/cb', 'web', false],
    ['', 'web', false],
  ];

  for (const [uri, type, allowed] of ROWS) {
    test(`of a ${type} application ${allowed ? 'may' : 'may not'} be ${uri}`, () => {
      assert.equal(redirectFault(uri, type, SITE) === undefined, allowed);
    });
  }
});

describe('a registered URI', () => {
  test('is taken to the letter, and on loopback at any port', () => {
    const registered = ['https://app.example/cb', 'http://127.0.0.1:80/cb', 'http://[::1]/cb?x'];
    for (const uri of registered) assert.ok(isRegistered(uri, registered));
    for (const uri of ['http://127.0.0.1:5000/cb', 'http://127.0.0.1/cb', 'http://[::1]:9/cb?x']) {
      assert.ok(isRegistered(uri, registered), uri);
    }
    for (const uri of ['http://127.0.0.1:70000/cb', 'http://127.0.0.1:/cb', 'http://localhost/cb', 'http://[::1]/cb']) {
      assert.ok(!isRegistered(uri, registered), uri);
    }
  });

  test('is taken with no letter changed', () => {
    const uri = 'https://app.example/cb';
    fc.assert(
      fc.property(fc.nat(uri.length), fc.string({ minLength: 1, maxLength: 3 }), fc.nat(3), (at, text, drop) => {
        const other = uri.slice(0, at) + text + uri.slice(at + drop);
        assert.equal(isRegistered(other, [uri]), other === uri);
      }),
    );
  });
});

test('the parameters of an answer stand after those that a URI has, and say what they said', () => {
  const parameters = { code: 'a&b=c', state: 'ü +', iss: 'https://x.example', error: undefined };
  const url = new URL(withParameters('https://app.example/cb?x=1', parameters));
  assert.deepEqual(
    [...url.searchParams],
    [
      ['x', '1'],
      ['code', 'a&b=c'],
      ['state', 'ü +'],
      ['iss', 'https://x.example'],
    ],
  );
  assert.equal(withParameters('com.example.app:/cb', { code: 'x' }), 'com.example.app:/cb?code=x');
});
