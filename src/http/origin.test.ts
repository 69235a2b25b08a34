import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignOrigin } from './origin.ts';

const HOST = 'api.example.com';
const ALLOWED = ['https://app.example.com', 'http://localhost:3000'];

/** The fields of a request to `HOST`, and whether it is a foreign page's. */
const REQUESTS: readonly (readonly [what: string, fields: object, foreign: boolean])[] = [
  ['a program', {}, false],
  ['a page of this server', { origin: 'https://api.example.com' }, false],
  ['a page of this server, where TLS ends elsewhere', { origin: 'http://api.example.com' }, false],
  ['a page of this server, in capitals', { origin: 'HTTPS://API.Example.COM' }, false],
  ['a page of this server, with a port', { origin: 'http://api.example.com:5280', host: `${HOST}:5280` }, false],
  [
    'a page of this server, with the port of its scheme',
    { origin: 'https://api.example.com', host: `${HOST}:443` },
    false,
  ],
  ['a page at another port', { origin: 'http://api.example.com:5281', host: `${HOST}:5280` }, true],
  ['a page at an IPv6 address', { origin: 'http://[::1]:5280', host: '[::1]:5280' }, false],
  ['another page', { origin: 'https://evil.example' }, true],
  ['a page with a longer name', { origin: 'https://api.example.com.evil.example' }, true],
  ['a page with a name that ends alike', { origin: 'https://evil-api.example.com' }, true],
  ['a page of a subdomain', { origin: 'https://x.api.example.com' }, true],
  ['a page that says it in its user name', { origin: 'https://api.example.com@evil.example' }, true],
  ['a page without an origin', { origin: 'null' }, true],
  ['a file', { origin: 'file://' }, true],
  ['what is no origin', { origin: 'api.example.com' }, true],
  ['an empty origin', { origin: '' }, true],
  ['an origin without Host', { origin: 'https://api.example.com', host: undefined }, true],
  ['a Host that is none', { origin: 'https://api.example.com', host: 'a b' }, true],
  ['an allowed page', { origin: 'https://app.example.com' }, false],
  [
    'an allowed page, as the browser tells of it',
    { origin: 'https://app.example.com', secFetchSite: 'same-site' },
    false,
  ],
  ['an allowed page at its port', { origin: 'http://localhost:3000', secFetchSite: 'cross-site' }, false],
  ['a page at the port beside it', { origin: 'http://localhost:3001', secFetchSite: 'cross-site' }, true],
  ['an allowed name with another scheme', { origin: 'http://app.example.com' }, true],
  ['an image of another page', { secFetchSite: 'cross-site' }, true],
  ['an image of a page of the same site', { secFetchSite: 'same-site' }, true],
  ['an image of a page of this server', { secFetchSite: 'same-origin' }, false],
  ['an address that was typed', { secFetchSite: 'none' }, false],
  ['a word that nobody knows', { secFetchSite: 'same-planet' }, true],
  [
    'a page of this server, behind a proxy that changes Host',
    { origin: 'https://rest.example', secFetchSite: 'same-origin' },
    false,
  ],
  ['another page that the browser tells of', { origin: 'https://api.example.com', secFetchSite: 'cross-site' }, true],
];

for (const [what, fields, foreign] of REQUESTS) {
  test(`${what} is ${foreign ? '' : 'not '}foreign`, () => {
    const all = { origin: undefined, secFetchSite: undefined, host: HOST, ...fields };
    assert.equal(foreignOrigin(all, ALLOWED), foreign);
  });
}

test('where nothing is allowed, only the own pages are', () => {
  assert.equal(foreignOrigin({ origin: 'https://app.example.com', secFetchSite: undefined, host: HOST }, []), true);
  assert.equal(foreignOrigin({ origin: 'https://api.example.com', secFetchSite: undefined, host: HOST }, []), false);
});

test('where every page is allowed, none is foreign', () => {
  assert.equal(foreignOrigin({ origin: 'null', secFetchSite: 'cross-site', host: HOST }, ['*']), false);
});
