/**
 * The forms of values that only callbacks have.
 *
 * Decides which URLs can be called and where their variables may stand, which media types there are and how addresses,
 * tokens and keys are written. What is done with a value is decided where calls are made.
 */
import { readSecret } from '../delivery/sign.ts';
import { readTemplate, UrlError } from '../delivery/url.ts';
import { addressPattern as preparePattern } from '../host/routes.ts';
import { TYPES } from '../xmpp/stanza.ts';
import type { Form } from './values.ts';

/** Where calls go. */
export interface CallbackUrl {
  /** The URL without user info; `{kind}`, `{type}`, `{to}` and `{from}` stand in its path and query only. */
  readonly template: string;
  /** The user info, decoded: name and password of HTTP Basic. The name holds no colon. */
  readonly user?: { readonly name: string; readonly password: string };
}

const URL_TEXT = /^(?<scheme>https?:\/\/)(?:(?<userInfo>[^/?#{}\\\s\p{Cc}]*)@)?(?<rest>[^@/?#][^#]*)$/iu;
const LONGEST_URL = 2048;

function readUrl(text: string): CallbackUrl | undefined {
  const { scheme, userInfo, rest } = (text.length <= LONGEST_URL && URL_TEXT.exec(text)?.groups) || {};
  const template = scheme === undefined || rest === undefined ? undefined : templateOf(scheme + rest);
  if (template === undefined) return undefined;
  if (userInfo === undefined) return { template };
  const user = userOf(userInfo);
  return user && { template, user };
}

/** In one spelling, of which another reading makes the same. */
function templateOf(text: string): string | undefined {
  try {
    const { origin, path, query } = readTemplate(text);
    return origin + path + query;
  } catch (error) {
    if (error instanceof UrlError) return undefined;
    throw error;
  }
}

/** RFC 7617 §2 allows neither a colon in the name nor control characters. */
function userOf(userInfo: string): CallbackUrl['user'] {
  const [, before = '', after = ''] = /^([^:]*):?(.*)$/s.exec(userInfo) ?? [];
  const [name, password] = [decoded(before), decoded(after)];
  if (name === undefined || password === undefined) return undefined;
  return name.includes(':') || /\p{Cc}/u.test(name + password) ? undefined : { name, password };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** An http or https URL, perhaps with variables. */
export const callbackUrl: Form<CallbackUrl> = {
  expected: 'an http or https URL, with {kind}, {type}, {to} and {from} only in its path and query',
  read: readUrl,
  print: ({ template, user }) => (user === undefined ? template : template.replace('//', '//[set]@')),
  holdsSecret: ({ user }) => user !== undefined,
};

/** The formats of a callback's body. mod_rest has the first of the short names. */
const CONTENT_TYPES = {
  'application/json': 'json',
  'application/xmpp+xml': 'xml',
  'application/x-www-form-urlencoded': 'form',
  'application/cbor': 'cbor',
} as const;
type ContentType = keyof typeof CONTENT_TYPES;

function isContentType(text: string): text is ContentType {
  return Object.hasOwn(CONTENT_TYPES, text);
}

/** The media type of a callback's body, or its short name. */
export const contentType: Form<ContentType> = {
  expected: `one of ${Object.entries(CONTENT_TYPES).flat().join(', ')}`,
  read: text =>
    Object.keys(CONTENT_TYPES)
      .filter(isContentType)
      .find(type => type === text || CONTENT_TYPES[type] === text),
  print: type => type,
};

/** The types of the stanzas that reach a callback. Results never do; presence without a type is `available`. */
export const STANZA_TYPES = [
  ...new Set([
    ...TYPES.message,
    'available' as const,
    ...TYPES.presence,
    ...TYPES.iq.filter(type => type !== 'result'),
  ]),
];

const PATTERN = /^[^\s\p{C}]{1,3071}$/u;
const MOST_STARS = 8;

/** An address in which `*` stands for any characters. The part before the resource is brought into lower case. */
export const addressPattern: Form<string> = {
  expected: `an address of up to 3071 characters, in which up to ${MOST_STARS} * stand for any characters`,
  quoted: true,
  read: text => {
    if (!PATTERN.test(text) || text.split('*').length - 1 > MOST_STARS) return undefined;
    return text.startsWith('/') ? undefined : preparePattern(text);
  },
  print: text => text,
};

/** The namespace of a payload. */
export const namespace: Form<string> = {
  expected: 'a namespace, which has no spaces',
  quoted: true,
  read: text => (PATTERN.test(text) ? text : undefined),
  print: text => text,
};

/** A bearer token (RFC 6750 §2.1). */
export const bearerToken: Form<string> = {
  expected: 'a token of up to 4096 letters, digits and -._~+/, and perhaps = at its end',
  quoted: true,
  read: text => (text.length <= 4096 && /^[A-Za-z0-9._~+/-]+=*$/.test(text) ? text : undefined),
  print: () => '[set]',
};

/** The value of a header field (RFC 9110 §5.5), of ASCII alone. */
export const fieldValue: Form<string> = {
  expected: 'a text of 1 to 4096 ASCII characters on one line, without spaces around it',
  quoted: true,
  read: text => (text.length <= 4096 && /^[!-~](?:[ -~]*[!-~])?$/.test(text) ? text : undefined),
  print: () => '[set]',
};

/** A key of Standard Webhooks: 24 to 64 bytes, in base64 after `whsec_`. */
export const signingKey: Form<string> = {
  expected: 'whsec_ and the base64 of 24 to 64 random bytes',
  quoted: true,
  read: text => (readSecret(text) === undefined ? undefined : text),
  print: () => '[set]',
};
