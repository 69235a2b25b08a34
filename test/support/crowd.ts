/**
 * Many senders at a steady rate, for fault runs.
 *
 * Decides when messages are sent (by the clock: what breaks does not slow them down), who sends which, and what each log of
 * the checker is told: a sender's server has what was sent before a ping that it has answered, and a message that came back
 * as an error is refused.
 */
import type { Checker } from './checker.ts';
import { connectNative } from './native-peer.ts';
import { having, type Login, type Peer } from './peer.ts';

/** Milliseconds between two looks at what is due. */
const EVERY = 20;
/** Milliseconds that a server may take to handle what was sent to it. */
const HANDLED = 180_000;

/** What the senders do. */
export interface CrowdOptions {
  readonly checker: Checker;
  /** The senders, one for each pair of the checker. */
  readonly logins: readonly Login[];
  /** Who gets the messages. */
  readonly to: string;
  /** Messages in a second, all senders together. */
  readonly rate: number;
}

/** Senders that are logged in. */
export class Crowd implements AsyncDisposable {
  readonly #options: CrowdOptions;
  readonly #peers: readonly Peer[];
  readonly #owned: AsyncDisposableStack;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #pings = 0;

  private constructor(options: CrowdOptions, peers: readonly Peer[], owned: AsyncDisposableStack) {
    this.#options = options;
    this.#peers = peers;
    this.#owned = owned;
  }

  /** Logs all senders in. */
  static async gather(options: CrowdOptions): Promise<Crowd> {
    await using undo = new AsyncDisposableStack();
    const peers = [];
    for (const login of options.logins) peers.push(undo.use(await connectNative(login)));
    return new Crowd(options, peers, undo.move());
  }

  /** Begins to send, or goes on after a pause. */
  start(): void {
    const { checker, rate } = this.#options;
    const [began, before] = [performance.now(), checker.sent];
    this.#timer = setInterval(() => {
      const due = before + Math.floor(((performance.now() - began) * rate) / 1_000);
      while (checker.sent < due) this.#send(checker.sent % this.#peers.length);
      for (const look of this.#waiting) look();
    }, EVERY);
  }

  /** Resolves when this many more messages have been sent. */
  async more(count: number): Promise<void> {
    const { checker } = this.#options;
    const goal = checker.sent + count;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (checker.sent >= goal) resolve();
    };
    this.#waiting.add(look);
    await promise;
    this.#waiting.delete(look);
  }

  #send(pair: number): void {
    const { checker, to } = this.#options;
    const payload = checker.send(pair);
    const body = `<body>${payload}</body>`;
    this.#peers[pair]?.send(`<message to='${to}' type='chat' id='${payload}'>${body}</message>`);
  }

  /** Sends nothing until it is started again. */
  pause(): void {
    clearInterval(this.#timer);
  }

  /** Sends no more, except for one last message on each pair, and waits until the server has handled all of it. */
  async stop(): Promise<void> {
    this.pause();
    for (const pair of this.#peers.keys()) this.#send(pair);
    await this.handled();
  }

  /** Waits until the senders' server has handled all that was sent, and tells the checker of it and of what came back. */
  async handled(): Promise<void> {
    const { checker, logins } = this.#options;
    const id = `handled-${this.#pings}`;
    this.#pings += 1;
    const ping = (domain: string) => `<iq type='get' to='${domain}' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`;
    for (const [number, peer] of this.#peers.entries()) peer.send(ping(logins[number]?.domain ?? ''));
    await Promise.all(this.#peers.map(peer => peer.next(having({ id }), 'the answer to a ping', HANDLED)));
    for (const pair of this.#peers.keys()) checker.acknowledge(pair);
    this.hear();
  }

  /** Tells the checker of what came back so far. */
  hear(): void {
    for (const { name, attrs } of this.#peers.flatMap(peer => peer.takeAll())) {
      if (name === 'message' && attrs['type'] === 'error') this.#options.checker.refuse(attrs['id'] ?? '');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pause();
    await this.#owned.disposeAsync();
  }
}
