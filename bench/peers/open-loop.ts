/**
 * Requests at a fixed rate, whatever becomes of those before, as a process of its own.
 *
 * Decides when each is due and that its stamp says so: a request that finds every connection busy waits for one, and the
 * wait is part of its latency. A slow server does not slow the load down.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { now, serveOrders } from './process.ts';
import { stamped } from './stamp.ts';

/** The load. */
export interface OpenLoopOrder {
  readonly port: number;
  /** A whole request in which each `STAMP_PLACE` is replaced by the time; both have the same length. */
  readonly request: string;
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
}

/** What became of the requests. */
export interface OpenLoopOutcome {
  readonly made: number;
  readonly accepted: number;
  /** Answers by status, those that are not 2xx. */
  readonly refused: Readonly<Record<string, number>>;
}

const CONNECTIONS = 64;
/** Milliseconds in which the last answers must be there. */
const GRACE = 10_000;
const ANSWER = /^HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n/;

/** One load, from its first connection to its last answer. */
class OpenLoop {
  readonly #order: OpenLoopOrder;
  readonly #idle: Socket[] = [];
  readonly #due: number[] = [];
  readonly #refused: Record<string, number> = {};
  #made = 0;
  #answered = 0;
  #accepted = 0;

  constructor(order: OpenLoopOrder) {
    this.#order = order;
  }

  async run(): Promise<OpenLoopOutcome> {
    const { port, rate, seconds } = this.#order;
    const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1'));
    for (const socket of sockets) socket.setNoDelay(true).on('error', () => {});
    await Promise.all(sockets.map(socket => once(socket, 'connect')));
    for (const socket of sockets) this.#use(socket);
    const [start, total] = [now(), Math.floor(rate * seconds)];
    const tick = setInterval(() => {
      const wanted = Math.min(total, ((now() - start) * rate) / 1000);
      for (; this.#made < wanted; this.#made += 1) this.#due.push(now());
      this.#send();
    }, 1);
    while (this.#answered < total && now() - start < seconds * 1000 + GRACE) {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    clearInterval(tick);
    for (const socket of sockets) socket.destroy();
    return { made: this.#made, accepted: this.#accepted, refused: this.#refused };
  }

  #use(socket: Socket): void {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const [answer, status] = ANSWER.exec(text) ?? [];
      if (answer === undefined || status === undefined) return;
      const [, length = '0'] = /\r\ncontent-length: *(\d+)/i.exec(answer) ?? [];
      if (text.length < answer.length + Number(length)) return;
      text = '';
      this.#count(status);
      this.#idle.push(socket);
      this.#send();
    });
    this.#idle.push(socket);
  }

  #count(status: string): void {
    this.#answered += 1;
    if (status.startsWith('2')) this.#accepted += 1;
    else this.#refused[status] = (this.#refused[status] ?? 0) + 1;
  }

  #send(): void {
    while (this.#idle.length > 0 && this.#due.length > 0) {
      const [socket, due] = [this.#idle.pop(), this.#due.shift()];
      socket?.write(stamped(this.#order.request, due ?? 0));
    }
  }
}

if (process.send !== undefined) serveOrders<OpenLoopOrder>(order => new OpenLoop(order).run());
