/**
 * One client's connection to the embedded host: it carries out what the stream decides (`stream.ts`).
 *
 * Decides how much may wait for a client that does not read. It owns the connection, its reader, its SASL exchange and the
 * watch over its time, and gives them all up when the connection ends.
 */
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { PRE_AUTH_LIMITS, type XmlLimits } from '../../xml/limits.ts';
import { StreamReader } from '../../xml/parse.ts';
import { XmlError } from '../../xml/xml-error.ts';
import type { StreamCondition } from '../../xmpp/conditions.ts';
import { openStream, STREAM_END } from '../../xmpp/header.ts';
import { type Jid, withResource } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Exchange, ServerContext, Step } from '../../xmpp/sasl/exchange.ts';
import type { Judges } from '../../xmpp/sasl/guessing.ts';
import { newId, type Stanza } from '../../xmpp/stanza.ts';
import { enabledElement } from '../../xmpp/stream-management-server.ts';
import type { Clock } from '../clock.ts';
import { Transport } from '../transport.ts';
import { Binding, type BindingServices, type BindingStream } from './binding.ts';
import type { Copies } from './copies.ts';
import { SLEEP } from './managed-sessions.ts';
import { textOfStanza } from './stanza-text.ts';
import { advance } from './stream.ts';
import { accepted, type Command, type StreamInput, type StreamState, send } from './stream-states.ts';
import { secured } from './tls-server.ts';
import { Watch } from './watch.ts';

/** Characters that may wait for a client that does not read. */
const MAX_UNSENT = 1_048_576;

/** What all sessions of a host share. */
export interface SessionServices extends BindingServices {
  /** The domain and its accounts. */
  readonly server: ServerContext;
  /** Bounds the logins that fail. */
  readonly judges: Judges | undefined;
  readonly secureContext: SecureContext;
  readonly clock: Clock;
}

/** A client's connection. */
export class Session implements BindingStream {
  readonly asleep = false;
  readonly #services: SessionServices;
  readonly #transport: Transport;
  readonly #ended: () => void;
  /** The client's IP address. */
  readonly #address: string;
  #state: StreamState;
  /** Absent once the stream has ended: it may hold as much text as came in at once. */
  #reader: StreamReader | undefined;
  #exchange: Exchange | undefined;
  readonly #binding: Binding;
  readonly #watch: Watch;
  #unread: NodeJS.Immediate | undefined;
  /** Characters that are no stanzas, since all was read last. */
  #said = 0;

