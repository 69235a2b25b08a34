/**
 * The probes of a component: pings (XEP-0199) to its own domain.
 *
 * Decides how a probe looks and how it is known when it comes back. A component's stream has no acknowledgements; but the
 * server handles it in order, and a ping to the component's own domain has nowhere to go but back. So its return, be it
 * the ping itself, an answer or an error, says that everything before it was handled. Ids hold 128 random bits, and no
 * server lets strangers send from our domain, so nobody else can confirm anything. Some servers (ejabberd) take two
 * connections for one domain and hand each stanza to either: there, a probe that is not ours shows that we are not alone.
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
  readonly #domain: Jid;
  readonly #prefix = `${MARK}${newId()}-`;
  #number = 0;

  constructor(domain: Jid) {
    this.#domain = domain;
  }

  /** Makes the next probe; it is the awaited one from now on. */
  next(): Iq {
    this.#number += 1;
    return this.current();
  }

  /** The awaited probe, to be sent once more. */
  current(): Iq {
    const own = this.#domain;
    const id = `${this.#prefix}${this.#number}`;
    return { kind: 'iq', type: 'get', to: own, from: own, id, payload: [element('ping', NS.ping)] };
  }

  /** Says whether an incoming stanza is a probe, and which. */
  recognise({ kind, from, to, id }: Stanza): Recognised | undefined {
    if (kind !== 'iq' || from !== this.#domain || to !== this.#domain || id === undefined) return undefined;
    if (id === `${this.#prefix}${this.#number}`) return 'awaited';
    if (id.startsWith(this.#prefix)) return 'past';
    return id.startsWith(MARK) ? 'foreign' : undefined;
  }
}
