/**
 * Tokens of others: JWTs (RFC 7519) whose issuer is trusted for a domain.
 *
 * Decides which of them let their bearer in, as whom, and with which scopes. A token must name the issuer and one of the
 * audiences, be signed with a key of the issuer by an algorithm that is allowed, and hold now; `jose` checks all that, and
 * refuses extensions that it does not know (`crit`). One claim names the account: an address at the domain, or its
 * localpart. What else the token says only ever takes away.
 */
import { createHash } from 'node:crypto';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { bareOf, domainOf, type Jid, JidError, localOf, makeJid, parseJid } from '../xmpp/jid.ts';
import type { ActingAs } from './acting.ts';
import type { TokenVerifier } from './bearer.ts';
import { type IssuerKeys, KeysUnavailable } from './issuer-keys.ts';
import type { Principal } from './principal.ts';
import { isScope, narrowed, type Scope } from './scopes.ts';

/** The algorithms that can be allowed (RFC 7518 §3.1, RFC 8037 §3.1): those whose verifiers hold no secret. */
export const ALGORITHMS = [
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  ...['PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'],
] as const;

/** Whose tokens are accepted for a domain, and what is made of them. */
export interface Issuer {
  readonly domain: Jid;
  /** The claim `iss`. */
  readonly issuer: string;
  /** The claim `aud` names one of these. */
  readonly audience: readonly string[];
  /** The name of the claim that names the account. */
  readonly claim: string;
  readonly algorithms: readonly string[];
  /** The most that a token may do. */
  readonly scopes: ReadonlySet<Scope>;
}

/** What the verifier needs of the house. */
export interface JwtOptions {
  readonly keys: IssuerKeys;
  readonly actingAs: ActingAs;
  /** Whether a request to the host that the `Host` field names can be for the domain. */
  readonly isAddressed: (hostname: string | undefined) => boolean;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Characters of a token. */
const LONGEST = 8192;
/** Seconds by which clocks may differ. */
const SKEW = 60;

/** What is wrong with a claim by its form alone. */
const FORMS: ReadonlyMap<string, string> = new Map([
  ['missing', 'the claim is missing'],
  ['invalid', 'the claim is of the wrong type'],
]);

/** What is wrong with a claim that can be read. */
const UNMET: ReadonlyMap<string, string> = new Map([
  ['aud', 'the claim names none of the audiences that the configuration has'],
  ['exp', 'the token has expired'],
  ['nbf', 'the token does not hold yet; compare the clocks'],
]);

/** Why a token that holds lets nobody in. */
const NO_ACCOUNT = 'the claim names no account at this domain';
const NO_WAY = 'the account that the claim names cannot act here without its password';

/** Makes the verifier of an issuer's tokens. */
export function externalTokens(issuer: Issuer, options: JwtOptions): TokenVerifier {
  return {
    accepts: (token, { hostname }) => options.isAddressed(hostname) && issuerOf(token) === issuer.issuer,
    async verify(token) {
      const payload = await verified(token, issuer, options);
      if (payload === undefined) return undefined;
      const account = accountIn(payload, issuer);
      const acting = account && options.actingAs(account);
      if (acting !== undefined) return { ...acting, ...bearing(token, payload, issuer) };
      const reason = account === undefined ? NO_ACCOUNT : NO_WAY;
      logRefusal(issuer, options, { reason, claim: issuer.claim });
      return undefined;
    },
  };
}

/** Who a token says has issued it, which nothing proves yet. */
function issuerOf(token: string): string | undefined {
  try {
    return token.length <= LONGEST ? decodeJwt(token).iss : undefined;
  } catch {
    return undefined;
  }
}

async function verified(token: string, issuer: Issuer, options: JwtOptions): Promise<JWTPayload | undefined> {
  const { keys, now = Date.now } = options;
  try {
    const { payload } = await jwtVerify(token, header => keys.find(header), {
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      clockTolerance: SKEW,
      currentDate: new Date(now()),
      requiredClaims: ['exp'],
    });
    return payload;
  } catch (error) {
    if (error instanceof KeysUnavailable) {
      throw new RestanzaError('issuer-unavailable', undefined, { cause: error, retryAfter: 5 });
    }
    if (!(error instanceof errors.JOSEError)) throw error;
    logRefusal(issuer, options, reasonOf(error));
    return undefined;
  }
}

/** What the log says of a token: nothing that stands in it but the name of a claim. */
interface Reason {
  readonly reason: string;
  readonly claim?: string;
}

function logRefusal({ domain, issuer }: Issuer, { log }: JwtOptions, reason: Reason): void {
  log.debug({ host: domain, issuer, ...reason }, 'a token of an issuer is refused');
}

/** Claims that do not hold have a name, and say in what way they do not. */
function reasonOf(error: errors.JOSEError): Reason {
  const isClaim = error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;
  if (!isClaim) return { reason: error.code };
  const { claim, reason } = error;
  return { reason: (reason === 'check_failed' && UNMET.get(claim)) || (FORMS.get(reason) ?? error.code), claim };
}

/** The account that a token is for; `undefined` when it is none of this domain. */
function accountIn(payload: JWTPayload, { domain, claim }: Issuer): Jid | undefined {
  const value = payload[claim];
  if (typeof value !== 'string') return undefined;
  try {
    if (!value.includes('@')) return makeJid({ local: value, domain });
    const address = parseJid(value.replace(/^xmpp:/i, ''));
    const isAccount = localOf(address) !== undefined && bareOf(address) === address;
    return isAccount && domainOf(address) === domain ? address : undefined;
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

function bearing(token: string, payload: JWTPayload, { scopes }: Issuer): Pick<Principal, 'scopes' | 'token'> {
  const named = wordsIn(payload).filter(isScope);
  return {
    scopes: named.length === 0 ? scopes : narrowed(named, scopes),
    token: {
      kind: 'jwt',
      id: createHash('sha256').update(token).digest('base64url'),
      ...(payload.exp !== undefined && { expires: (payload.exp + SKEW) * 1000 }),
    },
  };
}

/** The claim `scope` (RFC 8693 §4.2), or `scp`, as some issuers call it; with spaces between the words, or as an array. */
function wordsIn(payload: JWTPayload): readonly string[] {
  const value = payload['scope'] ?? payload['scp'];
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.flatMap(text => (typeof text === 'string' ? text.split(' ') : []));
}
