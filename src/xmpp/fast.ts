/**
 * Tokens in the place of passwords (XEP-0484).
 *
 * Decides how a client asks for a token, says that it uses one, and reads the one that it gets. How the token proves itself is
 * decided in `sasl/ht-client.ts`, when one is asked for and used in `negotiate/attempt.ts`; keeping it is the business of
 * whoever keeps secrets. Nothing of a login is ever sent as early data of TLS 1.3 (0-RTT): whoever recorded it could play it
 * again. So there are no uses to count (§3.4), and what a server says about early data is not read.
 */
import { type Element, element } from '../xml/element.ts';
import { NS } from './ns.ts';
import type { ClientChannel } from './sasl/client-exchange.ts';
import { readMechanisms } from './sasl/client-frames.ts';
import { HT_MECHANISMS, type HtMechanism, htBinding } from './sasl/ht-client.ts';

/** A token, as secret as a password. */
export interface FastToken {
  readonly token: string;
  /** Milliseconds since 1970; `undefined` when the server did not say it in the form of XEP-0082. */
  readonly expiry: number | undefined;
}

/** XEP-0082 §3.2. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const TOKEN_CHARACTERS = 4096;

/** The mechanisms of the feature, an inline feature of SASL2. */
export function readFastOffer(feature: Element): readonly string[] {
  return readMechanisms(feature);
}

/**
 * The strongest mechanism to ask for a token for, on a channel like this one; `undefined` when there is none.
 *
 * @param bound whether it has to bind the channel
 */
export function tokenMechanism(offered: readonly string[], channel: ClientChannel, bound: boolean): string | undefined {
  return HT_MECHANISMS.find(row => isUsable(row, offered, channel) && !(bound && row.binding === undefined))?.name;
}

/** Whether a token for a mechanism can be used on a channel like this one. */
export function takesToken(mechanism: string, offered: readonly string[], channel: ClientChannel): boolean {
  return HT_MECHANISMS.some(row => row.name === mechanism && isUsable(row, offered, channel));
}

/** §6: without TLS, whoever reads the one message could use it. */
function isUsable(row: HtMechanism, offered: readonly string[], channel: ClientChannel): boolean {
  return channel.secure && offered.includes(row.name) && htBinding(row, channel) !== undefined;
}

/** Asks for a token, along with a login by other means. */
export function requestToken(mechanism: string): Element {
  return element('request-token', NS.fast, { mechanism });
}

/** Says that the login is by a token. */
export function useToken(): Element {
  return element('fast', NS.fast);
}

/** Reads `<token/>`; `undefined` when it holds none that could be used. */
export function readToken({ attrs }: Element): FastToken | undefined {
  const { token = '', expiry = '' } = attrs;
  if (token === '' || token.length > TOKEN_CHARACTERS) return undefined;
  const time = DATE_TIME.test(expiry) ? Date.parse(expiry) : Number.NaN;
  return { token, expiry: Number.isNaN(time) ? undefined : time };
}
