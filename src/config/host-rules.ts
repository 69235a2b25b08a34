/**
 * What must hold between the values of a host, its accounts and its callbacks.
 *
 * Decides the faults that no key of a host shows alone.
 */
import { isAnonymousLocalpart } from '../xmpp/anonymous.ts';
import { domainOf, type Jid, JidError, localOf, parseJid } from '../xmpp/jid.ts';
import type { AccountConfig, CallbackConfig, Config, HostConfig } from './config.ts';
import type { Problem } from './problem.ts';
import { type Entry, problemAt } from './settings.ts';

/** A callback with what it belongs to. */
interface Setting {
  readonly callback: CallbackConfig;
  readonly host: HostConfig;
  /** It belongs to an account of the host, not to the host. */
  readonly ofAccount: boolean;
  readonly path: readonly string[];
}

/** What is wrong with a callback when `broken` says so; `key` is the key to name. */
interface Rule {
  readonly key: string;
  readonly broken: (setting: Setting) => boolean;
  readonly reason: string;
}

const RULES: readonly Rule[] = [
  {
    key: 'presence',
    broken: ({ callback, host, ofAccount }) =>
      callback.presence === 'accept' && (host.component === undefined || ofAccount),
    reason: "only a component can accept for its addresses; write 'forward' here",
  },
  {
    key: 'events',
    broken: ({ callback, ofAccount }) => ofAccount && callback.events?.includes('host') === true,
    reason: 'an account gets nothing that is addressed to the domain; write [bare, full] or less',
  },
  {
    key: 'old_secret',
    broken: ({ callback }) => callback.old_secret !== undefined && callback.secret === undefined,
    reason: 'secret is not set; an only key stands there',
  },
  {
    key: 'url',
    broken: ({ callback }) => waysToLogIn(callback) > 1,
    reason: 'set only one of a name in url, bearer and headers.authorization: a call can log in once',
  },
];

/** How an account logs in, and whether its connection has TLS. */
type Login = Pick<AccountConfig, 'password' | 'certificate_file' | 'key_file'> & { readonly tls: string | undefined };

/** What is wrong with that when `broken` says so; `key` is the key to name, of the account when it is empty. */
interface LoginRule {
  readonly key: readonly (keyof AccountConfig)[];
  readonly broken: (login: Login) => boolean;
  readonly reason: string;
}

const LOGIN_RULES: readonly LoginRule[] = [
  {
    key: [],
    broken: ({ password, certificate_file, key_file }) => (password ?? certificate_file ?? key_file) === undefined,
    reason: 'it cannot log in: set password or password_file, or certificate_file with key_file',
  },
  {
    key: ['key_file'],
    broken: ({ certificate_file, key_file }) => certificate_file === undefined && key_file !== undefined,
    reason: 'set certificate_file too, or remove this',
  },
  {
    key: ['certificate_file'],
    broken: ({ password, certificate_file }) => password !== undefined && certificate_file !== undefined,
    reason: 'a password is set too; keep one of them',
  },
  {
    key: ['certificate_file'],
    broken: ({ certificate_file, key_file }) => certificate_file !== undefined && key_file === undefined,
    reason: 'set key_file too: the file with its private key',
  },
  {
    key: ['certificate_file'],
    broken: ({ certificate_file, tls }) => certificate_file !== undefined && tls === 'off',
    reason: 'a certificate is shown in TLS alone; remove virtualhost.tls: off',
  },
];

function waysToLogIn({ url, bearer, headers }: CallbackConfig): number {
  return [url.user, bearer, headers.get('authorization')].filter(way => way !== undefined).length;
}

/** What is wrong between the values of hosts. */
export function hostFaults(hosts: Config['hosts'], entries: readonly Entry[]): Problem[] {
  return [...hosts].flatMap(([domain, host]) => {
    const path = ['hosts', domain];
    const settings = settingsOf(host, path);
    return [
      ...accountsElsewhere(host, path, entries),
      ...[...host.accounts].flatMap(([name, account]) =>
        loginFaults({ ...account, tls: host.virtualhost?.tls }, [...path, 'accounts', name], entries),
      ),
      ...namesOfStrangers(host, path, entries),
      ...contraryTls(host, path, entries),
      ...sourcesOfKeys(host, path, entries),
      ...clientsElsewhere(host, domain, path, entries),
      ...sameNames(host, path, entries),
      ...[...host.accounts].flatMap(([name, account]) => sameNames(account, [...path, 'accounts', name], entries)),
      ...settings.flatMap(setting => brokenRules(setting, entries)),
    ];
  });
}

