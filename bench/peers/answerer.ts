/**
 * A service behind a callback, as a process of its own: answers each stanza with a message.
 *
 * Decides that it does as little as a Node server can, so that what is measured is who calls it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { serveOrders } from './process.ts';

/** What it is told to do: listen on a port of 127.0.0.1. */
export interface AnswererOrder {
  readonly port: number;
}

const ANSWER = Buffer.from(JSON.stringify({ kind: 'message', type: 'chat', body: 'pong' }));
const HEADERS = { 'content-type': 'application/json', 'content-length': ANSWER.length } as const;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  // Who probes first learns what is understood here.
  if (request.method === 'OPTIONS') response.writeHead(200, { accept: 'application/json' }).end();
  else request.on('end', () => response.writeHead(200, HEADERS).end(ANSWER));
});

serveOrders<AnswererOrder>(async ({ port }) => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
});
