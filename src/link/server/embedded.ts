/**
 * The embedded host: a domain that Restanza serves itself, as a link (RFC 6120, RFC 6121).
 *
 * Decides what the link of such a domain guarantees: since the server is here, a stanza that was sent has been routed, and is in
 * the connections of those who get it, or waits for those who may come back; `acked` says no more than that. Owns the port,
 * the sessions and the queue of what comes in for the domain. There is no store for messages to those who are away, no stored roster, and no other server.
 */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { RestanzaError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { CLIENT_LIMITS } from '../../xml/limits.ts';
import { XmlError } from '../../xml/xml-error.ts';
import { bareOf, domainOf, type Jid } from '../../xmpp/jid.ts';
import type { Credentials } from '../../xmpp/sasl/credentials.ts';
import { type Guesses, Judges } from '../../xmpp/sasl/guessing.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { type Clock, SYSTEM_CLOCK } from '../clock.ts';
import type { Link, LinkState, Until } from '../link.ts';
import { obtainCertificate } from './certificate.ts';
import { Intake } from './intake.ts';
import { congested, Lines } from './line.ts';
import { CONNECTION_LIMITS, type ConnectionLimits, type Endpoint, Listener } from './listener.ts';
import { ManagedSessions } from './managed-sessions.ts';
import type { Addressed } from './route.ts';
import { Router, stamped } from './router.ts';
import { Session, type SessionServices } from './session.ts';
import { writeStanza } from './stanza-text.ts';

/** What an embedded host is made of. */
export interface EmbeddedOptions {
  readonly domain: Jid;
  /** Where clients connect. */
  readonly c2s: Endpoint;
  /** Who may log in; stays the caller's to close, after the link. */
  readonly accounts: Credentials;
  /** Counts the logins that fail; nobody does unless it is given. */
  readonly guesses?: Guesses;
  /** The folder in which the host may keep what it needs at the next start. */
  readonly data: string;
  readonly log: Log;
  /** Whether the link's owner takes a stanza for an account that no session takes; none unless it is given. */
  readonly isClaimed?: (stanza: Stanza) => boolean;
  readonly limits?: ConnectionLimits;
  readonly clock?: Clock;
}

/** The link of an embedded host. */
export interface EmbeddedLink extends Link {
  /** Where clients connect, as `host:port`, with the port that the system chose when 0 was asked for. */
  readonly c2sAddress: string;
}

const KIB = 1024;
/** Characters that a client may be behind with before those who send through the link wait for it. */
const BEHIND = 256 * KIB;

/** System errors of listening about which one can do something. */
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it or choose another port',
  EACCES: 'this user may not listen there; choose a port from 1024 up',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'that name has no address',
};

