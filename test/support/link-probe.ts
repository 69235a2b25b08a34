/**
 * A link as its tests want it: time in the test's hand, the log in memory, each change of state to be waited for.
 */
import type { Link, LinkState } from '../../src/link/link.ts';
import type { Jid } from '../../src/xmpp/jid.ts';
import type { Message } from '../../src/xmpp/stanza.ts';
import { Mailbox } from './mailbox.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryLog } from './memory-log.ts';

/** A link under test; whoever makes one disposes of it. */
export class LinkProbe<L extends Link = Link> implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly link: L;
  readonly #changes = new Mailbox<LinkState>();

  /** @param connect makes the link */
  constructor(connect: (clock: ManualClock, log: MemoryLog) => L) {
    this.link = connect(this.clock, this.log);
    this.link.onState = state => this.#changes.put(state);
  }

  /** The next change of state. */
  change(): Promise<LinkState> {
    return this.#changes.take();
  }

  /** Waits until the state has changed to this one; those on the way are passed over. */
  async until<Name extends LinkState['name']>(name: Name): Promise<Extract<LinkState, { name: Name }>> {
    for (;;) {
      const state = await this.change();
      if (isState(state, name)) return state;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link[Symbol.asyncDispose]();
  }
}

function isState<Name extends LinkState['name']>(
  state: LinkState,
  name: Name,
): state is Extract<LinkState, { name: Name }> {
  return state.name === name;
}

/** Makes messages between two addresses, by their ids. */
export function messages(from: Jid, to: Jid): (id: string | number, body?: string) => Message {
  return (id, body = '') => {
    const payload = body === '' ? [] : [{ name: 'body', ns: 'jabber:client', attrs: {}, children: [body] }];
    return { kind: 'message', from, to, id: String(id), payload };
  };
}
