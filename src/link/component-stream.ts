/**
 * One connection of a component, from its first byte to its last (XEP-0114).
 *
 * Decides what happens to each thing that comes: it moves the handshake on, confirms what was sent, is a stanza for our
 * domain, is dropped, or ends the connection. It is used up when it has ended; when to make the next one is decided in
 * `component.ts`, what is said about the end in `ending.ts`, what is let in in `xmpp/component-admission.ts`.
 */
import { connect } from 'node:net';
import type { RestanzaError } from '../errors.ts';
import type { Element } from '../xml/element.ts';
import { COMPONENT_LIMITS } from '../xml/limits.ts';
import { StreamReader } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { XmlError } from '../xml/xml-error.ts';
import { admit, refuseOversized } from '../xmpp/component-admission.ts';
import {
  COMPONENT_RENAMES,
  type HandshakeState,
  openComponent,
  takeElement,
  takeHeader,
} from '../xmpp/component-handshake.ts';
import { insideStream, readHeader, readStreamError, STREAM_END, StreamFault, streamError } from '../xmpp/header.ts';
import { NS } from '../xmpp/ns.ts';
import type { Refusal } from '../xmpp/refusal.ts';
import { type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import type { Clock } from './clock.ts';
import {
  type Ending,
  endedByDelay,
  endedByError,
  endedByFault,
  endedBySilence,
  endedBySocket,
  endedInOrder,
  type Place,
} from './ending.ts';
import type { Until } from './link.ts';
import { lostOf, Outbox, type OutboxLimits } from './outbox.ts';
import type { Probes } from './probes.ts';
import { PROBE_WAIT } from './pulse.ts';
import { Transport } from './transport.ts';

/** What a connection needs. */
export interface ComponentStreamOptions extends Place {
  readonly secret: string;
  readonly clock: Clock;
  readonly probes: Probes;
  readonly outbox: OutboxLimits;
}

/** Who owns a connection. Nothing is told after `lost`. */
export interface ComponentStreamOwner {
  /** The handshake is done: stanzas may be sent. */
  online(): void;
  /** A stanza for our domain, and the bytes that were read for it. */
  stanza(stanza: Stanza, bytes: number): void;
  refused(refusal: Refusal, head: Element): void;
  /** A probe of another connection that serves the same domain has come; told once. */
  shared(): void;
  /**
   * The connection has ended without our doing.
   *
   * @param unconfirmed how many stanzas may or may not have arrived
   * @returns what those are told whose stanza was not sent
   */
  lost(ending: Ending, unconfirmed: number): RestanzaError;
}

/** Milliseconds for connecting and the handshake together. */
const HANDSHAKE_WAIT = 15_000;

const INSIDE = insideStream(NS.client);

/**
 * A stanza as it is written on a component's stream.
 *
 * @throws XmlError when it cannot be written
 */
export function serialise(stanza: Stanza): string {
  return write(stanzaElement(stanza), INSIDE);
}

/** A connection. Making it starts it. */
export class ComponentStream {
  readonly #options: ComponentStreamOptions;
  readonly #owner: ComponentStreamOwner;
  readonly #transport: Transport;
  readonly #reader: StreamReader;
  readonly #deadline: Disposable;
  readonly #closed = Promise.withResolvers<void>();
  #handshake: HandshakeState = 'opening';
  /** There once the handshake is done. */
  #outbox: Outbox | undefined;
  /** We have closed it ourselves: what still comes is taken, what happens to it is no news. */
  #closing = false;
  #over = false;
  #shared = false;
  /** Bytes that came since the last element; an element that is refused before it ends leaves them to the next. */
  #unread = 0;

  constructor(options: ComponentStreamOptions, owner: ComponentStreamOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#transport = new Transport(connect({ ...options.server }), {
      bytes: chunk => this.#read(chunk),
      end: error => this.#end(error),
    });
    this.#reader = new StreamReader(
      {
        open: (root, contentNs) => this.#open(root, contentNs),
        element: received => this.#element(received),
        refused: (head, reason) => this.#refuse(refuseOversized(head, options.domain, reason), head),
        close: () => this.#lose(endedInOrder(), STREAM_END),
      },
      { limits: COMPONENT_LIMITS, renames: COMPONENT_RENAMES, forgivesNames: true },
    );
    this.#deadline = options.clock.after(HANDSHAKE_WAIT, () => this.#lose(endedByDelay(options, HANDSHAKE_WAIT)));
    this.#transport.write(openComponent(options.domain));
  }

  /** Resolves when the socket is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  #read(chunk: Uint8Array): void {
    this.#unread += chunk.byteLength;
    try {
      this.#reader.write(chunk);
    } catch (error) {
      this.#fault(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The server broke the protocol; it is told the condition, never the particulars. */
  #fault(fault: Error): void {
    const known = fault instanceof XmlError || fault instanceof StreamFault;
    const farewell = streamError(known ? fault.condition : 'internal-server-error') + STREAM_END;
    this.#lose(endedByFault(this.#options, fault, this.#outbox !== undefined), farewell);
  }

  #open(root: Element, contentNs: string): void {
    const { state, send } = takeHeader(readHeader(root, contentNs, NS.client), this.#options.secret);
    this.#handshake = state;
    this.#transport.write(send);
  }

  #element(received: Element): void {
    const error = readStreamError(received);
    if (error !== undefined) this.#lose(endedByError(this.#options, error), STREAM_END);
    else if (this.#outbox === undefined) this.#establish(takeElement(this.#handshake, received));
    else this.#admit(received);
  }

  #admit(received: Element): void {
    const bytes = this.#unread;
    this.#unread = 0;
    const admission = admit(received, this.#options.domain);
    if ('refusal' in admission) this.#refuse(admission.refusal, received);
    else this.#take(admission.stanza, bytes);
  }

  #establish(state: HandshakeState): void {
    this.#handshake = state;
    this.#deadline[Symbol.dispose]();
    const { clock, outbox, probes } = this.#options;
    const events = {
      write: (text: string) => this.#transport.write(text),
      probe: (again: boolean) => this.#transport.write(serialise(again ? probes.current() : probes.next())),
      dead: () => this.#lose(endedBySilence(this.#options, PROBE_WAIT, this.#shared)),
    };
    this.#outbox = new Outbox(events, clock, outbox);
    this.#owner.online();
  }

  #take(stanza: Stanza, bytes: number): void {
    const probe = this.#options.probes.recognise(stanza);
    if (probe === 'awaited') this.#outbox?.answered();
    if (probe === 'awaited' || probe === 'past') return;
    if (probe === 'foreign' && !this.#shared) {
      this.#shared = true;
      this.#owner.shared();
    }
    this.#owner.stanza(stanza, bytes);
  }

  #refuse(refusal: Refusal, head: Element): void {
    this.#owner.refused(refusal, head);
    if (refusal.answer === undefined) return;
    // When the way out is full, a stranger's mistake is not worth a place in it.
    const text = serialise(refusal.answer);
    this.#outbox?.offer(text, Buffer.byteLength(text));
  }

  /** Sends a serialised stanza of so many bytes; the handshake must be done. */
  send(text: string, bytes: number, until: Until): Promise<void> {
    if (this.#outbox === undefined) throw new Error('a stanza was sent before the handshake was done');
    return this.#outbox.send(text, bytes, until);
  }

  /** Stops reading: the server is slowed down. */
  pause(): void {
    this.#transport.pause();
    this.#outbox?.pause();
  }

  /** Reads again. */
  resume(): void {
    this.#transport.resume();
    this.#outbox?.resume();
  }

  #end(error: Error | undefined): void {
    this.#lose(endedBySocket(this.#options, error));
    this.#closed.resolve();
  }

  /** @param farewell what to say before closing in order; without it, the connection is cut */
  #lose(ending: Ending, farewell?: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#reader.stop();
    this.#deadline[Symbol.dispose]();
    if (farewell === undefined) this.cut();
    else this.#transport.close(farewell);
    if (this.#closing) return;
    const unsent = this.#owner.lost(ending, this.#outbox?.unconfirmed ?? 0);
    this.#outbox?.close(unsent, lostOf(unsent));
  }

  /**
   * Closes the stream in order (RFC 6120 §4.4), within two seconds. What comes until then is still taken.
   *
   * @param unsent what those are told whose stanza was not sent
   */
  close(unsent: RestanzaError): void {
    if (this.#over || this.#closing) return;
    this.#closing = true;
    this.#deadline[Symbol.dispose]();
    this.#outbox?.close(unsent, lostOf(unsent));
    if (this.#outbox === undefined) this.cut();
    else this.#transport.close(STREAM_END);
  }

  /** Ends the connection at once. */
  cut(): void {
    this.#transport[Symbol.dispose]();
  }
}
