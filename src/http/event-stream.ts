/**
 * One stream of Server-Sent Events to one client.
 *
 * Decides the pace: nothing is written while the connection has not taken what was written before, and what waits stays in
 * the journal. So a client that is slow, or does not read at all, costs a buffer and no more. One that takes nothing while
 * 1 MiB of new events comes for it, or for 30 seconds, is cut; it can come back and go on where it was.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../link/clock.ts';
import type { Log } from '../log.ts';
import type { EventPages, Feed } from './event-pages.ts';
import type { EventReader } from './event-readers.ts';
import { FAREWELL, gapFrame, HEARTBEAT, OPENING, positionFrame } from './sse.ts';

/** Bytes of new events, and milliseconds, past which a client that takes nothing is cut. */
const MOST_OWED = 1024 * 1024;
const LONGEST_STALL = 30_000;

/** The header fields of a stream. The connection ends with it, so that nothing is left open when the gateway stops. */
const FIELDS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
  connection: 'close',
} as const;

/** What a stream is made of. */
export interface StreamOptions {
  readonly pages: EventPages;
  readonly feed: Feed;
  /** What the client says that it has read up to; absent for what comes from now on. */
  readonly after: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the client has not taken. */
interface Stall {
  /** The clock's time when it took something last. */
  readonly since: number;
  /** Up to where the journal was looked through for what came since. */
  upTo: number;
  /** Bytes that came for it since. */
  owed: number;
}

/** A stream that is open until the client leaves, is cut, or the gateway stops. */
export class EventStream implements EventReader {
  readonly #response: ServerResponse;
  readonly #options: StreamOptions;
  #position: number;
  /** The position that the client knows of. */
  #told: number;
  #events = 0;
  #stall: Stall | undefined;
  #next: NodeJS.Immediate | undefined;
  #ended = false;

  /** @param response the answer, of which nothing has been sent */
  constructor(response: ServerResponse, options: StreamOptions) {
    this.#response = response;
    this.#options = options;
    this.#position = options.pages.startAt(options.after);
    this.#told = this.#position;
  }

  /** Begins the answer with what is there already. */
  open(): void {
    const { pages, after, log } = this.#options;
    this.#response.on('drain', () => this.#drained());
    this.#response.on('error', error => log.debug({ err: error }, 'an event stream broke'));
    this.#response.on('close', () => this.#stop());
    // The end of the connection is the end of the stream: chunks would cost a third of the work of each write.
    this.#response.removeHeader('transfer-encoding');
    this.#response.writeHead(200, FIELDS);
    this.#write(Buffer.from(OPENING));
    const lost = after !== undefined && after > pages.end ? pages.gapAt(after) : undefined;
    if (lost !== undefined) this.#write(Buffer.from(gapFrame(lost)));
    this.advance();
  }

  /** Sends what there is, one chunk in each turn of the event loop. */
  advance(): void {
    if (this.#ended || this.#next !== undefined) return;
    try {
      if (this.#stall === undefined) this.#send();
      else this.#owe(this.#stall);
    } catch (error) {
      this.#options.log.error({ err: error }, 'events cannot be read; the stream is cut');
      this.#stop();
      this.#response.destroy();
    }
  }

  beat(): void {
    if (this.#ended) return;
    const { clock } = this.#options;
    if (this.#stall !== undefined) {
      if (clock.now() - this.#stall.since >= LONGEST_STALL) this.#cut();
      return;
    }
    this.#write(Buffer.from(this.#told === this.#position ? HEARTBEAT : positionFrame(this.#position)));
    this.#told = this.#position;
  }

  end(): void {
    if (this.#ended) return;
    this.#stop();
    if (this.#stall === undefined) this.#response.end(FAREWELL);
    else this.#response.destroy();
  }

  #send(): void {
    const { pages, feed } = this.#options;
    const { bytes, events, next } = pages.chunkAfter(feed, this.#position);
    this.#position = next;
    this.#events += events;
    if (events > 0) this.#told = next;
    if (bytes.length > 0) this.#write(bytes);
    if (next < pages.end) this.#goOn();
  }

  #goOn(): void {
    if (this.#stall !== undefined || this.#ended) return;
    this.#next = setImmediate(() => {
      this.#next = undefined;
      this.advance();
    });
  }

  #write(bytes: Uint8Array): void {
    const { pages, clock } = this.#options;
    if (!this.#response.write(bytes)) this.#stall ??= { since: clock.now(), upTo: pages.end, owed: 0 };
  }

  #drained(): void {
    this.#stall = undefined;
    this.advance();
  }

  /** Counts what comes for a client that takes nothing. */
  #owe(stall: Stall): void {
    const { pages, feed } = this.#options;
    const { bytes, next } = pages.chunkAfter(feed, stall.upTo);
    stall.upTo = next;
    stall.owed += bytes.length;
    if (stall.owed > MOST_OWED) this.#cut();
  }

  #cut(): void {
    const { log } = this.#options;
    log.debug({ events: this.#events, owed: this.#stall?.owed }, 'an event stream was cut: its client does not read');
    this.#stop();
    this.#response.destroy();
  }

  #stop(): void {
    this.#ended = true;
    clearImmediate(this.#next);
  }
}
