/**
 * One client's connection to the embedded host: it carries out what the stream decides (`stream.ts`).
 *
 * Decides how much may wait for a client that does not read. It owns the connection, its reader, its SASL exchange and the
 * watch over its time, and gives them all up when the connection ends.
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Log } from '../../log.ts';
import { element } from '../../xml/element.ts';
import { PRE_AUTH_LIMITS, type XmlLimits } from '../../xml/limits.ts';
import { StreamReader } from '../../xml/parse.ts';
import { write } from '../../xml/write.ts';
import { XmlError } from '../../xml/xml-error.ts';
import type { StreamCondition } from '../../xmpp/conditions.ts';
import { insideStream, openStream, STREAM_END } from '../../xmpp/header.ts';
import { type Jid, withResource } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Exchange, ServerContext, Step } from '../../xmpp/sasl/exchange.ts';
import { newId, type Stanza, stanzaElement } from '../../xmpp/stanza.ts';
import type { Clock } from '../clock.ts';
import { Transport } from '../transport.ts';
import type { Bound, Outlet } from './directory.ts';
import type { Router } from './router.ts';
import { advance } from './stream.ts';
import { accepted, type Command, type StreamInput, type StreamState } from './stream-states.ts';
import { Watch } from './watch.ts';

/** Characters that may wait for a client that does not read. */
const MAX_UNSENT = 1_048_576;

const INSIDE = insideStream(NS.client);

/** What all sessions of a host share. */
export interface SessionServices {
  /** The domain and its accounts. */
  readonly server: ServerContext;
  readonly router: Router;
  readonly secureContext: SecureContext;
  readonly clock: Clock;
  readonly log: Log;
}

/** A client's connection. */
export class Session implements Outlet {
  readonly #services: SessionServices;
  readonly #transport: Transport;
  readonly #ended: () => void;
  #state: StreamState;
  /** Absent once the stream has ended: it may hold as much text as came in at once. */
  #reader: StreamReader | undefined;
  #exchange: Exchange | undefined;
  #bound: Bound | undefined;
  readonly #watch: Watch;
  #unread: NodeJS.Immediate | undefined;
  /** The id of the ping that asked a silent client whether it is there. */
  #ping: string | undefined;

