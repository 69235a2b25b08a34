/**
 * The issuers whose tokens the configuration accepts.
 *
 * Decides how the verifier of each is built, and that what the log says of its keys names the key of the configuration.
 */
import type { ActingAs } from '../auth/acting.ts';
import type { TokenVerifier } from '../auth/bearer.ts';
import { IssuerKeys, keysAt, keysIn, type LoadKeys } from '../auth/issuer-keys.ts';
import { externalTokens } from '../auth/jwt.ts';
import type { Config, HostConfig } from '../config/load.ts';
import type { Log } from '../log.ts';
import type { Jid } from '../xmpp/jid.ts';

/** Makes the verifiers. Nothing is fetched before the first token comes. */
export function issuersOf(hosts: Config['hosts'], actingAs: ActingAs, log: Log): readonly TokenVerifier[] {
  const domains: readonly string[] = [...hosts.keys()];
  return [...hosts].flatMap(([domain, { jwt }]) => {
    if (jwt === undefined) return [];
    const isAddressed = (hostname = '') => hostname === domain || !domains.includes(hostname);
    const issuer = { ...jwt, domain, scopes: new Set(jwt.scopes) };
    const { load, ...place } = sourceOf(domain, jwt);
    const keysLog: Pick<Log, 'warn'> = { warn: (fields, message) => log.warn({ ...place, ...fields }, message) };
    return [externalTokens(issuer, { keys: new IssuerKeys(load, keysLog), actingAs, isAddressed, log })];
  });
}

/** Where the keys of an issuer are. */
interface KeySource {
  readonly load: LoadKeys;
  /** The key of the configuration that says so, and its value. */
  readonly setting: string;
  readonly source: string;
}

/** The configuration has exactly one of them. */
function sourceOf(domain: Jid, { jwks_uri: url, jwks_file: file = '' }: NonNullable<HostConfig['jwt']>): KeySource {
  const jwt = `hosts.${domain}.jwt`;
  if (url === undefined) return { load: keysIn(file), setting: `${jwt}.jwks_file`, source: file };
  return { load: keysAt(url), setting: `${jwt}.jwks_uri`, source: url };
}
