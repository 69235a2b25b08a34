/**
 * The keys of a callback, and the places where callbacks can be.
 *
 * Decides, once for all these places, what can be said about a callback. Which of it is used when is decided where stanzas
 * are routed and calls are made.
 */
import {
  addressPattern,
  bearerToken,
  callbackUrl,
  contentType,
  fieldValue,
  namespace,
  STANZA_TYPES,
  signingKey,
} from './callback-values.ts';
import type { Row } from './row.ts';
import { boolean, byteSize, file, listOf, oneOf, wholeNumber } from './values.ts';

/** The kinds of stanzas that a callback can get. */
const STANZAS = ['message', 'presence', 'iq'] as const;
/** What a stanza can be addressed to: an account, one of its clients, the host itself. */
const EVENTS = ['bare', 'full', 'host'] as const;

const PATTERN_EXAMPLE = '[alice@example.com, room@muc.example.com/*]';
const KEY_EXAMPLE = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** The keys below a callback. */
export const CALLBACK = {
  url: {
    form: callbackUrl,
    doc: 'Where stanzas are sent with POST. `{kind}`, `{type}`, `{to}` and `{from}` stand for those of the stanza. A name and password in it are sent as HTTP Basic.',
    example: 'http://127.0.0.1:9999/stanzas/{kind}',
  },
  content_type: {
    form: contentType,
    default: 'application/xmpp+xml',
    doc: 'The format of the body, unless the receiver asks for another one in its answer to OPTIONS.',
    example: 'json',
  },
  format: {
    form: oneOf(['rest', 'component_http']),
    default: 'rest',
    doc: 'Whose dialect is spoken: that of mod_rest, or the JSON of mod_component_http, whatever `content_type` says.',
    example: 'component_http',
  },
  stanzas: {
    form: listOf(oneOf(STANZAS), STANZAS.join(', ')),
    default: '[message, presence, iq]',
    doc: 'The kinds of stanzas that are sent.',
    example: '[message]',
  },
  events: {
    form: listOf(oneOf(EVENTS), EVENTS.join(', ')),
    optional: true,
    doc: 'What the stanzas are addressed to: a bare address, a full one, or the domain. Left out, it is all three on a component, `bare` and `full` on an account, and `host` on another host.',
    example: '[bare, full]',
  },
  types: {
    form: listOf(oneOf(STANZA_TYPES), 'types of stanzas'),
    optional: true,
    doc: 'The types of stanzas that are sent; all when left out. A message without a type is `normal`, a presence `available`.',
    example: '[chat, groupchat]',
  },
  from: {
    form: listOf(addressPattern, 'addresses with *'),
    optional: true,
    doc: 'Who the stanzas come from; anyone when left out. `*` stands for any characters, and a pattern without a resource takes every resource. What begins with `*` must stand in quotes.',
    example: PATTERN_EXAMPLE,
  },
  to: {
    form: listOf(addressPattern, 'addresses with *'),
    optional: true,
    doc: 'Who the stanzas are addressed to, written as in `from`.',
    example: PATTERN_EXAMPLE,
  },
  payload: {
    form: listOf(namespace, 'namespaces'),
    optional: true,
    doc: 'Only stanzas with a payload in one of these namespaces are sent.',
    example: '[urn:xmpp:ping]',
  },
  observe: {
    form: boolean,
    default: 'false',
    doc: 'Whether this callback only watches: its answers are ignored, and another one may answer the same stanza.',
    example: 'true',
  },
  delivery: {
    form: oneOf(['retry', 'bounce']),
    default: 'retry',
    doc: 'What happens when a call fails: it is tried again over days, or, as with mod_rest, the sender gets an error at once.',
    example: 'bounce',
  },
  presence: {
    form: oneOf(['forward', 'accept']),
    default: 'forward',
    doc: 'Only on a component. `accept` answers probes and subscription requests itself, so that every address of the component is always online.',
    example: 'accept',
  },
  bearer: {
    form: bearerToken,
    optional: true,
    secret: true,
    doc: 'A token that is sent as `Authorization: Bearer`.',
    example: 'bGV0LXRoZS1nYXRld2F5LWlu',
  },
  bearer_file: {
    form: file,
    contentOf: 'bearer',
    doc: 'A file that holds the token, instead of `bearer`.',
    example: '/run/secrets/callback-token',
  },
  'headers.<header>': {
    form: fieldValue,
    secret: true,
    doc: 'A header that every call has, with its value.',
    example: 'a fixed text',
  },
  secret: {
    form: signingKey,
    optional: true,
    secret: true,
    doc: 'The key that signs the calls (Standard Webhooks). Without one they are not signed.',
    example: KEY_EXAMPLE,
  },
  secret_file: {
    form: file,
    contentOf: 'secret',
    doc: 'A file that holds the key, instead of `secret`.',
    example: '/run/secrets/callback-key',
  },
  old_secret: {
    form: signingKey,
    optional: true,
    secret: true,
    doc: 'The key that was used before: calls are signed with both, until the receiver knows the new one.',
    example: KEY_EXAMPLE,
  },
  old_secret_file: {
    form: file,
    contentOf: 'old_secret',
    doc: 'A file that holds the old key, instead of `old_secret`.',
    example: '/run/secrets/callback-old-key',
  },
  allow_private: {
    form: boolean,
    optional: true,
    doc: 'Whether the name in `url` may lead to addresses of private networks. Left out, only a name of the local network may; an address that stands in `url` itself is always called unless this is `false`.',
    example: 'true',
  },
  timeout: {
    form: wholeNumber('seconds', 1, 300),
    default: '15',
    doc: 'How long a call may take.',
    example: '30',
  },
  concurrency: {
    form: wholeNumber('calls', 1, 1024),
    default: '32',
    doc: 'How many calls run at once. Stanzas of one sender are always sent one after the other.',
    example: '8',
  },
  max_entries: {
    form: wholeNumber('stanzas', 1, 10_000_000),
    default: '100000',
    doc: 'How many stanzas may wait for this callback. More are refused with `resource-constraint`.',
    example: '10000',
  },
  max_bytes: {
    form: byteSize,
    default: '256MiB',
    doc: 'How much room the stanzas that wait for this callback may take.',
    example: '1GB',
  },
} as const satisfies Readonly<Record<string, Row>>;

/** The groups that are callbacks. */
export const CALLBACK_PLACES = [
  'hosts.<domain>.callback',
  'hosts.<domain>.callbacks.<name>',
  'hosts.<domain>.accounts.<localpart>.callback',
  'hosts.<domain>.accounts.<localpart>.callbacks.<name>',
] as const;

type Keys = typeof CALLBACK;
type RowsAt<P extends string> = { readonly [K in keyof Keys & string as `${P}.${K}`]: Keys[K] };

/** The rows of all callbacks, as they stand in the table of keys. */
export const CALLBACK_ROWS = rowsAt(CALLBACK_PLACES);

function rowsAt<P extends string>(places: readonly P[]): RowsAt<P> {
  const rows = places.flatMap(place => Object.entries(CALLBACK).map(([key, row]) => [`${place}.${key}`, row]));
  // TypeScript does not follow names that are put together; `RowsAt` says the same as this function.
  return Object.fromEntries(rows) as RowsAt<P>;
}
