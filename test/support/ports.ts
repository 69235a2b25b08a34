/**
 * TCP ports for servers that cannot choose one themselves.
 *
 * Decides where they come from: below the range that the kernel takes source ports from. A client that dials a server
 * that is down would otherwise, on loopback, sooner or later get that very port and be connected to itself.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const FIRST = 20_000;
const COUNT = 12_000;
const TRIES = 100;

/**
 * Finds ports on 127.0.0.1 that nobody listens on, all different. They are free when this returns; nothing keeps them so.
 *
 * @param count how many
 * @throws Error when there are none
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  await using held = new AsyncDisposableStack();
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries === TRIES) throw new Error(`there are no ${count} free ports from ${FIRST} on`);
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const server = await listen(port);
    if (server === undefined) continue;
    held.use(server);
    ports.push(port);
  }
  return ports;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
