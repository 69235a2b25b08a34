/**
 * Probes: pings (XEP-0199) whose return says that a stream is handled so far.
 *
 * Decides how a probe looks and how it is known when it comes back. A component's stream has no acknowledgements; but the
 * server handles it in order, and a ping to the component's own domain has nowhere to go but back. So its return, be it
 * the ping itself, an answer or an error, says that everything before it was handled. A client whose server has no
 * XEP-0198 pings the server itself, to the same effect. Ids hold 128 random bits, and no server lets strangers send from
 * our domain or from its own, so nobody else can confirm anything. Some servers (ejabberd) take two connections for one
 * domain and hand each stanza to either: there, a probe that is not ours shows that we are not alone.
 */
import { element } from '../xml/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { type Iq, newId, type Stanza } from '../xmpp/stanza.ts';

/** What an incoming stanza is: the probe that is awaited, an earlier one of ours, or one of another connection. */
export type Recognised = 'awaited' | 'past' | 'foreign';

const MARK = 'restanza-probe-';

/** The probes of one link, over all of its connections: what an old one had sent may come back on the next. */
export class Probes {
  readonly #target: Jid;
  readonly #own: Jid;
  readonly #prefix = `${MARK}${newId()}-`;
  #number = 0;

  /**
   * @param target who is pinged: the component's domain, or the client's server
   * @param own who pings: for a component the same
   */
  constructor(target: Jid, own: Jid = target) {
    this.#target = target;
    this.#own = own;
  }

  /** Makes the next probe; it is the awaited one from now on. */
  next(): Iq {
    this.#number += 1;
    return this.current();
  }

  /** The awaited probe, to be sent once more. */
  current(): Iq {
    const [to, from] = [this.#target, this.#own];
    const id = `${this.#prefix}${this.#number}`;
    return { kind: 'iq', type: 'get', to, from, id, payload: [element('ping', NS.ping)] };
  }

  /** Says whether an incoming stanza is a probe, and which. */
  recognise({ kind, from, to, id }: Stanza): Recognised | undefined {
    if (kind !== 'iq' || from !== this.#target || to !== this.#own || id === undefined) return undefined;
    if (id === `${this.#prefix}${this.#number}`) return 'awaited';
    if (id.startsWith(this.#prefix)) return 'past';
    return id.startsWith(MARK) ? 'foreign' : undefined;
  }
}
