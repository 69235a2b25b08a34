/**
 * What a token lets its bearer do (RFC 6749 §3.3).
 *
 * Decides the scopes, what each permits, and the words in which a person is told. Those with the prefix `xmpp:` are of
 * XEP-0493, `xmpp` is the one that mod_http_oauth2 has for all that a user may do. Ours have no prefix: XEP-0493 §4 keeps
 * `xmpp:` for scopes that are registered. Which permission a stanza takes is decided in `permission.ts`.
 */
import { RestanzaError } from '../errors.ts';

/**
 * What can be permitted. The three of an account are for iqs to one's own account or server: `account-read` and
 * `account-write` for its data, `account-control` for its password and its other clients.
 */
export type Permission =
  | 'send'
  | 'query'
  | 'account-read'
  | 'account-write'
  | 'account-control'
  | 'archive'
  | 'receive'
  | 'admin';

/** A scope. */
export interface ScopeRow {
  readonly permits: readonly Permission[];
  /** What one agrees to who grants it; goes on after «may». */
  readonly doc: string;
}

const NORMAL = ['send', 'query', 'account-read', 'account-write', 'archive', 'receive'] as const;

/** The scopes. For each permission, the first one that permits it and no more than it must is the one to ask for. */
export const SCOPES = {
  send: { permits: ['send'], doc: 'send messages and presence' },
  query: {
    permits: ['query', 'account-read', 'account-write'],
    doc: 'send iq requests, but for archives and for the control of the account',
  },
  receive: { permits: ['receive'], doc: 'read what comes in' },
  archive: { permits: ['archive'], doc: 'read archives of messages' },
  admin: { permits: ['admin'], doc: 'manage deliveries and tokens, which can give every other scope' },
  'xmpp:account:read': {
    permits: ['account-read'],
    doc: 'read the data of the account, such as profile and contacts, but no messages',
  },
  'xmpp:account:write': {
    permits: ['account-write'],
    doc: 'change the data of the account, such as profile and contacts',
  },
  'xmpp:client:normal': {
    permits: NORMAL,
    doc: 'do what a chat client does, but not change the password or manage other clients',
  },
  xmpp: { permits: [...NORMAL, 'account-control'], doc: 'do everything that the account may do' },
} as const satisfies Readonly<Record<string, ScopeRow>>;

/** The name of a scope. */
export type Scope = keyof typeof SCOPES;

/** Whether a text names a scope. */
export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}

/**
 * Reads a list of scopes as RFC 6749 §3.3 writes it, with spaces between them.
 *
 * @returns those that are known, and the other words
 */
export function parseScopes(text: string): {
  readonly scopes: ReadonlySet<Scope>;
  readonly unknown: readonly string[];
} {
  const words = text.split(' ').filter(word => word !== '');
  return { scopes: new Set(words.filter(isScope)), unknown: words.filter(word => !isScope(word)) };
}

/** All that some scopes permit together. */
export function permissionsOf(scopes: Iterable<Scope>): ReadonlySet<Permission> {
  return new Set([...scopes].flatMap((scope): readonly Permission[] => SCOPES[scope].permits));
}

/** Whether scopes permit it; without scopes nothing is held back. */
export function permits(scopes: ReadonlySet<Scope> | undefined, permission: Permission): boolean {
  return scopes === undefined || permissionsOf(scopes).has(permission);
}

/** The scopes among those that are asked for which give no more than others do. */
export function narrowed(asked: Iterable<Scope>, granted: Iterable<Scope>): ReadonlySet<Scope> {
  const most = permissionsOf(granted);
  return new Set([...asked].filter(scope => SCOPES[scope].permits.every(permission => most.has(permission))));
}

/** The scope to ask for: the one that permits least beside the permission. */
export function scopeFor(permission: Permission): Scope {
  const having = Object.keys(SCOPES)
    .filter(isScope)
    .filter(scope => permits(new Set([scope]), permission));
  return having.reduce((least, scope) => (SCOPES[scope].permits.length < SCOPES[least].permits.length ? scope : least));
}

/** A token was right, but its scopes do not permit what was asked (RFC 6750 §3.1 `insufficient_scope`). */
export class ScopeError extends RestanzaError {
  /** The scope that would do. */
  readonly scope: Scope;

  /** @param permission what the request takes */
  constructor(permission: Permission) {
    const scope = scopeFor(permission);
    super('scope-insufficient', `use a token with the scope ${scope}`);
    this.scope = scope;
  }
}

/**
 * Makes sure that scopes permit at least one of several things.
 *
 * @throws ScopeError naming the scope for the first of them
 */
export function requirePermission(
  scopes: ReadonlySet<Scope> | undefined,
  [first, ...others]: readonly [Permission, ...Permission[]],
): void {
  if (permits(scopes, first) || others.some(permission => permits(scopes, permission))) return;
  throw new ScopeError(first);
}
