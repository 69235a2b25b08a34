/**
 * The keys of the authorization server.
 *
 * Decides what can be said about it, for the gateway and for each host. A host is one as soon as anything is set below its
 * `oauth`. What the values do is decided in `oauth/`.
 */
import type { Row } from './row.ts';
import { boolean, duration, type Form, file, secret } from './values.ts';

/** 32 bytes, as 64 hexadecimal digits or base64. */
const sealingKey: Form<Buffer> = {
  expected: '32 bytes as 64 hexadecimal digits, or as base64',
  quoted: true,
  read: text => {
    if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
    return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  },
  print: () => '[set]',
};

const LOOPBACK = /^(?:127(?:\.[0-9]{1,3}){3}|\[::1\]|localhost)$/;

/** Where clients find the server. They look for its metadata at the root, so there is no path. */
const serverUrl: Form<string> = {
  expected: 'an https URL without a path, or an http URL of this machine',
  read: text => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || ![`${url.origin}`, `${url.origin}/`].includes(text.toLowerCase())) return undefined;
    const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
    return isSafe ? url.origin : undefined;
  },
  print: text => text,
};

const siteName: Form<string> = {
  expected: 'a text of 1 to 64 characters on one line',
  quoted: true,
  read: text => (/^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(text) ? text : undefined),
  print: text => text,
};

const clientAddress: Form<string> = {
  expected: 'an address of at most 2047 characters',
  quoted: true,
  read: text => (/^[^\s\p{C}]{1,2047}$/u.test(text) ? text : undefined),
  print: text => text,
};

/** The rows. */
export const OAUTH_ROWS = {
  'oauth.key': {
    form: sealingKey,
    optional: true,
    secret: true,
    doc: 'The key that keeps what the authorization server stores from those who only get at its database, such as a backup. Without one it is made, as `oauth.key` in the data folder.',
    example: 'f3b1e1c0d7a94c5d8e6fa0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5',
  },
  'oauth.key_file': {
    form: file,
    contentOf: 'key',
    doc: 'A file that holds the key, instead of `key`.',
    example: '/run/secrets/oauth-key',
  },
  'hosts.<domain>.oauth.enabled': {
    form: boolean,
    default: 'true',
    doc: 'Whether this host is an authorization server (OAuth 2). Whatever is set below `oauth` makes it one, unless this is `false`. See [OAuth](oauth.md).',
    example: 'true',
  },
  'hosts.<domain>.oauth.registration': {
    form: boolean,
    default: 'true',
    doc: 'Whether applications may register themselves (RFC 7591).',
    example: 'false',
  },
  'hosts.<domain>.oauth.password_grant': {
    form: boolean,
    default: 'false',
    doc: 'Whether names and passwords may be exchanged for tokens. On a component the name is any address of it, and the password its secret.',
    example: 'true',
  },
  'hosts.<domain>.oauth.require_pkce': {
    form: boolean,
    default: 'true',
    doc: 'Whether applications with a secret have to use PKCE too, unless the code is shown to the user. Those without a secret always have to.',
    example: 'false',
  },
  'hosts.<domain>.oauth.access_lifetime': {
    form: duration,
    default: '1h',
    doc: 'How long an access token is good for.',
    example: '10m',
  },
  'hosts.<domain>.oauth.refresh_lifetime': {
    form: duration,
    default: '7d',
    doc: 'How long a refresh token is good for that nobody uses.',
    example: '30d',
  },
  'hosts.<domain>.oauth.public_url': {
    form: serverUrl,
    optional: true,
    doc: 'The URL by which applications know this host, behind a proxy that ends TLS. Left out, it is `http://` and what stands in `Host`.',
    example: 'https://rest.example.com',
  },
  'hosts.<domain>.oauth.name': {
    form: siteName,
    optional: true,
    doc: 'What the pages call this host; its domain when left out.',
    example: 'Example Chat',
  },
  'hosts.<domain>.oauth.style_file': {
    form: file,
    optional: true,
    doc: 'A style sheet (CSS) for the pages, which comes after the one that they have.',
    example: '/etc/restanza/pages.css',
  },
  'hosts.<domain>.oauth.clients.<client>.secret': {
    form: secret,
    secret: true,
    doc: 'An application that acts for itself (the grant `client_credentials`), by its id, and its secret.',
    example: 'a long random text',
  },
  'hosts.<domain>.oauth.clients.<client>.secret_file': {
    form: file,
    contentOf: 'secret',
    doc: 'A file that holds the secret, instead of `secret`.',
    example: '/run/secrets/reporter',
  },
  'hosts.<domain>.oauth.clients.<client>.address': {
    form: clientAddress,
    doc: 'The address at this host that the application acts as. On a `virtualhost` it must be one of `accounts`.',
    example: 'reports@rest.example.net',
  },
} as const satisfies Readonly<Record<string, Row>>;
