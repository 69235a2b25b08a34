/**
 * Stream management: what is counted, and what is said about it (XEP-0198).
 *
 * Decides how each element of the protocol is written and read, and what the counts mean: how many of our stanzas a count
 * of the server confirms, which of its stanzas we have handled, and which of those that come after a resumption we had
 * already. Numbers here are plain counts from the start of the session; only on the wire do they begin again after 2³²
 * (§4). When to ask and when to answer unasked is the caller's part, and so are clock and socket.
 */
import { childElements, type Element, element, textOf } from '../xml/element.ts';
import { write } from '../xml/write.ts';
import { isStanzaCondition, type StanzaCondition } from './conditions.ts';
import { insideStream, StreamFault, streamError } from './header.ts';
import { NS } from './ns.ts';

/** Counts on the wire are unsigned numbers of 32 bits. */
const WRAP = 2 ** 32;
/** Characters of an id that is kept; §5 asks for no more than 4,000 bytes. */
const ID_LENGTH = 4_000;
/** Stanzas handled since the server was last told after which it is told unasked, so that its queue shrinks. */
const TELL_EVERY = 32;

/** How a session can be resumed. */
export interface Resumption {
  /** The name of the session, opaque. */
  readonly id: string;
  /** Seconds that the server keeps it, when it says so. */
  readonly max?: number;
  /** Where the server would rather be asked to resume it. */
  readonly location?: string;
}

/** An element of the protocol, as a client receives it. */
export type Management =
  | { readonly name: 'enabled'; readonly resumption: Resumption | undefined }
  | { readonly name: 'resumed'; readonly previd: string; readonly h: number }
  | { readonly name: 'failed'; readonly condition: StanzaCondition; readonly text?: string; readonly h?: number }
  | { readonly name: 'a'; readonly h: number }
  | { readonly name: 'r' };

/** Asks for the other side's count. */
export const REQUEST: string = written('r', {});

/** Says how many stanzas we have handled (§4). */
export function acknowledge(handled: number): string {
  return written('a', { h: wire(handled) });
}

/** Turns stream management on, with the wish to resume (§3). It may stand inside another element (XEP-0386). */
export function enable(): Element {
  return element('enable', NS.management, { resume: 'true' });
}

/** Asks to go on with a session (§5). `handled` is how many of its stanzas we have handled. */
export function resume(id: string, handled: number): Element {
  return element('resume', NS.management, { previd: id, h: wire(handled) });
}

function written(name: string, attrs: Readonly<Record<string, string>>): string {
  return write(element(name, NS.management, attrs), insideStream(NS.client));
}

/** A count as it stands on the wire (§4). */
export function wire(count: number): string {
  return String(count % WRAP);
}

/**
 * Reads an element that is not a stanza.
 *
 * @returns `undefined` when it does not belong to this protocol
 * @throws StreamFault `bad-format` when it does and cannot be understood
 */
export function readManagement(received: Element): Management | undefined {
  if (received.ns !== NS.management) return undefined;
  const read = READERS.get(received.name);
  if (read === undefined) throw unreadable(received);
  return read(received);
}

const READERS: ReadonlyMap<string, (received: Element) => Management> = new Map([
  ['enabled', (received: Element): Management => ({ name: 'enabled', resumption: readResumption(received) })],
  [
    'resumed',
    (received: Element): Management => {
      const { previd = '' } = received.attrs;
      return { name: 'resumed', previd, h: readCount(received) };
    },
  ],
  ['failed', readFailed],
  ['a', (received: Element): Management => ({ name: 'a', h: readCount(received) })],
  ['r', (): Management => ({ name: 'r' })],
]);

/** §5: without `resume` or without an id there is nothing to resume. */
function readResumption({ attrs }: Element): Resumption | undefined {
  const { id, resume: offered, max, location } = attrs;
  if ((offered !== 'true' && offered !== '1') || id === undefined || id === '' || id.length > ID_LENGTH)
    return undefined;
  const seconds = max === undefined || !/^\d{1,9}$/.test(max) ? undefined : Number(max);
  return { id, ...(seconds !== undefined && { max: seconds }), ...(location !== undefined && { location }) };
}

/** `host`, `host:port`, or an IPv6 address in brackets, with or without a port (RFC 6120 §4.9.3.19). */
const LOCATION = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<name>[^\s:[\]/@]+))(?::(?<port>\d{1,5}))?$/;