  /**
   * @param loopback whether the client is on this machine
   * @param ended is called once, when the connection is gone
   */
  constructor(socket: Socket, loopback: boolean, services: SessionServices, ended: () => void) {
    this.#services = services;
    this.#ended = ended;
    this.#address = socket.remoteAddress ?? '';
    this.#state = accepted(loopback);
    this.#reader = this.#newReader(PRE_AUTH_LIMITS);
    this.#transport = new Transport(socket, {
      bytes: chunk => this.#read(chunk),
      end: error => this.#gone(error),
    });
    this.#binding = new Binding(services.server.domain, services, this);
    this.#watch = new Watch(services.clock, {
      ask: () => this.#binding.ask(),
      over: text => this.#silent(text),
    });
  }

  get unsent(): number {
    return this.#transport.unsent;
  }

  deliver(stanza: Stanza, copies?: Copies): void {
    if (this.#state.name !== 'online') return;
    copies?.taken();
    this.write(textOfStanza(stanza, this.#services.log) ?? '');
    if (this.unsent > MAX_UNSENT) this.#unread ??= setImmediate(() => this.#checkUnread());
  }

  /** Writes stanzas on the stream. What may wait of a managed session is bounded by whoever keeps it. */
  write(text: string): void {
    this.#transport.write(text);
  }

  /** Writes what is no stanza: a client that asks again and again, and reads none of the answers, is cut off. */
  say(text: string): void {
    if (this.unsent === 0) this.#said = 0;
    this.#said += text.length;
    this.#transport.write(text);
    if (this.#said > MAX_UNSENT) this.#unread ??= setImmediate(() => this.#checkUnread());
  }

  /** Looks again after the kernel has taken what it can: what many send at once is not the client's fault. */
  #checkUnread(): void {
    this.#unread = undefined;
    if (this.unsent > MAX_UNSENT) this.end('resource-constraint', 'too much was waiting to be read');
  }

  end(condition: StreamCondition, text: string): void {
    this.input({ name: 'fault', condition, text });
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
        open: (root, contentNs) => this.input({ name: 'header', root, contentNs }),
        element: received => this.input({ name: 'element', element: received }),
        refused: (head, reason) => this.input({ name: 'refused', head, reason }),
        close: () => this.input({ name: 'close' }),
      },
      { limits },
    );
  }

  #read(chunk: Uint8Array): void {
    // A client that owes its count is heard only when it tells it: what it sends beside that shows that it could.
    if (!this.#binding.asked) this.#watch.hear();
    try {
      this.#reader?.write(chunk);
    } catch (error) {
      if (error instanceof XmlError) this.end(error.condition, error.message);
      else this.#broken(error);
    }
  }

  input(input: StreamInput): void {
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
        this.say(this.#header(command.to));
        break;
      case 'write':
        this.say(command.xml);
        break;
      case 'secure':
        this.#transport.secure(socket => secured(socket, this.#services.secureContext));
        break;
      case 'restart':
        this.#reader?.stop();
        this.#reader = this.#newReader(command.limits);
        break;
      case 'authenticate':
        this.#exchange = command.mechanism.start(this.#context());
        void this.#judge(this.#exchange, command.message);
        break;
      case 'respond':
        if (this.#exchange !== undefined) void this.#judge(this.#exchange, command.message);
        break;
      case 'bind':
        this.#bind(command.address ?? withResource(command.account, newId()));
        break;
      case 'resume':
        this.#goOn(command.account, command.previd, command.h);
        break;
      case 'route':
        this.#binding.route(command.stanza);
        break;
      case 'answer':
        this.#binding.answer(command.stanza);
        break;
      case 'manage':
        this.#manage(command.resumable);
        break;
      case 'tell':
        this.#binding.tell();
        break;
      case 'acknowledge':
        this.#watch.hear();
        this.#binding.acknowledge(command.h);
        break;
      case 'close':
        this.#close(command.xml, command.condition, command.text);
    }
  }

  #header(to: Jid | undefined): string {
    const { domain } = this.#services.server;
    return openStream({ contentNs: NS.client, from: domain, to, id: newId(), version: '1.0', lang: 'en' });
  }

  #context(): ServerContext {
    const { server, judges } = this.#services;
    return judges === undefined ? server : { ...server, bounds: { judges, address: this.#address } };
  }

  async #judge(exchange: Exchange, message: Uint8Array | undefined): Promise<void> {
    this.input({ name: 'step', step: await this.#stepOf(exchange, message) });
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
    if (this.#binding.bind(address)) this.#online(address, 'a client logged in');
  }

  /** Takes over a session that the client had before, if there is one. */
  #goOn(account: Jid, id: string, h: number): void {
    const address = this.#binding.goOn(account, id, h);
    if (address !== undefined) this.#online(address, 'a client came back to its session');
  }

  #online(address: Jid, text: string): void {
    this.#services.log.info({ address, remote: this.#transport.remote }, text);
    this.#watch.listen();
  }

  /** Stream management begins (XEP-0198 §3). */
  #manage(resumable: boolean): void {
    this.#binding.manage(resumable, id => {
      this.#perform(send(enabledElement(resumable ? { id, max: SLEEP } : undefined)));
    });
  }

  /** A client that says nothing any more has lost its connection, as a rule, and may come back. */
  #silent(text: string): void {
    this.#binding.lose();
    this.end('connection-timeout', text);
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
    this.#binding[Symbol.dispose]();
  }

  #gone(error: Error | undefined): void {
    this.#services.log.debug({ remote: this.#transport.remote, err: error }, 'a client connection ended');
    this.#state = { name: 'ended' };
    this.#binding.lose();
    this.#release();
    this.#ended();
  }
}
