/**
 * Receivers that lie, stall and flood: each ends in its fault, in time and without filling the memory.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { PATIENCE, POST, Receiver } from '../../test/support/receiver.ts';
import type { FaultName } from './call-fault.ts';

/** What a receiver writes on its socket, in answer to the first bytes, and the fault that comes of it. */
const HOSTILE: Readonly<Record<string, readonly [answer: (socket: Socket) => void, fault: FaultName]>> = {
  'that never ends': [endless, 'too-large'],
  'one byte too long': [say(`HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n${'x'.repeat(262_145)}`), 'too-large'],
  'of chunks that never end': [endlessChunks, 'too-large'],
  'that does not come': [() => {}, 'timeout'],
  'that comes byte by byte': [slowly('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n'), 'timeout'],
  'whose headers come byte by byte': [slowly('HTTP/1.1 200 OK\r\nX-'), 'timeout'],
  'whose headers never end': [endlessHeaders, 'malformed'],
  'that is no HTTP': [say('SSH-2.0-OpenSSH_9.2\r\n'), 'malformed'],
  'with two lengths': [say('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'), 'malformed'],
  'with a header over two lines': [say('HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: -1\r\n\r\n'), 'malformed'],
  'with no end of its head': [ending('HTTP/1.1 200 OK\r\nConten'), 'reset'],
  'shorter than it says': [ending('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'), 'reset'],
  'that is none': [ending(''), 'reset'],
  'that is a reset': [socket => socket.resetAndDestroy(), 'reset'],
  'that is compressed': [compressed, 'encoded'],
};

function say(text: string): (socket: Socket) => void {
  return socket => socket.write(text);
}

function ending(text: string): (socket: Socket) => void {
  return socket => socket.end(text);
}

/** Goes on for as long as the other side reads. */
function flood(socket: Socket, text: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', more);
  more();
}

function endless(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\n\r\n');
  flood(socket, 'x'.repeat(16_384));
}

function endlessChunks(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  flood(socket, `4000\r\n${'x'.repeat(0x4000)}\r\n`);
}

function endlessHeaders(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\n');
  flood(socket, `X-A: ${'x'.repeat(1_000)}\r\n`);
}

function slowly(head: string): (socket: Socket) => void {
  return socket => {
    socket.write(head);
    const timer = setInterval(() => socket.write('x'), 20);
    socket.once('close', () => clearInterval(timer));
  };
}

/** A megabyte of nothing, packed. */
function compressed(socket: Socket): void {
  const body = gzipSync(Buffer.alloc(1024 * 1024));
  socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
  socket.write(body);
}

describe('an answer', () => {
  for (const [what, [answer, fault]] of Object.entries(HOSTILE)) {
    test(`${what} is the fault ${fault}`, async () => {
      await using receiver = await Receiver.tcp(socket => socket.once('data', () => answer(socket)));
      const result = await receiver.call(POST, { ...PATIENCE, timeout: fault === 'timeout' ? 200 : 5_000 });
      assert.equal(result.name === 'fault' ? result.fault : JSON.stringify(result), fault);
    });
  }
});