/**
 * Serves a domain.
 *
 * @returns the link, online
 * @throws Error that names the configuration key when the port cannot be listened on, or what the file system throws when
 *   the certificate can be neither read nor kept; nothing is left open then
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedLink> {
  const { domain, data, log } = options;
  const folder = join(data, 'certificates');
  const { certificate, made } = await obtainCertificate(folder, domain, new Date());
  if (made) log.info({ domain, folder }, 'a certificate was made, signed by itself');
  const host = new EmbeddedHost(options, createSecureContext({ ...certificate, minVersion: 'TLSv1.2' }));
  await host.listen(options);
  return host;
}

class EmbeddedHost implements EmbeddedLink {
  readonly address: Jid;
  readonly confirms = true;
  readonly incoming: AsyncIterable<readonly Stanza[]>;
  onState: ((state: LinkState) => void) | undefined;
  readonly #router: Router;
  readonly #services: SessionServices;
  readonly #lines: Lines;
  readonly #intake = new Intake();
  readonly #managed: ManagedSessions;
  readonly #sessions = new Set<Session>();
  /** Those who wait until the owner has handled something. */
  readonly #unhandled = new Set<(reason: RestanzaError) => void>();
  #listener: Listener | undefined;
  #state: LinkState = { name: 'online' };

  constructor(
    { domain, accounts, guesses, log, isClaimed, clock = SYSTEM_CLOCK }: EmbeddedOptions,
    secureContext: SecureContext,
  ) {
    this.address = domain;
    this.#router = new Router(domain, (stanza, sender) => this.#intake.take(stanza, sender), isClaimed);
    const shared = { router: this.#router, intake: this.#intake, log };
    this.#managed = new ManagedSessions(shared, clock);
    this.#services = {
      ...shared,
      server: { domain, credentials: accounts },
      judges: guesses && new Judges(guesses),
      managed: this.#managed,
      secureContext,
      clock,
    };
    this.#lines = new Lines(clock);
    this.incoming = this.#intake;
  }

  /** Begins to take clients. */
  async listen({ c2s, limits = CONNECTION_LIMITS, log }: EmbeddedOptions): Promise<void> {
    try {
      this.#listener = await Listener.open(c2s, limits, log, (socket, loopback) => this.#take(socket, loopback));
    } catch (error) {
      const where = `hosts.${this.address}.embedded.c2s: cannot listen on ${c2s.host}:${c2s.port}`;
      throw new Error(`${where}: ${remedyOf(error)}`, { cause: error });
    }
  }

  get c2sAddress(): string {
    return this.#listener?.address ?? '';
  }

  get state(): LinkState {
    return this.#state;
  }

  #take(socket: Socket, loopback: boolean): void {
    const session: Session = new Session(socket, loopback, this.#services, () => {
      this.#sessions.delete(session);
      this.#intake.forget(session);
    });
    this.#sessions.add(session);
  }

  send(stanza: Stanza, until: Until = 'sent'): Promise<void> {
    const sent = this.#send(stanza, until);
    // Who does not care for the outcome must not bring the process down.
    sent.catch(() => {});
    return sent;
  }

  /**
   * Routed, as a rule, when it returns: what is sent one after the other arrives in that order. `acked` is what has come to a
   * client's connection, or has been handled by the owner.
   */
  async #send(stanza: Stanza, until: Until): Promise<void> {
    const { from } = stanza;
    if (from === undefined || domainOf(from) !== this.address) {
      throw new TypeError(`a stanza of an embedded host has a 'from' in ${this.address}`);
    }
    if (this.#state.name !== 'online') throw new RestanzaError('link-down');
    const addressed = stamped(stanza, from);
    let isForOwner = false;
    await this.#lines.run({
      account: bareOf(addressed.to),
      bytes: acceptableBytes(addressed),
      free: () => this.#router.unsentFor(addressed) <= BEHIND,
      go: () => {
        const { received } = this.#intake;
        this.#submit(addressed);
        isForOwner = this.#intake.received > received;
      },
    });
    if (until === 'acked' && isForOwner) await this.#handled();
  }

  /** Waits until the owner has handled all that has come so far. */
  async #handled(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#unhandled.add(reject);
    this.#intake.afterwards(resolve);
    await promise.finally(() => this.#unhandled.delete(reject));
  }

  /** While the owner is behind with what came in, nothing may be sent that comes back; answers never do. */
  #submit(stanza: Addressed): void {
    const returns = stanza.type !== 'result' && stanza.type !== 'error';
    if (this.#intake.full && returns && this.#router.decide(stanza).name !== 'deliver') throw congested();
    this.#router.submit(stanza);
  }

  /** Ends all sessions and waits until their connections are closed, which takes two seconds at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state.name !== 'closed') {
      this.#state = { name: 'closed', cause: { text: 'the gateway has closed the link' } };
      this.onState?.(this.#state);
      this.#intake.close();
      this.#lines.close(new RestanzaError('link-down'));
      for (const reject of this.#unhandled) reject(new RestanzaError('link-lost'));
      this.#managed[Symbol.dispose]();
      for (const session of this.#sessions) session.end('system-shutdown', 'the server is stopping');
    }
    await this.#listener?.[Symbol.asyncDispose]();
  }
}

/** What to do about an error of listening. */
function remedyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REMEDIES[code] ?? String(error);
}

/**
 * The size of a stanza as XML, in bytes.
 *
 * @throws RestanzaError `too-large` for what a client could not send either, `value-invalid` for what cannot be written
 */
function acceptableBytes(stanza: Stanza): number {
  const bytes = Buffer.byteLength(writable(stanza));
  if (bytes <= CLIENT_LIMITS.bytes) return bytes;
  throw new RestanzaError('too-large', `it is ${bytes} bytes as XML, and clients take ${CLIENT_LIMITS.bytes}`);
}

function writable(stanza: Stanza): string {
  try {
    return writeStanza(stanza);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new RestanzaError('value-invalid', error.message, { cause: error });
  }
}
