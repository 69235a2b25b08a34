/**
 * The words of a client's stream as the server sees it: its states, what can happen to it, and what it can ask for.
 *
 * Decides what can be said at all, so that no function has to deal with a state that makes no sense. What holds in each state:
 * - `opening`: the client owes a stream header; ours has not been sent on this stream, so an error needs one before it
 * - `choosing`: the features have been sent and the client picks one: TLS, SASL or, once authenticated, a resource or a
 *   session to go back to
 * - `challenged`: a SASL exchange waits for the client's response
 * - `judging`: a SASL message is being judged; the client has to wait, and whatever it sends now ends the stream. So nothing
 *   that was sent before SASL succeeded can count afterwards
 * - `binding`: the router is being asked for an address
 * - `resuming`: the router is being asked for a session that the client had before
 * - `online`: the session is bound; stanzas flow. When it is managed, both sides count them
 * - `ended`: the last word has been said; nothing counts any more
 */
import type { Element } from '../../xml/element.ts';
import type { XmlLimits } from '../../xml/limits.ts';
import { write } from '../../xml/write.ts';
import type { StreamCondition } from '../../xmpp/conditions.ts';
import type { Fact } from '../../xmpp/features.ts';
import { insideStream, streamError } from '../../xmpp/header.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Step } from '../../xmpp/sasl/exchange.ts';
import type { Mechanism } from '../../xmpp/sasl/mechanism.ts';
import type { Iq, Stanza } from '../../xmpp/stanza.ts';

/** What is known of the client before it is bound. */
export interface Progress {
  /** It is on this machine, so nobody else can read the stream. */
  readonly loopback: boolean;
  /** TLS is in place. */
  readonly secured: boolean;
  /** The bare address that SASL established. */
  readonly account?: Jid;
  /** SASL attempts that failed. */
  readonly failures: number;
  /** The language of the client's stream. */
  readonly lang?: string;
}

/** A stream whose client is not bound yet. */
export type Negotiating =
  | (Progress & { readonly name: 'opening' | 'choosing' | 'challenged' | 'judging' })
  | (Progress & { readonly name: 'binding'; readonly request: Iq })
  | (Progress & { readonly name: 'resuming'; readonly previd: string });

/** A stream with a session. */
export interface Online {
  readonly name: 'online';
  readonly address: Jid;
  /** Stream management is on (XEP-0198). */
  readonly managed: boolean;
  /** The language of what the client sends, where that does not say another one. */
  readonly lang?: string;
}

export type StreamState = Negotiating | Online | { readonly name: 'ended' };

/** What happened. */
export type StreamInput =
  | { readonly name: 'header'; readonly root: Element; readonly contentNs: string }
  | { readonly name: 'element'; readonly element: Element }
  /** An element was over a limit that does not end the stream by itself. */
  | { readonly name: 'refused'; readonly head: Element; readonly reason: string }
  /** The SASL exchange has judged the client's message. */
  | { readonly name: 'step'; readonly step: Step }
  | { readonly name: 'bound'; readonly address: Jid }
  /** The account has as many sessions as it may have. */
  | { readonly name: 'crowded' }
  /** The session that the client had before goes on here; `handled` is how many stanzas of the client it has handled. */
  | { readonly name: 'resumed'; readonly address: Jid; readonly handled: number }
  /** There is no such session any more; `handled` is what it had handled, when that is known. */
  | { readonly name: 'unresumable'; readonly handled: number | undefined }
  /** The client closed its stream. */
  | { readonly name: 'close' }
  /** The stream has to end, for a reason that lies in its bytes or outside of it. */
  | {
      readonly name: 'fault';
      readonly condition: StreamCondition;
      readonly text: string;
      /** The stream error, when there is more to say than the condition and the text. */
      readonly error?: string;
    };

/** What to do, in order. */
export type Command =
  /** Send our stream header, with an id that nobody can guess; `to` is who the client said it is. */
  | { readonly do: 'open'; readonly to: Jid | undefined }
  | { readonly do: 'write'; readonly xml: string }
  /** Go on over TLS. */
  | { readonly do: 'secure' }
  /** Start a new reader and forget what is left in the old one. */
  | { readonly do: 'restart'; readonly limits: XmlLimits }
  /** Start a SASL exchange; `message` is the initial response. */
  | { readonly do: 'authenticate'; readonly mechanism: Mechanism; readonly message: Uint8Array | undefined }
  | { readonly do: 'respond'; readonly message: Uint8Array }
  /** Bind this address or, without one, an address of the account with a resource that nobody can guess. */
  | { readonly do: 'bind'; readonly account: Jid; readonly address: Jid | undefined }
  | { readonly do: 'route'; readonly stanza: Stanza }
  /** A stanza of the client is answered here, or with silence. */
  | { readonly do: 'answer'; readonly stanza: Stanza | undefined }
  /** Begin to count (XEP-0198 §3); `resumable` is the client's wish. */
  | { readonly do: 'manage'; readonly resumable: boolean }
  /** Go on with a session of the account, of whose stanzas the client has handled `h`. */
  | { readonly do: 'resume'; readonly account: Jid; readonly previd: string; readonly h: number }
  /** Tell how many of the client's stanzas are handled. */
  | { readonly do: 'tell' }
  /** The client has handled `h` stanzas. */
  | { readonly do: 'acknowledge'; readonly h: number }
  /** Say the last word, then close the stream and the connection; `condition` and `text` are for the log. */
  | { readonly do: 'close'; readonly xml: string; readonly condition?: StreamCondition; readonly text: string };

/** The state to be in next, and what to do on the way there. */
export interface Advance {
  readonly state: StreamState;
  readonly commands: readonly Command[];
}

/** The state of a connection that was just accepted. */
export function accepted(loopback: boolean): StreamState {
  return { name: 'opening', loopback, secured: false, failures: 0 };
}

/** What the rows of the features ask about. */
export function factsOf({ loopback, secured, account }: Progress): ReadonlySet<Fact> {
  const facts = new Set<Fact>();
  if (loopback || secured) facts.add('private');
  if (secured) facts.add('secured');
  if (account !== undefined) facts.add('authenticated');
  return facts;
}

/** The command that writes an element on the stream. */
export function send(element: Element): Command {
  return { do: 'write', xml: write(element, insideStream(NS.client)) };
}

/** The end of a stream that broke a rule, after what is left to say. */
export function ending(
  condition: StreamCondition,
  text: string,
  before: readonly Command[] = [],
  xml: string = streamError(condition, text),
): Advance {
  return { state: { name: 'ended' }, commands: [...before, { do: 'close', xml, condition, text }] };
}
