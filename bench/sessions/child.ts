/**
 * The process of the gateway whose memory is looked at, from the side of who looks.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Memory, Said } from './gateway.ts';

const GATEWAY = fileURLToPath(new URL('gateway.ts', import.meta.url));

/** The gateway's process. */
export class GatewayChild implements AsyncDisposable {
  readonly #process: ReturnType<typeof fork>;
  readonly url: string;

  private constructor(child: ReturnType<typeof fork>, url: string) {
    this.#process = child;
    this.url = url;
  }

  /** Starts it. @param config the path of its configuration */
  static async start(config: string): Promise<GatewayChild> {
    const child = fork(GATEWAY, [config], { execArgv: ['--expose-gc'] });
    const said = await next(child);
    if (!('url' in said)) throw new Error('the gateway did not say where it listens');
    return new GatewayChild(child, said.url);
  }

  /** Its memory now. */
  async measure(): Promise<Memory> {
    this.#process.send('measure');
    const said = await next(this.#process);
    if (!('memory' in said)) throw new Error('the gateway did not say how much memory it has');
    return said.memory;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.disconnect();
    await exited;
  }
}

async function next(child: ReturnType<typeof fork>): Promise<Said> {
  const exited = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the gateway ended with ${code}`)));
  // Looked at only while something is waited for.
  exited.catch(() => {});
  const [said] = await Promise.race([once(child, 'message'), exited]);
  return said;
}
