/**
 * The peer: an XMPP client at the far end of what is tested, which says what really arrived.
 *
 * Decides what a test may ask of a client, whatever it is made of: `slixmpp-peer.ts` runs one that others have written,
 * `native-peer.ts` is a small one of our own for where only npm is there. By themselves peers send their presence when
 * they log in, and answer ping, version and disco requests; other requests get an error.
 */
import { childElements, type Element } from '../../src/xml/element.ts';
import { SOON } from './arrivals.ts';

/** Who logs in, and where. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly resource: string;
}

/** A client that is logged in. */
export interface Peer extends AsyncDisposable {
  /** The full JID that the server gave it. */
  readonly jid: string;
  /** Sends a stanza as it is written. */
  send(xml: string): void;
  /**
   * Takes the first stanza for which `wanted` holds out of those that arrived, waiting for it when it is not there yet.
   *
   * @param what the stanza in words, for the message of the error
   * @param within milliseconds
   */
  next(wanted: (stanza: Element) => boolean, what: string, within?: number): Promise<Element>;
  /** Takes all stanzas that have arrived. */
  takeAll(): readonly Element[];
  /** From now on gives no answer to requests whose payload is in the namespace `ns`. */
  ignore(ns: string): Promise<void>;
  /** Logs out. */
  close(): Promise<void>;
}

/** Logs a client in; it is available when this returns. */
export type Connect = (login: Login) => Promise<Peer>;

/** Whether a stanza has these attributes. */
export function having(attrs: Readonly<Record<string, string>>): (stanza: Element) => boolean {
  return stanza => Object.entries(attrs).every(([name, value]) => stanza.attrs[name] === value);
}

/**
 * Takes all stanzas up to the message with the id `id`, which is taken too and is the last.
 *
 * Streams are in order, so a message that was sent last and has arrived says that all before it are there: this is how a
 * test sees that something did not arrive.
 */
export async function until(peer: Peer, id: string): Promise<readonly Element[]> {
  const last = await peer.next(
    stanza => stanza.name === 'message' && stanza.attrs['id'] === id,
    `the message ${id}`,
    SOON,
  );
  return [...peer.takeAll(), last];
}

/** The payload of a request or an answer. */
export function payloadOf(iq: Element): Element | undefined {
  return childElements(iq)[0];
}
