/**
 * Tokens in the place of passwords (XEP-0484).
 *
 * Decides how a client asks for a token, says that it uses one, and reads the one that it gets. How the token proves itself is
 * decided in `sasl/ht-client.ts`; keeping it is the business of whoever keeps secrets.
 */
import { type Element, element } from '../xml/element.ts';
import { NS } from './ns.ts';
import type { ClientChannel } from './sasl/client-exchange.ts';
import { readMechanisms } from './sasl/client-frames.ts';
import { HT_MECHANISMS, htBinding } from './sasl/ht-client.ts';

/** A token, as secret as a password. */
export interface FastToken {
  readonly token: string;
  /** Milliseconds since 1970; `undefined` when the server did not say it in the form of XEP-0082. */
  readonly expiry: number | undefined;
}

/** What is said along with the use of a token. */
export interface FastUse {
  /** How often this token has been used in TLS early data, this time included. */
  readonly count?: number | undefined;
  /** The token is not to be taken any more after this. */
  readonly invalidate?: boolean | undefined;
}

/** XEP-0082 §3.2. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const TOKEN_CHARACTERS = 4096;

/** The mechanisms of the feature, an inline feature of SASL2. */
export function readFastOffer(feature: Element): readonly string[] {
  return readMechanisms(feature);
}

/** The strongest mechanism to ask for a token for, on a channel like this one; `undefined` when there is none. */
export function tokenMechanism(offered: readonly string[], channel: ClientChannel): string | undefined {
  if (!channel.secure) return undefined;
  return HT_MECHANISMS.find(row => offered.includes(row.name) && htBinding(row, channel) !== undefined)?.name;
}

/** Asks for a token, along with a login by other means. */
export function requestToken(mechanism: string): Element {
  return element('request-token', NS.fast, { mechanism });
}

/** Says that the login is by a token. */
export function useToken({ count, invalidate }: FastUse = {}): Element {
  return element('fast', NS.fast, { count: count?.toString(), invalidate: invalidate ? 'true' : undefined });
}

/** Reads `<token/>`; `undefined` when it holds none that could be used. */
export function readToken({ attrs }: Element): FastToken | undefined {
  const { token = '', expiry = '' } = attrs;
  if (token === '' || token.length > TOKEN_CHARACTERS) return undefined;
  const time = DATE_TIME.test(expiry) ? Date.parse(expiry) : Number.NaN;
  return { token, expiry: Number.isNaN(time) ? undefined : time };
}
