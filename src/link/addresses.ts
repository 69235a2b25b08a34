/**
 * The DNS, as dialling needs it: SRV records of a domain and addresses of a host (RFC 6120 §3.2).
 *
 * Decides what counts as an answer. That there are no records is one. When nobody answers, the domain itself is tried as if
 * there were none, which the RFC wants; the certificate tells whether that was right. Names that never leave this machine
 * are not asked for (RFC 6761 §6.3), nor are IP addresses. What follows from the records is decided in `srv.ts`.
 */
import type { LookupAddress } from 'node:dns';
import { Resolver as DnsResolver, lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { SERVICES, type SrvAnswers, type SrvRecord } from './srv.ts';
import { unlessAborted } from './time-limit.ts';

/** Who answers. Both fail with an error that has a `code` of `node:dns`. The signal says that nobody waits any more. */
export interface Resolver {
  /** The SRV records of a name in ASCII. */
  srv(name: string, signal: AbortSignal): Promise<readonly SrvRecord[]>;
  /** The addresses of a host, the best first. */
  lookup(host: string, signal: AbortSignal): Promise<readonly LookupAddress[]>;
}

/** Milliseconds that a DNS server may take, and how often it is asked. */
const DNS = { timeout: 2_000, tries: 2 } as const;

/**
 * Asks DNS servers for SRV records, and for addresses whatever the system asks, `/etc/hosts` included.
 *
 * @param servers `address:port` of each; those of this machine when absent
 */
export function dnsResolver(servers?: readonly string[]): Resolver {
  return {
    async srv(name, signal) {
      const resolver = new DnsResolver(DNS);
      if (servers !== undefined) resolver.setServers(servers);
      const cancel = () => resolver.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      try {
        return await resolver.resolveSrv(name);
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    lookup: host => lookup(host, { all: true }),
  };
}

/** The DNS of this machine. */
export const SYSTEM_RESOLVER: Resolver = dnsResolver();

/** `localhost`, alone or at the end. */
const LOCAL = /(?:^|\.)localhost$/;

/**
 * Asks for both services of a domain at the same time.
 *
 * @param host the domain in ASCII, or an IP address
 * @throws what the signal was aborted with; a question without an answer counts as one without records
 */
export async function findServices(host: string, resolver: Resolver, signal: AbortSignal): Promise<SrvAnswers> {
  if (isIP(host) !== 0 || LOCAL.test(host)) return { direct: [], starttls: [] };
  const ask = async (service: string): Promise<readonly SrvRecord[]> => {
    try {
      return await unlessAborted(resolver.srv(`${service}.${host}`, signal), signal);
    } catch {
      return [];
    }
  };
  const [direct, starttls] = await Promise.all([ask(SERVICES.direct), ask(SERVICES.starttls)]);
  return { direct, starttls };
}

/**
 * The addresses of a host, the best first.
 *
 * @throws Error with a `code` when there are none; what the signal was aborted with
 */
export async function addressesOf(
  host: string,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const addresses = await unlessAborted(resolver.lookup(host, signal), signal);
  if (addresses.length === 0) throw Object.assign(new Error(`${host} has no address`), { code: 'ENODATA' });
  return addresses;
}
