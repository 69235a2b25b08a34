/**
 * A client link as its tests want it: time in the test's hand, the log in memory, each change of state to be waited for.
 */
import { type ClientLink, connectClient } from '../../src/link/client.ts';
import type { ClientOptions } from '../../src/link/client-options.ts';
import type { LinkState } from '../../src/link/link.ts';
import { trusting } from '../../src/link/tls-client.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import type { Message } from '../../src/xmpp/stanza.ts';
import { Mailbox } from './mailbox.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryLog } from './memory-log.ts';

/** Whose sessions they are. */
export const ACCOUNT = parseJid('alice@home.example');
/** The full address that is asked for. */
export const FULL = parseJid('alice@home.example/rest');
/** Somebody else. */
export const PEER = parseJid('bob@home.example/phone');
export const CREDENTIAL = { kind: 'password', authcid: 'alice', password: 'wonderland' } as const;

/** Nobody's certificates but those that the machine knows. */
export const TRUST = trusting();

/** A link under test; whoever makes one disposes of it. */
export class ClientProbe implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly link: ClientLink;
  /** For each new session, whether it was the first. */
  readonly sessions: boolean[] = [];
  readonly #changes = new Mailbox<LinkState>();

  constructor(port: number, options: Partial<ClientOptions> = {}) {
    const { clock, log } = this;
    const server = { host: '127.0.0.1', port, directTls: false };
    this.link = connectClient({
      account: ACCOUNT,
      credential: CREDENTIAL,
      resource: 'rest',
      server,
      tls: 'off',
      trust: TRUST,
      reconnect: true,
      clock,
      log,
      random: () => 0,
      ...options,
    });
    this.link.onState = state => this.#changes.put(state);
    this.link.onSession = first => this.sessions.push(first);
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

/** A message from the account to the peer. */
export function message(id: string | number, body = ''): Message {
  const payload = body === '' ? [] : [{ name: 'body', ns: 'jabber:client', attrs: {}, children: [body] }];
  return { kind: 'message', from: ACCOUNT, to: PEER, id: String(id), payload };
}
