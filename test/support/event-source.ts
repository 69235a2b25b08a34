/**
 * A client of Server-Sent Events over `node:http`, which shows what a browser's `EventSource` hides.
 *
 * Decides how the stream is cut into events (HTML Living Standard §9.2.6), and lets a test stop reading and go away. It does
 * not reconnect; that is for the test.
 */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Arrivals } from './arrivals.ts';

/** An event as it was dispatched. */
export interface ReceivedEvent {
  /** The last event id of the stream at that time. */
  readonly id: string;
  readonly name: string;
  readonly data: string;
}

/** A request whose answer may have no end. */
export class EventSource implements Disposable {
  readonly events: Arrivals<ReceivedEvent>;
  /** The texts of comments. */
  readonly comments: Arrivals<string>;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  #rest = '';
  #id = '';
  #retry: string | undefined;

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#request = sent;
    this.#response = response;
    const state = () => `the last id was '${this.#id}'`;
    this.events = new Arrivals(state);
    this.comments = new Arrivals(state);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#read(text));
    // A connection that is cut is an end like another one.
    response.on('error', () => {});
    response.on('close', () => {
      this.events.end(new Error('the stream has ended'));
      this.comments.end(new Error('the stream has ended'));
      resolve();
    });
  }

  /** Makes a request on a connection of its own, and waits for the head of the answer. */
  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<EventSource> {
    const sent = request(url, { headers, agent: false });
    sent.end();
    const [response]: IncomingMessage[] = await once(sent, 'response');
    if (response === undefined) throw new Error('there is no answer');
    sent.on('error', () => {});
    return new EventSource(sent, response);
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  header(name: string): string | undefined {
    const value = this.#response.headers[name];
    return Array.isArray(value) ? value.join() : value;
  }

  /** What a browser would send as `Last-Event-ID`. */
  get lastEventId(): string {
    return this.#id;
  }

  /** Milliseconds after which the server wants clients back. */
  get retry(): string | undefined {
    return this.#retry;
  }

  /** The next event. */
  next(): Promise<ReceivedEvent> {
    return this.events.take(() => true, 'the next event');
  }

  /** The next events. */
  async take(count: number): Promise<readonly ReceivedEvent[]> {
    const events: ReceivedEvent[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  /** Reads nothing more, until `resume`. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /** Goes away without a word. */
  [Symbol.dispose](): void {
    this.#request.destroy();
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.#dispatch(block.split('\n'));
  }

  #dispatch(lines: readonly string[]): void {
    const fields = lines.map(line => /^(?<name>[^:]*):? ?(?<value>.*)$/s.exec(line)?.groups ?? {});
    const valuesOf = (wanted: string) => fields.flatMap(({ name, value = '' }) => (name === wanted ? [value] : []));
    for (const comment of valuesOf('')) this.comments.push(comment);
    this.#id = valuesOf('id').at(-1) ?? this.#id;
    this.#retry = valuesOf('retry').at(-1) ?? this.#retry;
    const data = valuesOf('data');
    const [name = 'message'] = valuesOf('event');
    if (data.length > 0) this.events.push({ id: this.#id, name, data: data.join('\n') });
  }
}
