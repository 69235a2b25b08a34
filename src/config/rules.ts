/**
 * What must hold between values, and what is better not left so.
 *
 * Decides the faults and the warnings that no key shows alone.
 */
import { isIPv4 } from 'node:net';
import { listenAddress } from './addresses.ts';
import type { Config } from './config.ts';
import { hostFaults } from './host-rules.ts';
import { keyOf, type Problem, type Source } from './problem.ts';
import { type Entry, isSecret, problemAt, setAt, valueText } from './settings.ts';
import { privateKeyFile } from './values.ts';

type Values = Omit<Config, 'demo'>;

/** What is wrong between values that are right alone. */
export function faultsIn(values: Values, entries: readonly Entry[]): Problem[] {
  return [
    ...timeouts(values, entries),
    ...samePaths(values, entries),
    ...sameAddresses(entries),
    ...hostFaults(values.hosts, entries),
  ];
}

/**
 * What works but endangers secrets.
 *
 * @param worldReadable the files among the sources that every user of the machine may read
 */
export function warningsIn(values: Values, entries: readonly Entry[], worldReadable: ReadonlySet<string>): Problem[] {
  return [...clearText(values, entries), ...believers(values, entries), ...readableSecrets(entries, worldReadable)];
}

/** The files that hold secrets. */
export function secretFilesIn(entries: readonly Entry[]): ReadonlySet<string> {
  const secrets = entries.filter(isSecret);
  const keys = entries.filter(({ row }) => row.form === privateKeyFile);
  return new Set([
    ...secrets.flatMap(({ source }) => (source.from === 'file' ? [source.file] : [])),
    ...keys.map(({ value }) => String(value)),
  ]);
}

/** The entries that name addresses to listen on. */
export function listenersIn(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(({ row }) => row.form === listenAddress);
}

function timeouts({ iq_timeout, iq_max_timeout }: Values, entries: readonly Entry[]): Problem[] {
  if (iq_timeout <= iq_max_timeout) return [];
  return [problemAt(['iq_timeout'], entries, `must not be above iq_max_timeout, which is ${iq_max_timeout}`)];
}

function samePaths({ paths }: Values, entries: readonly Entry[]): Problem[] {
  return paths.rest === paths.msg ? [problemAt(['paths', 'msg'], entries, 'must not be paths.rest too')] : [];
}

function sameAddresses(entries: readonly Entry[]): Problem[] {
  const seen = new Map<string, Entry>();
  return listenersIn(entries).flatMap(entry => {
    const text = valueText(entry);
    const first = text.endsWith(':0') ? undefined : seen.get(text);
    seen.set(text, first ?? entry);
    if (first === undefined) return [];
    const reason = `the same address as ${keyOf(first.path)}; give each its own port`;
    return [{ source: setAt(entry), key: keyOf(entry.path), reason }];
  });
}

function clearText({ listen }: Values, entries: readonly Entry[]): Problem[] {
  const { host } = listen;
  if (host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return [];
  const reason = 'passwords travel in clear over HTTP; listen on 127.0.0.1 and put a TLS proxy in front';
  return [problemAt(['listen'], entries, reason)];
}

function believers({ trusted_proxies: proxies }: Values, entries: readonly Entry[]): Problem[] {
  if (!proxies.some(proxy => proxy.endsWith('/0'))) return [];
  const reason = 'everyone can pretend to come from anywhere; name the addresses of your proxies only';
  return [problemAt(['trusted_proxies'], entries, reason)];
}

function readableSecrets(entries: readonly Entry[], worldReadable: ReadonlySet<string>): Problem[] {
  return [...secretFilesIn(entries)]
    .filter(file => worldReadable.has(file))
    .map(file => {
      const source: Source = { from: 'file', file, line: 1, column: 1 };
      return { source, key: '', reason: 'every user of this machine can read the secrets in it; run chmod 600 on it' };
    });
}
