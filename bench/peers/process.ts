/**
 * A process of the benchmark's own, beside the one that measures.
 *
 * Decides how the two talk: an order at a time, each with an answer or a fault, over Node's channel between parent and
 * child. A child ends when the channel does, however its parent ended.
 */
import { type ChildProcess, fork } from 'node:child_process';

type Word<Answer> = { readonly answer: Answer } | { readonly fault: string };

/** Milliseconds that an order may take. */
const BOUND = 300_000;

/** A child that takes orders. */
export class Peer<Order extends object> implements Disposable {
  readonly #child: ChildProcess;

  /** @param file the module that the child runs; it calls `serveOrders` */
  constructor(file: string) {
    this.#child = fork(new URL(file, import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Gives an order; one at a time.
   *
   * @throws Error when the child cannot carry it out, or is gone
   */
  async ask<Answer>(order: Order): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Word<Answer>>();
    const gone = () => reject(new Error('a process of the benchmark has ended'));
    const late = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(order)}`)), BOUND);
    this.#child.once('message', resolve).once('exit', gone);
    try {
      this.#child.send(order);
      const word = await promise;
      if ('fault' in word) throw new Error(word.fault);
      return word.answer;
    } finally {
      clearTimeout(late);
      this.#child.off('message', resolve).off('exit', gone);
    }
  }

  /** SIGKILL: it holds nothing that must be kept. */
  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** Carries out the orders of the parent; to be called once in a child. */
export function serveOrders<Order>(carryOut: (order: Order) => Promise<unknown>): void {
  process.on('message', async (order: Order) => {
    const word = await carryOut(order).then(
      answer => ({ answer }),
      (error: unknown) => ({ fault: error instanceof Error ? error.message : String(error) }),
    );
    process.send?.(word);
  });
  process.on('disconnect', () => process.exit());
}

/** Milliseconds of a clock that all processes of one machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
