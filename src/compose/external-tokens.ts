/**
 * The issuers whose tokens the configuration accepts.
 *
 * Decides how the verifier of each is built.
 */
import type { ActingAs } from '../auth/acting.ts';
import type { TokenVerifier } from '../auth/bearer.ts';
import { IssuerKeys, keysAt, keysIn } from '../auth/issuer-keys.ts';
import { externalTokens } from '../auth/jwt.ts';
import type { Config, HostConfig } from '../config/load.ts';
import type { Log } from '../log.ts';

/** Makes the verifiers. Nothing is fetched before the first token comes. */
export function issuersOf(hosts: Config['hosts'], actingAs: ActingAs, log: Log): readonly TokenVerifier[] {
  const domains: readonly string[] = [...hosts.keys()];
  return [...hosts].flatMap(([domain, { jwt }]) => {
    if (jwt === undefined) return [];
    const isAddressed = (hostname = '') => hostname === domain || !domains.includes(hostname);
    const issuer = { ...jwt, domain, scopes: new Set(jwt.scopes) };
    return [externalTokens(issuer, { keys: new IssuerKeys(sourceOf(jwt), log), actingAs, isAddressed, log })];
  });
}

/** The configuration has exactly one of them. */
function sourceOf({ jwks_uri: url, jwks_file: file }: NonNullable<HostConfig['jwt']>) {
  return url === undefined ? keysIn(file ?? '') : keysAt(url);
}
