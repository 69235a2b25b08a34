/**
 * A client link under test, and whose it is.
 */
import { connectClient } from '../../src/link/client.ts';
import type { ClientLink, ClientOptions } from '../../src/link/client-options.ts';
import { trusting } from '../../src/link/tls-client.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { LinkProbe, messages } from './link-probe.ts';

/** Whose sessions they are. */
export const ACCOUNT = parseJid('alice@home.example');
/** The full address that is asked for. */
export const FULL = parseJid('alice@home.example/rest');
/** Somebody else. */
export const PEER = parseJid('bob@home.example/phone');
export const CREDENTIAL = { kind: 'password', authcid: 'alice', password: 'wonderland' } as const;

/** Nobody's certificates but those that the machine knows. */
export const TRUST = trusting();

/** A client link under test. */
export class ClientProbe extends LinkProbe<ClientLink> {
  /** For each new session, whether it was the first. */
  readonly sessions: boolean[] = [];

  constructor(port: number, options: Partial<ClientOptions> = {}) {
    const server = { host: '127.0.0.1', port, directTls: false };
    super((clock, log) =>
      connectClient({
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
      }),
    );
    this.link.onSession = first => this.sessions.push(first);
  }
}

/** A message from the account to the peer. */
export const message = messages(ACCOUNT, PEER);
