/**
 * A service that is called with stanzas, as a bot behind a callback is.
 *
 * Decides that a test says, call by call, what is answered; and that the service can go away and come back at its port.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Arrivals } from './arrivals.ts';

/** A call as it came. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer; 202 and nothing else when all is left out. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Cut the connection instead. */
  readonly cut?: boolean;
}

/** A running service, or one that is away. */
export class CallbackReceiver implements AsyncDisposable {
  /** The POSTs, each to be taken once. */
  readonly calls = new Arrivals<Call>(() => 'at the callback');
  /** Every POST so far. */
  readonly all: Call[] = [];
  /** The probes. */
  readonly probes: Call[] = [];
  answer: (call: Call) => Answer | Promise<Answer>;
  /** What the answer to a probe says it accepts. */
  accept: string | undefined;
  #server: Server | undefined;
  #port = 0;

  constructor(answer: (call: Call) => Answer | Promise<Answer> = () => ({})) {
    this.answer = answer;
  }

  /** Starts one. */
  static async start(answer?: (call: Call) => Answer | Promise<Answer>): Promise<CallbackReceiver> {
    const receiver = new CallbackReceiver(answer);
    await receiver.listen();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, at the same port as before. */
  async listen(): Promise<void> {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      const { method = '', url = '', headers } = request;
      const call: Call = { method, url, headers, body };
      if (method === 'OPTIONS') {
        this.probes.push(call);
        response.writeHead(200, this.accept === undefined ? {} : { accept: this.accept }).end();
        return;
      }
      this.all.push(call);
      const { status = 202, headers: fields = {}, body: text = '', cut = false } = await this.answer(call);
      if (cut) request.socket.destroy();
      else response.writeHead(status, fields).end(text);
      this.calls.push(call);
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Goes away: nothing listens at the port. */
  async leave(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }
}
