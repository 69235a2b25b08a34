/**
 * Addresses of XMPP (RFC 7622).
 *
 * Decides what an address is, and brings every one into the single form that all of its spellings share, so that `===`
 * answers whether two are the same. A `Jid` exists only in this form: whoever holds one need not check it again. How the
 * strings of each part are prepared is decided in `precis.ts` and `domain.ts`.
 */
import { ASCII_LABEL, prepareDomain } from './domain.ts';
import { opaqueString, PreparationError, usernameCaseMapped } from './precis.ts';

declare const jid: unique symbol;

/** An address in canonical form: `[local@]domain[/resource]`. Only this file makes one. */
export type Jid = string & { readonly [jid]: true };

/** What an address is made of. */
export type JidPart = 'localpart' | 'domainpart' | 'resourcepart';

/** A text is not an address. The message names the part and the fault, and never quotes more than one character. */
export class JidError extends Error {
  override readonly name = 'JidError';
  readonly part: JidPart;

  /**
   * @param part the part at fault
   * @param reason the rest of the sentence
   */
  constructor(part: JidPart, reason: string) {
    super(`the ${part} ${reason}`);
    this.part = part;
  }
}

/** The parts of an address; none is the empty string. */
export interface JidParts {
  readonly local?: string | undefined;
  readonly domain: string;
  readonly resource?: string | undefined;
}

/** RFC 7622 §3.2 to §3.4: bytes of UTF-8 that each part may have after preparation. Three parts make 3,071 at most. */
const PART_BYTES = 1023;

/**
 * UTF-16 code units of a part that are looked at. NFC makes at most three of them two bytes, so more cannot become a part;
 * and it sorts marks in quadratic time, so more may not be tried.
 */
const PART_UNITS = 2 * PART_BYTES;

/** RFC 7622 §3.3.1: refused in a localpart although the IdentifierClass has them. */
const NOT_IN_LOCALPART = /["&'/:<>@]/;

/** Prepared localparts of printable ASCII. */
const ASCII_LOCALPART = '[!#$%()*+,.0-9;=?[\\\\\\]^_`a-z{|}~-]+';
const PLAIN_LOCALPART = new RegExp(`^${ASCII_LOCALPART}$`);
/** Canonical addresses of printable ASCII, which most are. The classes on both sides of each separator exclude it. */
const PLAIN = new RegExp(`^(?:${ASCII_LOCALPART}@)?${ASCII_LABEL}(?:\\.${ASCII_LABEL})*(?:/[ -~]+)?$`);

/**
 * Reads an address.
 *
 * @returns its canonical form
 * @throws JidError for every text that is none, and nothing else
 */
export function parseJid(text: string): Jid {
  if (text.length <= PART_BYTES && PLAIN.test(text)) return text as Jid;
  const [bare, resource] = split(text, text.indexOf('/'));
  const [before, after] = split(bare, bare.indexOf('@'));
  return after === undefined
    ? makeJid({ domain: bare, resource })
    : makeJid({ local: before, domain: after, resource });
}

/**
 * Makes an address of its parts, which need not be prepared.
 *
 * @throws JidError
 */
export function makeJid({ local, domain, resource }: JidParts): Jid {
  const start = local === undefined ? '' : `${prepareLocalpart(local)}@`;
  const bare = start + prepareDomainpart(domain);
  return (resource === undefined ? bare : `${bare}/${prepareResourcepart(resource)}`) as Jid;
}

/**
 * Makes the address of a resource.
 *
 * @param address whose resourcepart, if it has one, is replaced
 * @throws JidError
 */
export function withResource(address: Jid, resource: string): Jid {
  return `${bareOf(address)}/${prepareResourcepart(resource)}` as Jid;
}

/**
 * Prepares a localpart: the profile UsernameCaseMapped of RFC 8265 without the characters that RFC 7622 §3.3.1 excludes.
 * The name of an account is one.
 *
 * @throws JidError
 */
export function prepareLocalpart(text: string): string {
  if (text.length <= PART_BYTES && PLAIN_LOCALPART.test(text)) return text;
  const local = prepare('localpart', usernameCaseMapped, text);
  const excluded = NOT_IN_LOCALPART.exec(local)?.[0];
  if (excluded !== undefined) throw new JidError('localpart', `holds ${excluded}, which RFC 7622 §3.3.1 excludes`);
  return local;
}

function prepareDomainpart(text: string): string {
  return prepare('domainpart', prepareDomain, text);
}

function prepareResourcepart(text: string): string {
  return prepare('resourcepart', opaqueString, text);
}

function prepare(part: JidPart, profile: (text: string) => string, text: string): string {
  if (text === '') throw new JidError(part, 'is empty');
  if (text.length > PART_UNITS) throw new JidError(part, 'is too long');
  const prepared = applyProfile(part, profile, text);
  if (Buffer.byteLength(prepared) > PART_BYTES) throw new JidError(part, `is longer than ${PART_BYTES} bytes`);
  return prepared;
}

function applyProfile(part: JidPart, profile: (text: string) => string, text: string): string {
  try {
    return profile(text);
  } catch (error) {
    if (error instanceof PreparationError) throw new JidError(part, error.message);
    throw error;
  }
}

/** The localpart, or `undefined` where the address has none. */
export function localOf(address: Jid): string | undefined {
  const [bare] = split(address, address.indexOf('/'));
  const [local, domain] = split(bare, bare.indexOf('@'));
  return domain === undefined ? undefined : local;
}

/** The domainpart, which is an address itself. */
export function domainOf(address: Jid): Jid {
  const [bare] = split(address, address.indexOf('/'));
  return bare.slice(bare.indexOf('@') + 1) as Jid;
}

/** The resourcepart, or `undefined` where the address has none. */
export function resourceOf(address: Jid): string | undefined {
  return split(address, address.indexOf('/'))[1];
}

/** The address without its resourcepart. */
export function bareOf(address: Jid): Jid {
  return split(address, address.indexOf('/'))[0] as Jid;
}

/** Whether an address is one of an account; where only the domain is known, it may be that of any user there. */
export function isOf(account: Jid, address: Jid): boolean {
  if (localOf(account) !== undefined) return bareOf(address) === account;
  return localOf(address) !== undefined && domainOf(address) === account;
}

/** What stands before and after a place; all and nothing when the place is -1. */
function split(text: string, at: number): readonly [before: string, after: string | undefined] {
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
