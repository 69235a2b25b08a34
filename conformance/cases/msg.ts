/**
 * Cases of the conformance suite: messages by way of mod_post_msg.
 */
import { type Case, type Exchange, FORM, JSON_TYPE, TEXT, XML } from '../case.ts';

const POSTED: readonly (readonly [name: string, request: Exchange])[] = [
  ['text', { path: '{msg}/{peer}', type: TEXT, body: 'Hello' }],
  ['text to a resource', { path: '{msg}/{peer}/a', type: TEXT, body: 'Hello' }],
  ['a form', { path: '{msg}/{peer}', type: FORM, body: 'body=Hello&type=normal' }],
  ['a form that names the recipient', { path: '{msg}/{me}', type: FORM, body: 'to={peer}&body=Hello' }],
  ['JSON', { path: '{msg}/{peer}', type: JSON_TYPE, body: '{"body":"Hello"}' }],
];

const PAGE_ROW = 'sends an HTML page for an error';
const HTML = { html: true } as const;

const REFUSED: readonly (readonly [name: string, request: Exchange, status: number])[] = [
  ['no credentials', { path: '{msg}/{peer}', type: TEXT, body: 'x', login: 'none' }, 401],
  ['a wrong password', { path: '{msg}/{peer}', type: TEXT, body: 'x', login: 'address-wrong-password' }, 401],
  ['a stanza', { path: '{msg}/{peer}', type: XML, body: '<message/>' }, 415],
  ['JSON that does not end', { path: '{msg}/{peer}', type: JSON_TYPE, body: '{' }, 400],
];

/** Posts as each row says. */
export const MSG: readonly Case[] = [
  ...POSTED.map(
    ([name, request]): Case => ({
      name: `/msg: ${name}`,
      needs: ['msg', 'peer'],
      request: { login: 'address', ...request },
      original: [{ status: 201 }],
    }),
  ),
  ...REFUSED.map(
    ([name, request, status]): Case => ({
      name: `/msg: refuse ${name}`,
      needs: ['msg', 'peer'],
      request: { login: 'address', ...request },
      original: [{ status, body: HTML }],
      mended: { status, body: { json: { type: 'error', code: status } }, row: PAGE_ROW },
    }),
  ),
  {
    name: '/msg: OPTIONS',
    needs: ['msg', 'peer'],
    request: { method: 'OPTIONS', path: '{msg}/{peer}', login: 'none' },
    original: [{ status: 200 }],
  },
];
