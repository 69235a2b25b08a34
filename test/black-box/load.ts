/**
 * Black box: many requests at once. Each that was accepted arrives once; those of one sender, posted one after the other,
 * arrive in their order.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { it } from 'node:test';
import type { Element } from '../../src/xml/element.ts';
import { basic, JSON_TYPE } from '../support/rest-client.ts';
import { type House, newId } from './house.ts';

const PARALLEL = 300;
const SEQUENTIAL = 60;
const PIPELINED = 60;

const ids = (count: number) => Array.from({ length: count }, newId);
const idsOf = (stanzas: readonly Element[]) => stanzas.map(({ attrs }) => attrs['id'] ?? '');

/** Registers the tests of this file. */
export function loadCases(house: () => House): void {
  const message = (id: string) => ({ kind: 'message', to: house().bob.jid, id, body: `number ${id}` });

  it(`delivers ${PARALLEL} messages that are posted at once, each once`, async () => {
    const posted = ids(PARALLEL);
    const replies = await Promise.all(posted.map(id => house().json(message(id))));
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([202]));
    assert.deepEqual(idsOf(await house().allArrived()).sort(), posted.sort());
  });

  it('delivers messages that are posted one after the other in their order', async () => {
    const posted = ids(SEQUENTIAL);
    for (const id of posted) assert.equal((await house().json(message(id))).status, 202);
    assert.deepEqual(idsOf(await house().allArrived()), posted);
  });

  it('delivers messages that are pipelined on one connection, each once, and answers them all', async () => {
    const { backend } = house();
    const posted = ids(PIPELINED);
    const requests = posted.map(id => rawRequest(JSON.stringify(message(id)), basic(backend.sender)));
    const statuses = await pipeline(backend.gateway.url, requests);
    assert.deepEqual(
      statuses,
      posted.map(() => 202),
    );
    assert.deepEqual(idsOf(await house().allArrived()).sort(), posted.sort());
  });
}

/** An HTTP/1.1 request as it stands on the wire (RFC 9112 §3). */
function rawRequest(body: string, authorization: string): string {
  const headers = ['host: gateway', `authorization: ${authorization}`, `content-type: ${JSON_TYPE}`];
  return ['POST /rest HTTP/1.1', ...headers, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

/** Writes all requests in one go, and reads until as many status lines have come (RFC 9112 §9.3.2). */
async function pipeline(url: string, requests: readonly string[]): Promise<readonly number[]> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  const deadline = setTimeout(() => socket.destroy(new Error('not all requests were answered in time')), 30_000);
  try {
    await once(socket, 'connect');
    socket.write(requests.join(''));
    let answers = '';
    for await (const text of socket) {
      answers += text;
      const statuses = Array.from(answers.matchAll(/^HTTP\/1\.1 (\d{3}) /gm), ([, status]) => Number(status));
      if (statuses.length === requests.length) return statuses;
    }
    throw new Error(`the connection ended early: ${answers}`);
  } finally {
    clearTimeout(deadline);
    socket.destroy();
  }
}
