/**
 * The limit of the embedded host, as a process of its own: a Fastify route that parses a JSON body and answers 202.
 */
import { fastify } from 'fastify';
import { serveOrders } from './process.ts';

/** What it is told to do: listen on a port of 127.0.0.1. */
export interface BareHttpOrder {
  readonly port: number;
}

const app = fastify();
app.post('/rest', async (_request, reply) => reply.code(202).send());

serveOrders<BareHttpOrder>(async ({ port }) => void (await app.listen({ host: '127.0.0.1', port })));
