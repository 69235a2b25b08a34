/**
 * Which client makes a request (RFC 6749 §2.3).
 *
 * Decides that a client with a secret shows it by HTTP Basic or in the body, whatever it registered, that a public client just
 * says its id, and that guessing a secret is slowed down: one that an operator chose may be short.
 */
import { sameSecret } from '../auth/secret.ts';
import { digestOf } from '../auth/token-text.ts';
import { type Authority, findClient } from './authority.ts';
import { type Client, isPublic } from './client.ts';
import { OAuthError } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';

/** What a request shows. */
export interface Shown {
  /** The `Authorization` field. */
  readonly authorization: string | undefined;
  readonly parameters: Parameters;
  /** The IP address that it comes from. */
  readonly address: string;
}

/** An id with the way in which it was shown. */
interface Claim {
  readonly id: string;
  /** Whether it is just said, without a secret. */
  readonly isBare: boolean;
  /** What it may mean: some clients leave out the encoding that RFC 6749 asks for. */
  readonly secrets: readonly string[];
}

/**
 * Finds out which client makes a request.
 *
 * @returns `undefined` when it names none
 * @throws OAuthError `invalid_client`, `invalid_request` when it shows itself in two ways
 * @throws RestanzaError `too-many-failures`
 */
export function authenticateClient(authority: Authority, shown: Shown): Client | undefined {
  const claim = claimOf(shown);
  if (claim === undefined) return undefined;
  const client = findClient(authority, claim.id);
  if (claim.isBare) {
    if (client !== undefined && isPublic(client)) return client;
    throw new OAuthError(
      'invalid_client',
      'there is no public client of this id; a client with a secret has to show it',
    );
  }
  const trial = authority.throttle.begin(`client ${claim.id}`, shown.address);
  if (client === undefined || !isOwn(client, claim)) {
    trial.wrong();
    throw new OAuthError('invalid_client', 'there is no such client, or it has another secret');
  }
  trial.right();
  return client;
}

/**
 * The client of a request that must name one. Errors as `authenticateClient`, and `invalid_client` when it names none.
 */
export function requireClient(authority: Authority, shown: Shown): Client {
  const client = authenticateClient(authority, shown);
  if (client === undefined)
    throw new OAuthError('invalid_client', 'say which client you are, by HTTP Basic or client_id');
  return client;
}

function isOwn({ secret }: Client, claim: Claim): boolean {
  const known = Buffer.from(secret ?? new Uint8Array()).toString('base64');
  const right = claim.secrets.map(given => sameSecret(known, Buffer.from(digestOf(given)).toString('base64')));
  return right.includes(true);
}

function claimOf({ authorization, parameters }: Shown): Claim | undefined {
  const [id, secret] = [parameters.get('client_id'), parameters.get('client_secret')];
  if (authorization === undefined) {
    if (id === undefined) return undefined;
    return secret === undefined ? { id, secrets: [], isBare: true } : { id, secrets: [secret], isBare: false };
  }
  const claim = readBasic(authorization);
  if (secret !== undefined) throw new OAuthError('invalid_request', 'show the secret in one place only');
  if (id !== undefined && id !== claim.id) throw new OAuthError('invalid_request', 'client_id names another client');
  return claim;
}

/**
 * RFC 6749 §2.3.1: id and secret are encoded as in a form before they are put together. An empty secret is none, as in the
 * body; some libraries always send Basic.
 */
function readBasic(authorization: string): Claim {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization)?.[1];
  const text = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const [id, secret] = [decode(text.slice(0, colon)), text.slice(colon + 1)];
  if (encoded === undefined || colon < 1 || id === undefined) {
    throw new OAuthError('invalid_client', 'use HTTP Basic with the id and the secret of the client');
  }
  return { id, secrets: [decode(secret) ?? secret, secret], isBare: secret === '' };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
