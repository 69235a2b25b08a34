/**
 * Cases of the conformance suite: what is refused, with which status and which body.
 */
import { type Case, FORM, JSON_TYPE, type Login, type Mended, type Original, TEXT, XML } from '../case.ts';

/** A refusal: what mod_rest says in JSON and in XML. */
function failed(status: number, type: string, condition: string): Original {
  return { status, body: { json: { type: 'error', code: status, error: { type, condition } } } };
}

function failedXml(status: number, fault: string): Original {
  return { status, body: { fault } };
}

/** JSON, in which only the status is mod_rest's. */
function failedAnyhow(status: number): Original {
  return { status, body: { json: { type: 'error', code: status } } };
}

/** mod_rest fails itself. */
const CRASH: Original = { of: '2024', status: 500 };
const NOT_FOUND = failedAnyhow(404);

const LOGINS: readonly (readonly [login: Login, original: readonly Original[], mended?: Mended])[] = [
  ['none', [{ ...failed(401, 'auth', 'not-authorized'), headers: { 'www-authenticate': /^(basic|bearer) realm=/i } }]],
  ['wrong-password', [failed(403, 'auth', 'not-authorized')]],
  ['unknown-user', [failed(403, 'auth', 'not-authorized'), CRASH]],
  ['no-colon', [failed(403, 'auth', 'not-authorized')]],
  [
    'unknown-scheme',
    [
      { of: '2025', ...failed(401, 'auth', 'not-authorized') },
      { of: '2024', ...failed(403, 'auth', 'not-authorized') },
    ],
  ],
  [
    'unknown-token',
    [failed(403, 'auth', 'not-authorized')],
    { ...failedAnyhow(401), row: '403 to a scheme that it does not have' },
  ],
  [
    'lower-case-scheme',
    [
      { of: '2025', status: 200, body: { json: { kind: 'iq', type: 'result' } } },
      { of: '2024', ...failed(403, 'auth', 'not-authorized') },
    ],
  ],
];

const LARGE = JSON.stringify({ body: 'x'.repeat(200_000) });
const NESTED = "<iq type='get' to='{domain}'><ping xmlns='urn:xmpp:ping'/><query xmlns='jabber:iq:version'/></iq>";

/** A request whose answer is asked for as JSON. */
const BODIES: readonly (readonly [
  name: string,
  type: string | undefined,
  body: string,
  status: number,
  errorType: string,
  condition: string,
])[] = [
  ['JSON that does not end', JSON_TYPE, '{', 400, 'modify', 'not-well-formed'],
  ['an empty JSON object', JSON_TYPE, '{}', 400, 'modify', 'not-well-formed'],
  ['a JSON array', JSON_TYPE, '[{"body":"x"}]', 400, 'modify', 'not-well-formed'],
  ['an unknown kind', JSON_TYPE, '{"kind":"mail"}', 400, 'modify', 'not-well-formed'],
  ['XML that does not end', XML, '<message>', 400, 'modify', 'not-well-formed'],
  ['a body over 192 KiB', JSON_TYPE, LARGE, 413, 'modify', 'resource-constraint'],
  ['a body without type', undefined, '{}', 415, 'cancel', 'bad-format'],
  ['bytes', 'application/octet-stream', 'x', 415, 'cancel', 'bad-format'],
  ['application/xml', 'application/xml', '<message/>', 415, 'cancel', 'bad-format'],
  ['another element', XML, '<mail/>', 422, 'modify', 'unsupported-stanza-type'],
  ['another namespace', XML, "<message xmlns='jabber:server'/>", 422, 'modify', 'invalid-namespace'],
  ['a recipient that is no address', XML, "<message to='@@'/>", 422, 'modify', 'improper-addressing'],
  ['a sender that is no address', XML, "<message from='@@'/>", 422, 'modify', 'invalid-from'],
  ['a sender who is not the user', XML, "<message from='x@example.org'/>", 403, 'auth', 'not-authorized'],
  ['an iq of type result', JSON_TYPE, '{"kind":"iq","type":"result","to":"{domain}"}', 422, 'modify', 'invalid-xml'],
  ['an iq without payload', XML, "<iq type='get' to='{domain}' id='c1'/>", 422, 'modify', 'bad-format'],
  ['an iq with two payloads', XML, NESTED, 422, 'modify', 'bad-format'],
];

