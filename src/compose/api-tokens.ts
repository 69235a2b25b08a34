/**
 * API tokens of a configuration.
 *
 * Decides where they are kept and, by the configuration alone, which could never be used: the command line must know
 * while no gateway runs.
 */
import { join } from 'node:path';
import { addressOf, type JidPattern } from '../auth/jid-pattern.ts';
import { TokenStore } from '../auth/token-store.ts';
import type { TokenTerms } from '../auth/tokens.ts';
import type { Config, HostConfig } from '../config/load.ts';
import type { Log } from '../log.ts';
import { domainOf, type Jid, localOf } from '../xmpp/jid.ts';

/**
 * Opens the tokens of a gateway, whether or not it runs.
 *
 * @throws DatabaseError saying what is wrong with the file
 */
export function openTokens({ data }: Pick<Config, 'data'>, log: Pick<Log, 'error'>): TokenStore {
  return TokenStore.open(join(data, 'tokens.sqlite'), log);
}

/** Why a token on these terms would be of no use, and what to do about it; `undefined` when it is of use. */
export function tokenFault(
  { pattern, scopes }: Pick<TokenTerms, 'pattern' | 'scopes'>,
  hosts: Config['hosts'],
): string | undefined {
  const address = addressOf(pattern);
  if (address !== undefined) return faultAt(pattern, address, hosts);
  const others = [...scopes].filter(scope => scope !== 'admin');
  return others.length === 0
    ? undefined
    : 'a token for * can only have the scope admin; name one domain for the others';
}

function faultAt(pattern: JidPattern, address: Jid, hosts: Config['hosts']): string | undefined {
  const host = hosts.get(domainOf(address));
  if (host === undefined)
    return `${domainOf(address)} is not served here; served here: ${[...hosts.keys()].join(', ')}`;
  if (host.virtualhost === undefined || isAlwaysOn(address, host)) return undefined;
  const online = [...host.accounts.keys()].map(local => `${local}@${domainOf(address)}`).join(', ');
  const known = online === '' ? 'none is configured' : `these are: ${online}`;
  return `${pattern} cannot act without a password, because only accounts that are always online can (${known}); add it to hosts.${domainOf(address)}.accounts`;
}

function isAlwaysOn(address: Jid, { accounts }: HostConfig): boolean {
  const local = localOf(address);
  return local !== undefined && accounts.has(local);
}
