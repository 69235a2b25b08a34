/**
 * What one is told where there is nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wayInstead } from './wrong-way.ts';

const PATHS = { rest: '/xmpp', msg: '/msg' };
const SENDING = 'stanzas are sent with POST /xmpp';
const WAYS: readonly (readonly [method: string, url: string, way: string])[] = [
  ['PUT', '/xmpp', `PUT is not a method of /xmpp, which takes POST and GET; ${SENDING}`],
  ['DELETE', '/xmpp/echo?a=b', `DELETE is not a method of /xmpp, which takes POST and GET; ${SENDING}`],
  ['GET', '/xmpp?a=/b', `a GET names a query, as in /xmpp/ping/{to}; ${SENDING}`],
  ['GET', '/msg/a@b', 'GET is not a method of /msg, which takes POST'],
  ['POST', '/xmppp', SENDING],
  ['POST', '/', SENDING],
];

for (const [method, url, way] of WAYS) {
  test(`${method} ${url}: ${way}`, () => assert.equal(wayInstead(method, url, PATHS), way));
}
