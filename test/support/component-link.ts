/**
 * A component link as its tests want it: time in the test's hand, the log in memory, each change of state to be waited for.
 */
import { type ComponentOptions, connectComponent } from '../../src/link/component.ts';
import type { Link, LinkState } from '../../src/link/link.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import type { Message } from '../../src/xmpp/stanza.ts';
import { Mailbox } from './mailbox.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryLog } from './memory-log.ts';

/** The domain of the component. */
export const DOMAIN = parseJid('rest.example.net');
/** Someone on the server. */
export const PEER = parseJid('alice@example.net/phone');
export const SECRET = 'correct horse battery staple';

/** A link under test; whoever makes one disposes of it. */
export class LinkProbe implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly link: Link;
  readonly #changes = new Mailbox<LinkState>();

  /** @param chance what the backoff gets for its random numbers */
  constructor(port: number, chance = 0, options: Partial<ComponentOptions> = {}) {
    const { clock, log } = this;
    const server = { host: '127.0.0.1', port };
    this.link = connectComponent({
      domain: DOMAIN,
      server,
      secret: SECRET,
      clock,
      log,
      random: () => chance,
      ...options,
    });
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

/** A message from the domain to the peer. */
export function message(id: string | number, body = ''): Message {
  const payload = body === '' ? [] : [{ name: 'body', ns: 'jabber:client', attrs: {}, children: [body] }];
  return { kind: 'message', from: DOMAIN, to: PEER, id: String(id), payload };
}
