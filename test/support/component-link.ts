/**
 * A component link under test, and whose it is.
 */
import { type ComponentOptions, connectComponent } from '../../src/link/component.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { LinkProbe, messages } from './link-probe.ts';

/** The domain of the component. */
export const DOMAIN = parseJid('rest.example.net');
/** Someone on the server. */
export const PEER = parseJid('alice@example.net/phone');
export const SECRET = 'correct horse battery staple';

/** A component link under test. */
export class ComponentProbe extends LinkProbe {
  /** @param chance what the backoff gets for its random numbers */
  constructor(port: number, chance = 0, options: Partial<ComponentOptions> = {}) {
    const server = { host: '127.0.0.1', port };
    super((clock, log) =>
      connectComponent({ domain: DOMAIN, server, secret: SECRET, clock, log, random: () => chance, ...options }),
    );
  }
}

/** A message from the domain to the peer. */
export const message = messages(DOMAIN, PEER);