/**
 * Reads where a session would rather be resumed.
 *
 * @returns the host, without brackets, and the port, if there is one; `undefined` when it cannot be understood
 */
export function readLocation(location: string): { readonly host: string; readonly port?: number } | undefined {
  const { v6, name, port } = LOCATION.exec(location)?.groups ?? {};
  const host = v6 ?? name;
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) return undefined;
  return port === undefined ? { host } : { host, port: Number(port) };
}

function readFailed(received: Element): Management {
  const children = childElements(received).filter(({ ns }) => ns === NS.stanzaErrors);
  const named = children.map(({ name }) => name).find(isStanzaCondition);
  const text = children.find(({ name }) => name === 'text');
  return {
    name: 'failed',
    condition: named ?? 'undefined-condition',
    ...(text !== undefined && { text: textOf(text) }),
    ...(received.attrs['h'] !== undefined && { h: readCount(received) }),
  };
}

/**
 * The count in an element's `h` (§4).
 *
 * @throws StreamFault `bad-format` when there is none
 */
export function readCount(received: Element): number {
  const { h = '' } = received.attrs;
  const count = /^\d{1,10}$/.test(h) ? Number(h) : WRAP;
  if (count >= WRAP) throw unreadable(received);
  return count;
}

function unreadable({ name }: Element): StreamFault {
  return new StreamFault('bad-format', `an element of stream management cannot be understood: ${name}`);
}

/** A count confirms more than was sent (§6): the other side has lost its way, and the stream ends. */
export class CountTooHigh extends StreamFault {
  /** What the other side is told, a stream error. */
  readonly farewell: string;

  constructor(h: number, sent: number) {
    super('undefined-condition', `the server acknowledges ${h} stanzas, but it was sent ${sent % WRAP}`);
    const attrs = { h: wire(h), 'send-count': wire(sent) };
    this.farewell = streamError(
      'undefined-condition',
      undefined,
      element('handled-count-too-high', NS.management, attrs),
    );
  }
}

/** The count of what went out in one session, as far as the server has confirmed it. */
export class Acknowledged {
  #count: number;

  /** @param count how many are confirmed from the start; other than 0 in tests only */
  constructor(count = 0) {
    this.#count = count;
  }

  /**
   * Takes a count of the server.
   *
   * @param h as it stands on the wire
   * @param unconfirmed how many went out and are not confirmed
   * @returns how many of those are confirmed by it
   * @throws CountTooHigh when it confirms more; a count that goes back looks the same
   */
  take(h: number, unconfirmed: number): number {
    const more = (((h - this.#count) % WRAP) + WRAP) % WRAP;
    if (more > unconfirmed) throw new CountTooHigh(h, this.#count + unconfirmed);
    this.#count += more;
    return more;
  }
}

/** The count of what came in during one session. */
export class Handled {
  #received: number;
  #handled: number;
  #told: number;
  /** How many had come when the server last asked for more than we had handled. */
  #owed: number | undefined;
  /** Stanzas that the server will send once more, because it did not know yet that we have them. */
  #repeats = 0;

  /** @param count how many have been handled from the start; other than 0 in tests only */
  constructor(count = 0) {
    this.#received = count;
    this.#handled = count;
    this.#told = count;
  }

  /** Counts a stanza that comes; returns whether it is a new one. */
  receive(): boolean {
    if (this.#repeats > 0) {
      this.#repeats -= 1;
      return false;
    }
    this.#received += 1;
    return true;
  }

  /** One more stanza is handled, in the order in which they came; returns whether the server should be told now. */
  handle(): boolean {
    this.#handled += 1;
    if (this.#owed !== undefined) return this.#handled >= this.#owed;
    return this.#handled - this.#told >= TELL_EVERY;
  }

  /** Whether there is something that the server was not told. */
  get news(): boolean {
    return this.#handled > this.#told;
  }

  /** The server is told how many are handled. */
  tell(): number {
    this.#told = this.#handled;
    if (this.#owed !== undefined && this.#handled >= this.#owed) this.#owed = undefined;
    return this.#handled;
  }

  /** The server asks, and is told how many are handled; when more have come, it will be told again once they are handled. */
  answer(): number {
    this.#owed = this.#received;
    return this.tell();
  }

  /** The session is about to be resumed; returns the count to resume it with. What we have beyond it comes once more. */
  resume(): number {
    this.#repeats = this.#received - this.#handled;
    this.#owed = undefined;
    return this.tell();
  }
}
