/**
 * Cases of the conformance suite: queries by `GET`, which the server of the domain answers.
 */
import { type Answer, type Body, type Case, FORM, JSON_TYPE, type Shape, XML } from '../case.ts';

/** What the own account answers; it need not say who it is (RFC 6120 §8.1.2.1). */
const OWN = { kind: 'iq', type: 'result', to: '{me}', id: /./ } as const;
const RESULT = { ...OWN, from: '{domain}' } as const;
const INFO = 'http://jabber.org/protocol/disco#info';

const QUERIES: readonly (readonly [path: string, answer: Shape])[] = [
  ['ping/{domain}', RESULT],
  ['//ping//{domain}', RESULT],
  ['version/{domain}', { ...RESULT, version: { name: /./, version: /./ } }],
  ['disco/{domain}', { ...RESULT, disco: { identities: [{ category: 'server', type: 'im' }], features: [INFO] } }],
  ['disco/{domain}?node=none', { ...RESULT, type: 'error', error: { type: 'cancel', condition: 'item-not-found' } }],
  ['ping/', OWN],
  ['ping/{me}', OWN],
  ['gateway/{domain}', { ...RESULT, type: 'error', error: { type: 'cancel', condition: 'service-unavailable' } }],
];

const PONG: Body = { json: RESULT };

/** Other forms of the same. */
const OTHERS: readonly (readonly [name: string, accept: string, body: Body])[] = [
  ['as XML', XML, { xml: "<iq type='result' from='{domain}' to='{me}' id='*'/>" }],
  ['as a form', FORM, { form: { kind: 'iq', type: 'result', from: '{domain}', to: '{me}', id: /./ } }],
];

function failed(status: number, type: string, condition: string): Answer {
  return { status, body: { json: { type: 'error', code: status, error: { type, condition } } } };
}

/** What cannot be asked so. */
const REFUSED: readonly (readonly [path: string, original: Answer])[] = [
  ['ping', failed(400, 'modify', 'not-well-formed')],
  ['', failed(400, 'modify', 'not-well-formed')],
  ['disco/{domain}?none', failed(400, 'modify', 'not-well-formed')],
  ['no-query/{domain}', failed(400, 'modify', 'not-well-formed')],
  ['none/{domain}', failed(422, 'modify', 'bad-format')],
  ['echo', failed(415, 'cancel', 'bad-format')],
];

/** Asks as each row says. */
export const QUERYING: readonly Case[] = [
  ...QUERIES.map(
    ([path, json]): Case => ({
      name: `query ${path}`,
      request: { method: 'GET', path: `{rest}/${path}`, accept: JSON_TYPE },
      original: [{ status: 200, body: { json } }],
    }),
  ),
  ...OTHERS.map(
    ([name, accept, body]): Case => ({
      name: `query ping ${name}`,
      request: { method: 'GET', path: '{rest}/ping/{domain}', accept },
      original: [{ status: 200, body }],
    }),
  ),
  ...REFUSED.map(
    ([path, original]): Case => ({
      name: `refuse the query /${path}`,
      request: { method: 'GET', path: `{rest}/${path}`, accept: JSON_TYPE },
      original: [original],
    }),
  ),
  {
    name: 'query items/{domain}',
    request: { method: 'GET', path: '{rest}/items/{domain}', accept: JSON_TYPE },
    original: [
      { of: 'no items', status: 200, body: { json: { ...RESULT, items: true } } },
      { of: 'some items', status: 200, body: { json: { ...RESULT, items: [{ jid: /./ }] } } },
    ],
  },
  {
    name: 'query upload_request',
    request: { method: 'GET', path: '{rest}/upload_request/{domain}?filename=a&size=1', accept: JSON_TYPE },
    original: [
      { of: '2025', status: 200, body: { json: { kind: 'iq', from: '{domain}' } } },
      { of: '2024', ...failed(400, 'modify', 'not-well-formed') },
    ],
  },
  {
    name: 'query with HEAD',
    request: { method: 'HEAD', path: '{rest}/ping/{domain}', accept: JSON_TYPE },
    original: [{ status: 400 }],
    mended: { status: 200, row: '400 to `HEAD`' },
  },
  {
    name: 'query with a bound of the wait',
    request: {
      method: 'GET',
      path: '{rest}/ping/{domain}',
      accept: JSON_TYPE,
      headers: { 'prosody-rest-timeout': '5' },
    },
    original: [{ status: 200, body: PONG }],
  },
];
