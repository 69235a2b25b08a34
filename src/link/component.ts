/**
 * The component link: a domain that is served as an external component of any XMPP server (XEP-0114).
 *
 * Decides when to connect, when to give up, and what its users see meanwhile. One connection after the other does the work
 * (`component-stream.ts`); stanzas wait in `inbox.ts` and `outbox.ts`. XEP-0114 cannot resume: what was sent and not
 * confirmed when a connection ended may or may not have arrived, and the log says how much that was. Confirmations come in
 * on the same stream as stanzas: who pulls `incoming` must not wait for `acked` between two pulls.
 */
import { RestanzaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { XmlError } from '../xml/xml-error.ts';
import { domainOf, type Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { Backoff } from './backoff.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import { ComponentStream, type ComponentStreamOptions, serialise } from './component-stream.ts';
import { type Ending, type Place, serverName } from './ending.ts';
import { Inbox } from './inbox.ts';
import type { Link, LinkState, Until } from './link.ts';
import { OUTBOX_LIMITS, type OutboxLimits } from './outbox.ts';
import { Probes } from './probes.ts';
import { RefusalLog } from './refusal-log.ts';

/** What a component link needs. */
export interface ComponentOptions extends Place {
  /** Shared with the server. */
  readonly secret: string;
  readonly log: Log;
  /** Bytes that the server takes as one stanza; 512 KiB, as Prosody does, unless said otherwise. */
  readonly stanzaBytes?: number;
  readonly outbox?: OutboxLimits;
  readonly clock?: Clock;
  /** Numbers from 0 up to 1, for the backoff. */
  readonly random?: () => number;
}

const KIB = 1024;
const STANZA_BYTES = 512 * KIB;
/** Stanzas that may wait to be pulled, and the bytes that were read for them. */
const INBOX = { stanzas: 1_000, bytes: 8 * KIB * KIB } as const;

/**
 * Connects a domain as a component, now and again whenever the connection ends, until the link is closed.
 *
 * @throws RangeError when the port is not one
 */
export function connectComponent(options: ComponentOptions): Link {
  return new ComponentLink(options);
}

class ComponentLink implements Link {
  readonly address: Jid;
  readonly confirms = false;
  readonly incoming: AsyncIterable<readonly Stanza[]>;
  onState: ((state: LinkState) => void) | undefined;
  readonly #log: Log;
  readonly #fields: { readonly domain: Jid; readonly server: string };
  readonly #clock: Clock;
  readonly #stanzaBytes: number;
  readonly #backoff: Backoff;
  readonly #refusals: RefusalLog;
  readonly #inbox: Inbox<Stanza>;
  readonly #streamOptions: ComponentStreamOptions;
  #state: LinkState = { name: 'connecting', retryIn: 0 };
  #stream: ComponentStream;
  #full = false;
  #onlineSince: number | undefined;
  /** The configuration was right once, so that the server may take it again when somebody has set the server right. */
  #wasOnline = false;
  #retry: Disposable | undefined;
  #retryAt = 0;
  #closed: Promise<void> | undefined;

  constructor(options: ComponentOptions) {
    const { domain, server, secret, log, clock = SYSTEM_CLOCK, outbox = OUTBOX_LIMITS, random = Math.random } = options;
    this.address = domain;
    this.#log = log;
    this.#fields = { domain, server: serverName(options) };
    this.#clock = clock;
    this.#stanzaBytes = options.stanzaBytes ?? STANZA_BYTES;
    this.#backoff = new Backoff(random);
    this.#refusals = new RefusalLog(log, this.#fields, clock);
    this.#inbox = new Inbox(INBOX.stanzas, { full: () => this.#stop(), space: () => this.#goOn() }, INBOX.bytes);
    this.incoming = this.#inbox;
    this.#streamOptions = { domain, server, secret, clock, outbox, probes: new Probes(domain) };
    this.#stream = this.#connect();
  }

  get state(): LinkState {
    return this.#state;
  }

  #change(state: LinkState): void {
    this.#state = state;
    this.onState?.(state);
  }

  #connect(): ComponentStream {
    return new ComponentStream(this.#streamOptions, {
      online: () => this.#online(),
      stanza: (stanza, bytes) => this.#inbox.push(stanza, bytes),
      refused: (refusal, head) => this.#refusals.note(refusal, head.attrs['from']),
      shared: () =>
        this.#log.warn(this.#fields, 'another connection serves this domain: each gets a part of its stanzas'),
      lost: (ending, unconfirmed) => this.#lost(ending, unconfirmed),
    });
  }

  #online(): void {
    this.#onlineSince = this.#clock.now();
    this.#wasOnline = true;
    this.#change({ name: 'online' });
    this.#log.info(this.#fields, 'component link is online');
    if (this.#full) this.#stream.pause();
  }

  #stop(): void {
    this.#full = true;
    this.#stream.pause();
  }

  #goOn(): void {
    this.#full = false;
    this.#stream.resume();
  }

  #lost({ cause, reconnect }: Ending, unconfirmed: number): RestanzaError {
    const onlineFor = this.#onlineSince === undefined ? 0 : this.#clock.now() - this.#onlineSince;
    this.#onlineSince = undefined;
    const fields = { ...this.#fields, cause: cause.text, condition: cause.condition, unconfirmed };
    if (reconnect === 'stop' && !this.#wasOnline) {
      this.#change({ name: 'closed', cause });
      this.#log.error(fields, 'component link is closed: connecting again cannot help');
      this.#inbox.close();
    } else {
      const pace = reconnect === 'stop' ? 'refused' : reconnect;
      const wait = this.#backoff.next(pace, onlineFor);
      const retryIn = Math.ceil(wait / 1000);
      this.#retryAt = this.#clock.now() + wait;
      this.#retry = this.#clock.after(wait, () => this.#again());
      this.#change({ name: 'connecting', cause, retryIn });
      if (pace === 'refused') this.#log.error({ ...fields, retryIn }, 'component link is down until something is done');
      else this.#log.warn({ ...fields, retryIn }, 'component link is down');
    }
    return this.#down();
  }

  #again(): void {
    // The last connection may still be on its way out; the server must not see two.
    this.#stream.cut();
    this.#stream = this.#connect();
  }

  /** Why nothing can be sent now. */
  #down(): RestanzaError {
    if (this.#state.name === 'closed') return new RestanzaError('link-down');
    const retryAfter = Math.max(1, Math.ceil((this.#retryAt - this.#clock.now()) / 1000));
    return new RestanzaError('link-down', undefined, { retryAfter });
  }

  send(stanza: Stanza, until: Until = 'sent'): Promise<void> {
    const sent = this.#send(stanza, until);
    // Who does not care for the outcome must not bring the process down.
    sent.catch(() => {});
    return sent;
  }

  async #send(stanza: Stanza, until: Until): Promise<void> {
    if (stanza.to === undefined || stanza.from === undefined || domainOf(stanza.from) !== this.address) {
      throw new TypeError(`a stanza of a component has a 'to', and a 'from' in ${this.address}`);
    }
    if (this.#state.name !== 'online') throw this.#down();
    const text = writable(stanza);
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#stanzaBytes) {
      throw new RestanzaError(
        'too-large',
        `it is ${bytes} bytes as XML, and the XMPP server takes ${this.#stanzaBytes}`,
      );
    }
    await this.#stream.send(text, bytes, until);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#retry?.[Symbol.dispose]();
    if (this.#state.name !== 'closed') {
      this.#change({ name: 'closed', cause: { text: 'the gateway has closed the link' } });
      this.#log.info(this.#fields, 'component link is closed');
    }
    this.#stream.close(this.#down());
    await this.#stream.closed;
    this.#inbox.close();
  }
}

/** @throws RestanzaError `value-invalid`: what cannot be written must not reach the stream that all share */
function writable(stanza: Stanza): string {
  try {
    return serialise(stanza);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new RestanzaError('value-invalid', error.message, { cause: error });
  }
}
