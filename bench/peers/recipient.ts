/**
 * The recipient: a client that counts the bodies it receives, as a process of its own.
 *
 * Decides what counts as received: a `</body>` in the bytes of the stream; they are not parsed. Where a body holds the time
 * at which it was handed in (`STAMP`), it notes how long ago that was. It answers pings (XEP-0199), or a server that has
 * not heard of it for long would give it up.
 */
import type { Socket } from 'node:net';
import { quantile } from '../statistics.ts';
import { now, serveOrders } from './process.ts';
import { STAMP, STAMP_PLACE } from './stamp.ts';
import { type ClientLogin, Occurrences, openClient } from './stream.ts';

/** What a recipient is told to do. */
export type RecipientOrder =
  | { readonly what: 'login'; readonly login: ClientLogin }
  | { readonly what: 'count' }
  | { readonly what: 'latencies' };

/** Bodies since the login, at a time in milliseconds. */
export interface Count {
  readonly count: number;
  readonly at: number;
}

/** Milliseconds of all stamped bodies since this was asked for last. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

const DIGITS = STAMP_PLACE.length;

let socket: Socket | undefined;
let count = 0;
let stamps: number[] = [];
const bodies = new Occurrences('</body>');

const REQUEST = /<iq(?=[^>]*\stype=['"]get['"])([^>]*)>/g;

function take(chunk: Buffer): void {
  count += bodies.in(chunk);
  // A stamp that is cut in two is not noted; there are enough others.
  for (let at = chunk.indexOf(STAMP); at !== -1; at = chunk.indexOf(STAMP, at + DIGITS)) {
    const sent = chunk.toString('latin1', at + STAMP.length, at + STAMP.length + DIGITS);
    if (sent.length === DIGITS) stamps.push(now() - Number(sent));
  }
}

function answer(chunk: Buffer): void {
  if (!chunk.includes('<iq')) return;
  for (const [, attributes = ''] of chunk.toString().matchAll(REQUEST)) {
    const [id, from] = ['id', 'from'].map(name => new RegExp(`\\s${name}=['"]([^'"]*)`).exec(attributes)?.[1] ?? '');
    socket?.write(`<iq type='result' id='${id}' to='${from}'/>`);
  }
}

function latencies(): Latencies {
  const result = { count: stamps.length, p50: quantile(stamps, 0.5), p99: quantile(stamps, 0.99) };
  stamps = [];
  return result;
}

if (process.send !== undefined) {
  serveOrders<RecipientOrder>(async order => {
    if (order.what === 'login') {
      socket = await openClient(order.login, chunk => {
        take(chunk);
        answer(chunk);
      });
      return undefined;
    }
    return order.what === 'count' ? { count, at: now() } : latencies();
  });
}
