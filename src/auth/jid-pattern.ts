/**
 * The addresses that a token is for.
 *
 * Decides how they are written: `bot@example.org` is an account with all its resources, `*@rest.example.net` a domain with
 * all addresses at it and itself, as the secret of a component is for its whole domain, and `*` every domain of the gateway.
 * Pure.
 */
import { bareOf, domainOf, type Jid, localOf, parseJid, resourceOf } from '../xmpp/jid.ts';

declare const jidPattern: unique symbol;

/** A pattern in canonical form, so that `===` says whether two are the same. Only this file makes one. */
export type JidPattern = string & { readonly [jidPattern]: true };

/** A text that is no pattern; the message says why. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

const WHOLE_DOMAIN = '*@';

/** Every address of the gateway. */
export const EVERYWHERE = '*' as JidPattern;

/**
 * Reads a pattern.
 *
 * @throws PatternError, JidError
 */
export function parsePattern(text: string): JidPattern {
  if (text === EVERYWHERE) return EVERYWHERE;
  const isWhole = text.startsWith(WHOLE_DOMAIN);
  const address = parseJid(isWhole ? text.slice(WHOLE_DOMAIN.length) : text);
  if (resourceOf(address) !== undefined) throw new PatternError('leave the resource out; a token is for all of them');
  const isAccount = localOf(address) !== undefined;
  if (isAccount === isWhole || address.includes('*')) {
    throw new PatternError('write an account such as bot@example.org, a domain as *@example.org, or * for all');
  }
  return patternFor(address);
}

/** The pattern for all that an address stands for: an account, or a domain with all addresses at it. */
export function patternFor(address: Jid): JidPattern {
  return (localOf(address) === undefined ? `${WHOLE_DOMAIN}${domainOf(address)}` : bareOf(address)) as JidPattern;
}

/** Whether an address, with or without a resource, is one of a pattern's. */
export function matches(pattern: JidPattern, address: Jid): boolean {
  return [EVERYWHERE, patternFor(domainOf(address)), patternFor(address)].includes(pattern);
}

/** Whether all addresses of the second pattern are among those of the first. */
export function covers(outer: JidPattern, inner: JidPattern): boolean {
  const address = addressOf(inner);
  return address === undefined ? outer === inner : outer === inner || matches(outer, address);
}

/** The account or domain of a pattern; `undefined` for all domains. */
export function addressOf(pattern: JidPattern): Jid | undefined {
  if (pattern === EVERYWHERE) return undefined;
  return parseJid(pattern.startsWith(WHOLE_DOMAIN) ? pattern.slice(WHOLE_DOMAIN.length) : pattern);
}
