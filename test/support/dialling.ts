/**
 * What tests of dialling share: servers to dial, the options that a test is not about, and the count of sockets.
 *
 * Decides that every server is on loopback and every name comes from a zone of the test.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { DialError, type DialOptions, dial } from '../../src/link/dial.ts';
import type { Destination } from '../../src/link/srv.ts';
import { trusting } from '../../src/link/tls-client.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { TestAuthority } from './certificates.ts';
import { Zone } from './zone.ts';

/** The domain that is dialled, and the names of its SRV records. */
export const DOMAIN = parseJid('example.com');
export const DIRECT = '_xmpps-client._tcp.example.com';
export const STARTTLS = '_xmpp-client._tcp.example.com';

/** How many turns of the event loop a socket may take to come or go. */
const TURNS = 10_000;

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/** Listens as long as the test lasts; returns the port. */
export async function listening(t: TestContext, server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server that says nothing; returns its port. */
export function plainServer(t: TestContext, host?: string): Promise<number> {
  return listening(t, createServer(), host);
}

/** A destination. */
export function at(port: number, host = '127.0.0.1', directTls = false): Destination {
  return { host, port, directTls };
}

/** Sockets of this process, connected or about to be. */
export function socketCount(): number {
  return process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length;
}

/** Waits for so many sockets. */
export async function sockets(count: number): Promise<void> {
  for (let turns = 0; turns < TURNS && socketCount() !== count; turns += 1) await turn();
  assert.equal(socketCount(), count);
}

/** Makes a certificate for the domain, and ways to dial that trust it. */
export async function prepareDialling() {
  const authority = await TestAuthority.make();
  const issued = await authority.issue({ names: [DOMAIN] });
  const trust = trusting(authority.cert);

  const options = (more: Partial<DialOptions>): DialOptions => {
    const { signal } = new AbortController();
    return { domain: DOMAIN, tls: 'required', trust, signal, resolver: new Zone(), random: () => 0, ...more };
  };
  return {
    issued,
    options,
    /** A server that secures at once; returns its port. */
    tlsServer: (t: TestContext) => listening(t, createTlsServer({ ...issued })),
    /** Dials, closes what came of it, and tells where that was. */
    whereTo: async (more: Partial<DialOptions>): Promise<string> => {
      const { socket, where } = await dial(options(more));
      socket.destroy();
      return where;
    },
    /** Dials in vain. */
    failing: async (more: Partial<DialOptions>): Promise<DialError> => {
      const error = await dial(options(more)).then(
        ({ socket }) => void socket.destroy(),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof DialError, String(error));
      return error;
    },
  };
}
