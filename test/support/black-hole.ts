/**
 * A port that nobody answers at: connections to it stay half made, as behind a firewall that drops packets.
 *
 * Decides how: a thread listens and then stands still, and its queue of connections, which holds one or two, is filled. The
 * kernel drops what comes then. That is how Linux does it; elsewhere the test has to be skipped.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Listens on `workerData.host` and stands still for ever. */
const LISTENER = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:net').createServer().listen({ ...workerData, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});`;

/** Connections that fill the queue for certain. */
const FILLING = 4;

/** A port that swallows. */
export class BlackHole implements AsyncDisposable {
  readonly port: number;
  readonly #worker: Worker;
  readonly #filling: readonly Socket[];

  private constructor(port: number, worker: Worker, filling: readonly Socket[]) {
    this.port = port;
    this.#worker = worker;
    this.#filling = filling;
  }

  /**
   * Makes one.
   *
   * @param host an address of this machine
   * @param port 0 lets the system choose
   */
  static async open(host: string, port = 0): Promise<BlackHole> {
    const worker = new Worker(LISTENER, { eval: true, workerData: { host, port } });
    const [chosen] = (await once(worker, 'message')) as [number];
    const filling = Array.from({ length: FILLING }, () => connect(chosen, host).on('error', () => {}));
    await once(filling[0] ?? worker, 'connect');
    return new BlackHole(chosen, worker, filling);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#filling) socket.destroy();
    await this.#worker.terminate();
  }
}
