/**
 * The keys of an issuer whose tokens are accepted for a host.
 *
 * Decides what can be said about one. How a token is checked is decided in `auth/jwt.ts`.
 */
import { ALGORITHMS } from '../auth/jwt.ts';
import { isScope, SCOPES } from '../auth/scopes.ts';
import type { Row } from './row.ts';
import { type Form, file, listOf, oneOf } from './values.ts';

/** A name that is compared as it is. */
const name: Form<string> = {
  expected: 'a text of 1 to 512 characters without spaces',
  quoted: true,
  read: text => (/^[^\s\p{C}]{1,512}$/u.test(text) ? text : undefined),
  print: text => text,
};

const LOOPBACK = /^(?:127(?:\.[0-9]{1,3}){3}|\[::1\]|localhost)$/;

/** Whoever can change the keys on their way can issue tokens. */
const keysUrl: Form<string> = {
  expected: 'an https URL, or an http URL of this machine',
  read: text => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || text.length > 2048 || url.username !== '' || url.password !== '') return undefined;
    const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
    return isSafe ? url.href : undefined;
  },
  print: text => text,
};

/** The rows. */
export const JWT_ROWS = {
  'hosts.<domain>.jwt.issuer': {
    form: name,
    doc: 'Who issues the tokens (JWT) that are accepted for this host, as their claim `iss` names it.',
    example: 'https://id.example',
  },
  'hosts.<domain>.jwt.audience': {
    form: listOf(name, 'names'),
    doc: 'Whom the tokens are for: their claim `aud` must name one of these.',
    example: '[https://api.example]',
  },
  'hosts.<domain>.jwt.jwks_uri': {
    form: keysUrl,
    optional: true,
    doc: 'Where the keys of the issuer are (JWKS). They are had anew each hour and, at most once a minute, for a key that is not among them.',
    example: 'https://id.example/keys',
  },
  'hosts.<domain>.jwt.jwks_file': {
    form: file,
    optional: true,
    doc: 'A file with the keys of the issuer, instead of `jwks_uri`.',
    example: '/etc/restanza/keys.json',
  },
  'hosts.<domain>.jwt.claim': {
    form: name,
    default: 'sub',
    doc: 'The claim that names the account: an address at this domain, or the part of it before the @.',
    example: 'preferred_username',
  },
  'hosts.<domain>.jwt.algorithms': {
    form: listOf(oneOf(ALGORITHMS), ALGORITHMS.join(', ')),
    default: '[ES256, EdDSA, Ed25519, PS256, RS256]',
    doc: 'The algorithms by which the tokens may be signed.',
    example: '[ES256]',
  },
  'hosts.<domain>.jwt.scopes': {
    form: listOf(oneOf(Object.keys(SCOPES).filter(isScope)), 'scopes'),
    default: '[xmpp]',
    doc: 'The most that the tokens may do. A token whose claim `scope` names some of our scopes may do only that. See [Tokens](tokens.md).',
    example: '[send, query]',
  },
} as const satisfies Readonly<Record<string, Row>>;
