/**
 * Cases of the conformance suite: messages by way of mod_post_msg.
 */
import { type Answer, type Case, type Exchange, FORM, JSON_TYPE, TEXT, XML } from '../case.ts';

type Request = Omit<Exchange, 'path'> & { readonly path?: string };

/** A POST to the peer, by a user who gives his whole address, unless the row says otherwise. */
function posting(name: string, request: Request): Pick<Case, 'name' | 'needs' | 'request'> {
  return {
    name: `/msg: ${name}`,
    needs: ['msg', 'peer'],
    request: { path: '{msg}/{peer}', login: 'address', ...request },
  };
}

const SENT = { status: 201 } as const;

const POSTED: readonly (readonly [name: string, request: Request])[] = [
  ['text', { type: TEXT, body: 'Hello' }],
  ['text to a resource', { path: '{msg}/{peer}/a', type: TEXT, body: 'Hello' }],
  ['no text at all', { type: TEXT, body: '' }],
  ['a form', { type: FORM, body: 'body=Hello&type=normal' }],
  ['a form with HTML', { type: FORM, body: 'body=Hello&html=%3Cp%3EHello%3C/p%3E' }],
  ['a form that names the recipient', { path: '{msg}/{me}', type: FORM, body: 'to={peer}&body=Hello' }],
  ['a form with a key that nobody knows', { type: FORM, body: 'subject=Hello&body=Hello&colour=red' }],
  ['JSON', { type: JSON_TYPE, body: '{"body":"Hello"}' }],
  ['JSON that names the recipient', { path: '{msg}/{me}', type: JSON_TYPE, body: '{"to":"{peer}","body":"Hello"}' }],
  ['a whole address with a resource', { type: TEXT, body: 'Hello', login: 'full-address' }],
];

const PAGE_ROW = 'sends an HTML page for an error';
const HTML = { html: true } as const;

/** What is refused with the status of mod_post_msg. */
const REFUSED: readonly (readonly [name: string, request: Request, status: number])[] = [
  ['no credentials', { type: TEXT, body: 'x', login: 'none' }, 401],
  ['a wrong password', { type: TEXT, body: 'x', login: 'address-wrong-password' }, 401],
  ['credentials without a colon', { type: TEXT, body: 'x', login: 'no-colon' }, 401],
  ['a stanza', { type: XML, body: '<message/>' }, 415],
  ['a body without a type', { body: 'x' }, 415],
  ['JSON that does not end', { type: JSON_TYPE, body: '{' }, 400],
  ['no recipient', { path: '{msg}/', type: TEXT, body: 'x' }, 422],
  ['a path that is no address', { path: '{msg}/%40%40', type: TEXT, body: 'x' }, 422],
  ['GET', { method: 'GET' }, 404],
];

/** What each answers with its own status; below 300 there is no body. */
type Deviation = readonly [name: string, request: Request, theirs: number, ours: number];

const CRASH = 500;

/** Deviations by the row that says why. */
const MENDED: Readonly<Record<string, readonly Deviation[]>> = {
  '415 to `text/plain; charset=utf-8`': [
    ['text with a charset', { type: `${TEXT}; charset=utf-8`, body: 'Ahoj 🐢' }, 415, 201],
  ],
  'takes a media type in one spelling only': [
    ['text in another spelling', { type: 'Text/Plain', body: 'Hello' }, 415, 201],
  ],
  '400 to `html` that is not well-formed': [
    ['HTML that is not well-formed', { type: FORM, body: 'body=x&html=%3Cp%3E' }, 400, 422],
  ],
  'takes `/msg/bob` for the domain `bob`': [
    ['a name that no account can have', { path: '{msg}/a%26b', type: TEXT, body: 'x' }, 201, 422],
  ],
  'fails with status 500 on a user name without a domain': [
    ['a user name without a domain', { type: TEXT, body: 'Hello', login: 'localpart' }, CRASH, 201],
  ],
  'fails with status 500 on an account that is not there': [
    ['an account that is not there', { type: TEXT, body: 'x', login: 'address-unknown-user' }, CRASH, 401],
  ],
  'fails with status 500 on credentials that are no base64': [
    ['credentials that are no base64', { type: TEXT, body: 'x', login: 'no-base64' }, CRASH, 401],
  ],
  'takes the credentials of any authentication scheme for those of Basic': [
    [
      'credentials under the name of another scheme',
      { type: TEXT, body: 'x', login: 'address-other-scheme' },
      201,
      401,
    ],
  ],
  'fails with status 500 on a `to`, `type` or `body` that is no text': [
    ['a body that is no text', { type: JSON_TYPE, body: '{"body":5}' }, CRASH, 422],
    ['a recipient that is no text', { type: JSON_TYPE, body: '{"to":5,"body":"x"}' }, CRASH, 422],
    ['a type that is no text', { type: JSON_TYPE, body: '{"type":5,"body":"x"}' }, CRASH, 422],
  ],
  'fails with status 500 on a `to` in the body that is no address': [
    ['a recipient that is no address', { type: FORM, body: 'to=%40%40&body=x' }, CRASH, 422],
  ],
  'fails with status 500 on text that XML cannot hold': [
    ['a character that XML does not have', { type: TEXT, body: 'a\u0001b' }, CRASH, 422],
  ],
  'sends an empty message for JSON that is no message': [
    ['JSON that is a text', { type: JSON_TYPE, body: '"x"' }, 201, 400],
    ['JSON that is a list', { type: JSON_TYPE, body: '[]' }, 201, 400],
    ['JSON with nothing in it', { type: JSON_TYPE, body: '{}' }, 201, 400],
    ['JSON of a presence', { type: JSON_TYPE, body: '{"kind":"presence","show":"away"}' }, 201, 422],
  ],
  'sends a message of any `type`': [
    ['a type that messages do not have', { type: JSON_TYPE, body: '{"type":"weird","body":"x"}' }, 201, 422],
  ],
  'redirects from `/msg` to `/msg/`': [
    ['the base alone', { path: '{msg}', type: FORM, body: 'to={peer}&body=Hello' }, 301, 201],
  ],
};

/** What mod_post_msg answers: a page for people where it refuses, nothing where it has sent or moved. */
function theirsOf(status: number): Answer {
  return status < 400 || status === CRASH ? { status } : { status, body: HTML };
}

function oursOf(status: number): Answer {
  return status < 400 ? { status } : { status, body: { json: { type: 'error', code: status } } };
}

/** Posts as each row says. */
export const MSG: readonly Case[] = [
  ...POSTED.map(([name, request]): Case => ({ ...posting(name, request), original: [SENT] })),
  ...REFUSED.map(
    ([name, request, status]): Case => ({
      ...posting(`refuse ${name}`, request),
      original: [theirsOf(status)],
      mended: { ...oursOf(status), row: PAGE_ROW },
    }),
  ),
  ...Object.entries(MENDED).flatMap(([row, deviations]) =>
    deviations.map(
      ([name, request, theirs, ours]): Case => ({
        ...posting(name, request),
        original: [theirsOf(theirs)],
        mended: { ...oursOf(ours), row },
      }),
    ),
  ),
  { ...posting('OPTIONS', { method: 'OPTIONS', login: 'none' }), original: [{ status: 200 }] },
];