/** A request whose answer is asked for as XML, and the condition of the stream error. */
const XML_BODIES: readonly (readonly [name: string, type: string, body: string, status: number, condition: string])[] =
  [
    ['JSON that does not end', JSON_TYPE, '{', 400, 'not-well-formed'],
    ['a sender who is not the user', XML, "<message from='x@example.org'/>", 403, 'not-authorized'],
    ['a body over 192 KiB', JSON_TYPE, LARGE, 413, 'resource-constraint'],
    ['application/xml', 'application/xml', '<message/>', 415, 'bad-format'],
    ['a recipient that is no address', XML, "<message to='@@'/>", 422, 'improper-addressing'],
    ['another namespace', XML, "<message xmlns='jabber:server'/>", 422, 'invalid-namespace'],
  ];

/** A path that cannot be posted to, with a type and a body that are good elsewhere. */
const PATHS: readonly (readonly [path: string, type: string, body: string])[] = [
  ['/', JSON_TYPE, '{"body":"x"}'],
  ['/no/such/kind', JSON_TYPE, '{"body":"x"}'],
  ['/message/chat', TEXT, 'x'],
  ['/iq/get/{domain}', TEXT, 'x'],
  ['/message/no-type/{domain}', FORM, 'body=x'],
];

/** Refuses as each row says. */
export const REFUSALS: readonly Case[] = [
  ...LOGINS.map(
    ([login, original, mended]): Case => ({
      name: `credentials: ${login}`,
      request: { method: 'GET', path: '{rest}/ping/{domain}', accept: JSON_TYPE, login },
      original,
      ...(mended !== undefined && { mended }),
    }),
  ),
  {
    name: 'credentials: none, told in XML',
    request: { path: '{rest}', type: JSON_TYPE, accept: XML, body: '{', login: 'none' },
    original: [failedXml(401, 'not-authorized')],
  },
  ...BODIES.map(
    ([name, type, body, status, errorType, condition]): Case => ({
      name: `refuse ${name}`,
      request: { path: '{rest}', accept: JSON_TYPE, body, ...(type !== undefined && { type }) },
      original: [failed(status, errorType, condition)],
    }),
  ),
  ...XML_BODIES.map(
    ([name, type, body, status, condition]): Case => ({
      name: `refuse ${name}, in XML`,
      request: { path: '{rest}', type, accept: XML, body },
      original: [failedXml(status, condition)],
    }),
  ),
  ...PATHS.map(
    ([path, type, body]): Case => ({
      name: `refuse a POST to ${path}`,
      request: { path: `{rest}${path}`, type, accept: JSON_TYPE, body },
      original: [failed(400, 'modify', 'not-well-formed')],
    }),
  ),
  {
    name: 'refuse a path that is not there',
    request: { method: 'GET', path: '/no-such-path', accept: JSON_TYPE },
    original: [NOT_FOUND],
  },
  {
    name: 'refuse PUT',
    request: { method: 'PUT', path: '{rest}/echo', type: JSON_TYPE, accept: JSON_TYPE, body: '{}' },
    original: [NOT_FOUND],
  },
  {
    name: 'refuse a wrong value',
    request: { path: '{rest}/echo', type: JSON_TYPE, accept: JSON_TYPE, body: '{"kind":"message","html":5}' },
    original: [{ status: 500 }],
    mended: { ...failedAnyhow(422), row: 'fails with status 500' },
  },
  {
    name: 'refuse without a word on formats',
    request: { path: '{rest}', type: JSON_TYPE, body: '{' },
    original: [{ status: 400, body: { html: true } }],
    mended: { ...failedAnyhow(400), row: 'sends an HTML page for an error' },
  },
  {
    name: 'refuse a message for a page of another site',
    needs: ['peer'],
    request: {
      path: '{rest}/message/chat/{peer}',
      type: TEXT,
      body: 'x',
      headers: { origin: 'https://other-site.example', 'sec-fetch-site': 'cross-site' },
    },
    original: [{ status: 202 }],
    mended: {
      ...failedAnyhow(403),
      row: 'sends what a page of anybody posts with the password that the browser remembers',
    },
  },
  {
    name: 'refuse text/xml',
    needs: ['peer'],
    request: {
      path: '{rest}',
      type: 'text/xml',
      accept: JSON_TYPE,
      body: "<message to='{peer}'><body>x</body></message>",
    },
    original: [failed(415, 'cancel', 'bad-format')],
    mended: { status: 201, row: '415 to `text/xml`' },
  },
];