  /**
   * @param loopback whether the client is on this machine
   * @param ended is called once, when the connection is gone
   */
  constructor(socket: Socket, loopback: boolean, services: SessionServices, ended: () => void) {
    this.#services = services;
    this.#ended = ended;
    this.#state = accepted(loopback);
    this.#reader = this.#newReader(PRE_AUTH_LIMITS);
    this.#transport = new Transport(socket, {
      bytes: chunk => this.#read(chunk),
      end: error => this.#gone(error),
    });
    this.#watch = new Watch(services.clock, {
      ask: () => this.#ask(),
      over: text => this.end('connection-timeout', text),
    });
  }

  get unsent(): number {
    return this.#transport.unsent;
  }

  deliver(stanza: Stanza): void {
    if (this.#state.name !== 'online') return;
    const text = this.#written(stanza);
    if (text === undefined) return;
    this.#transport.write(text);
    if (this.unsent > MAX_UNSENT) this.#unread ??= setImmediate(() => this.#checkUnread());
  }

  /** A stanza that was read and yet is over a limit once its namespaces are written out is lost alone. */
  #written(stanza: Stanza): string | undefined {
    try {
      return write(stanzaElement(stanza), INSIDE);
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      this.#services.log.warn(
        { kind: stanza.kind, reason: error.message },
        'a stanza that cannot be written is dropped',
      );
      return undefined;
    }
  }

  /** Looks again after the kernel has taken what it can: what many send at once is not the client's fault. */
  #checkUnread(): void {
    this.#unread = undefined;
    if (this.unsent > MAX_UNSENT) this.end('resource-constraint', 'too much was waiting to be read');
  }

  end(condition: StreamCondition, text: string): void {
    this.#input({ name: 'fault', condition, text });
  }

  /** Stops reading, so that TCP slows the client down. */
  pause(): void {
    this.#watch.deaf = true;
    this.#transport.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#watch.deaf = false;
    this.#transport.resume();
  }

  #newReader(limits: XmlLimits): StreamReader {
    return new StreamReader(
      {
        open: (root, contentNs) => this.#input({ name: 'header', root, contentNs }),
        element: received => this.#input({ name: 'element', element: received }),
        refused: (head, reason) => this.#input({ name: 'refused', head, reason }),
        close: () => this.#input({ name: 'close' }),
      },
      { limits },
    );
  }

  #read(chunk: Uint8Array): void {
    this.#watch.hear();
    try {
      this.#reader?.write(chunk);
    } catch (error) {
      if (error instanceof XmlError) this.end(error.condition, error.message);
      else this.#broken(error);
    }
  }

  #input(input: StreamInput): void {
    try {
      const { state, commands } = advance(this.#state, input, this.#services.server.domain);
      this.#state = state;
      for (const command of commands) this.#perform(command);
    } catch (error) {
      this.#broken(error);
    }
  }

  /** A fault of ours must not reach the other sessions; this one is given up. */
  #broken(error: unknown): void {
    this.#services.log.error({ err: error, remote: this.#transport.remote }, 'a client session failed');
    this.#state = { name: 'ended' };
    this.#transport[Symbol.dispose]();
  }

  #perform(command: Command): void {
    switch (command.do) {
      case 'open':
        this.#transport.write(this.#header(command.to));
        break;
      case 'write':
        this.#transport.write(command.xml);
        break;
      case 'secure':
        this.#transport.secure(socket => secured(socket, this.#services.secureContext));
        break;
      case 'restart':
        this.#reader?.stop();
        this.#reader = this.#newReader(command.limits);
        break;
      case 'authenticate':
        this.#exchange = command.mechanism.start(this.#services.server);
        void this.#judge(this.#exchange, command.message);
        break;
      case 'respond':
        if (this.#exchange !== undefined) void this.#judge(this.#exchange, command.message);
        break;
      case 'bind':
        this.#bind(command.address ?? withResource(command.account, newId()));
        break;
      case 'route':
        this.#route(command.stanza);
        break;
      case 'close':
        this.#close(command.xml, command.condition, command.text);
    }
  }

  #header(to: Jid | undefined): string {
    const { domain } = this.#services.server;
    return openStream({ contentNs: NS.client, from: domain, to, id: newId(), version: '1.0', lang: 'en' });
  }

  async #judge(exchange: Exchange, message: Uint8Array | undefined): Promise<void> {
    this.#input({ name: 'step', step: await this.#stepOf(exchange, message) });
  }

  async #stepOf(exchange: Exchange, message: Uint8Array | undefined): Promise<Step> {
    try {
      return await exchange.respond(message);
    } catch (error) {
      this.#services.log.error({ err: error }, 'the accounts cannot be read');
      return { kind: 'failure', condition: 'temporary-auth-failure' };
    }
  }

  #bind(address: Jid): void {
    this.#bound = this.#services.router.bind(address, this);
    if (this.#bound === undefined) {
      this.#input({ name: 'crowded' });
      return;
    }
    this.#input({ name: 'bound', address });
    this.#services.log.info({ address, remote: this.#transport.remote }, 'a client logged in');
    this.#watch.listen();
  }

  #route(stanza: Stanza): void {
    if (this.#bound === undefined || this.#isPong(stanza)) return;
    this.#services.router.fromClient(this.#bound, stanza);
  }

  /** The answer to our own ping is nobody else's; an error is an answer too (XEP-0199 §4.2). */
  #isPong({ kind, id, type }: Stanza): boolean {
    return kind === 'iq' && id === this.#ping && id !== undefined && (type === 'result' || type === 'error');
  }

  #ask(): void {
    if (this.#bound === undefined) return;
    this.#ping = newId();
    const addresses = { from: this.#services.server.domain, to: this.#bound.address };
    this.deliver({ kind: 'iq', type: 'get', ...addresses, id: this.#ping, payload: [element('ping', NS.ping)] });
  }

  #close(lastWords: string, condition: StreamCondition | undefined, text: string): void {
    this.#services.log.debug({ remote: this.#transport.remote, condition, text }, 'a client stream ends');
    this.#transport.close(lastWords + STREAM_END);
    this.#release();
  }

  /** Gives up all but the connection, which may take a while to close. */
  #release(): void {
    this.#reader?.stop();
    this.#reader = undefined;
    this.#watch[Symbol.dispose]();
    clearImmediate(this.#unread);
    this.#exchange = undefined;
    if (this.#bound !== undefined) this.#services.router.unbind(this.#bound);
    this.#bound = undefined;
  }

  #gone(error: Error | undefined): void {
    this.#services.log.debug({ remote: this.#transport.remote, err: error }, 'a client connection ended');
    this.#state = { name: 'ended' };
    this.#release();
    this.#ended();
  }
}

/** The server's side of TLS on a connection. */
function secured(socket: Socket, secureContext: SecureContext): TLSSocket {
  const wrapped = new TLSSocket(socket, { isServer: true, secureContext });
  wrapped.disableRenegotiation();
  // A TLS socket that no tls.Server made tells of broken records by this event alone, and would stay open.
  wrapped.on('_tlsError', error => wrapped.destroy(error));
  return wrapped;
}