function accountsElsewhere(
  { accounts, virtualhost, embedded }: HostConfig,
  path: readonly string[],
  entries: readonly Entry[],
): Problem[] {
  if (accounts.size === 0 || virtualhost !== undefined) return [];
  const instead = embedded === undefined ? 'a component has none' : 'those of an embedded host stand below embedded';
  return [problemAt([...path, 'accounts'], entries, `accounts stand only beside virtualhost; ${instead}`)];
}

/** The first of the rules that is broken says it all. */
function loginFaults(login: Login, path: readonly string[], entries: readonly Entry[]): Problem[] {
  const broken = LOGIN_RULES.find(rule => rule.broken(login));
  return broken === undefined ? [] : [problemAt([...path, ...broken.key], entries, broken.reason)];
}

function namesOfStrangers({ embedded }: HostConfig, path: readonly string[], entries: readonly Entry[]): Problem[] {
  const names = [...(embedded?.accounts.keys() ?? [])].filter(isAnonymousLocalpart);
  const reason = 'this is a name of anonymous users; choose another one';
  return names.map(name => problemAt([...path, 'embedded', 'accounts', name], entries, reason));
}

function contraryTls({ virtualhost }: HostConfig, path: readonly string[], entries: readonly Entry[]): Problem[] {
  if (virtualhost?.server?.directTls !== true || virtualhost.tls !== 'off') return [];
  const reason = 'xmpps:// is TLS; write xmpp:// in server, or tls: required';
  return [problemAt([...path, 'virtualhost', 'tls'], entries, reason)];
}

function sourcesOfKeys({ jwt }: HostConfig, path: readonly string[], entries: readonly Entry[]): Problem[] {
  if (jwt === undefined || (jwt.jwks_uri === undefined) !== (jwt.jwks_file === undefined)) return [];
  return [problemAt([...path, 'jwt'], entries, 'set exactly one of jwks_uri and jwks_file')];
}

/** An application acts as an address that this host can vouch for. */
function clientsElsewhere(
  { oauth, virtualhost, accounts }: HostConfig,
  domain: Jid,
  path: readonly string[],
  entries: readonly Entry[],
): Problem[] {
  return [...(oauth?.clients ?? [])].flatMap(([id, { address }]) => {
    const at = (reason: string) => [problemAt([...path, 'oauth', 'clients', id, 'address'], entries, reason)];
    const jid = readJid(address);
    if (jid === undefined || domainOf(jid) !== domain) return at(`must be an address at ${domain}`);
    if (virtualhost === undefined || accounts.has(localOf(jid) ?? '')) return [];
    return at(`nobody can act as ${jid} without its password; name one of accounts`);
  });
}

function readJid(text: string): Jid | undefined {
  try {
    return parseJid(text);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

/** What the journal owes a callback is noted under its name, and `callback` has that one. */
function sameNames(
  { callback, callbacks }: HostConfig | AccountConfig,
  path: readonly string[],
  entries: readonly Entry[],
) {
  if (callback === undefined || !callbacks.has('callback')) return [];
  const reason = 'the callback beside callbacks has this name; choose another one';
  return [problemAt([...path, 'callbacks', 'callback'], entries, reason)];
}

/** All callbacks of a host and of its accounts. */
function settingsOf(host: HostConfig, path: readonly string[]): Setting[] {
  const own = callbacksOf(host, path).map(found => ({ ...found, host, ofAccount: false }));
  const others = [...host.accounts].flatMap(([name, account]) => callbacksOf(account, [...path, 'accounts', name]));
  return [...own, ...others.map(found => ({ ...found, host, ofAccount: true }))];
}

function callbacksOf({ callback, callbacks }: HostConfig | AccountConfig, path: readonly string[]) {
  const named = [...callbacks].map(([name, each]) => ({ callback: each, path: [...path, 'callbacks', name] }));
  return callback === undefined ? named : [{ callback, path: [...path, 'callback'] }, ...named];
}

function brokenRules(setting: Setting, entries: readonly Entry[]): Problem[] {
  const broken = RULES.filter(rule => rule.broken(setting));
  return broken.map(({ key, reason }) => problemAt([...setting.path, key], entries, reason));
}
