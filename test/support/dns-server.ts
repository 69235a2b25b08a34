/**
 * A DNS server on loopback that knows a few SRV records (RFC 1035 §4, RFC 2782).
 *
 * Decides that each question gets the records of its name at once; a name that is not known does not exist, and one without
 * records gets no answer ever.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SrvRecord } from '../../src/link/srv.ts';

const HEADER = 12;
const SRV = 33;
const IN = 1;
/** A response, recursion available; and the same with NXDOMAIN. */
const FOUND = 0x8180;
const NO_SUCH_NAME = 0x8183;
/** A pointer to the name in the question, RFC 1035 §4.1.4. */
const SAME_NAME = 0xc000 | HEADER;

/** A DNS server. */
export class DnsServer implements AsyncDisposable {
  readonly #socket: Socket;

  private constructor(socket: Socket, records: Readonly<Record<string, readonly SrvRecord[]>>) {
    this.#socket = socket;
    socket.on('message', (query, { port, address }) => {
      const known = records[nameOf(query)];
      if (known?.length !== 0) socket.send(answer(query, known), port, address);
    });
  }

  /** Starts one on 127.0.0.1. */
  static async open(records: Readonly<Record<string, readonly SrvRecord[]>>): Promise<DnsServer> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsServer(socket, records);
  }

  /** As `address:port`. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

/** The labels of the question, from a place in the message. */
function labels(query: Buffer): readonly string[] {
  const found: string[] = [];
  for (let at = HEADER; query.readUInt8(at) !== 0; at += query.readUInt8(at) + 1) {
    found.push(query.toString('latin1', at + 1, at + 1 + query.readUInt8(at)));
  }
  return found;
}

function nameOf(query: Buffer): string {
  return labels(query).join('.');
}

function answer(query: Buffer, records: readonly SrvRecord[] | undefined): Buffer {
  const questionEnd = HEADER + encoded(nameOf(query)).length + 4;
  const header = Buffer.from(query.subarray(0, HEADER));
  header.writeUInt16BE(records === undefined ? NO_SUCH_NAME : FOUND, 2);
  // One question, the answers, and neither authority nor additional records.
  for (const [index, count] of [1, records?.length ?? 0, 0, 0].entries()) header.writeUInt16BE(count, 4 + 2 * index);
  return Buffer.concat([header, query.subarray(HEADER, questionEnd), ...(records ?? []).map(resource)]);
}

function resource({ priority, weight, port, name }: SrvRecord): Buffer {
  const data = Buffer.concat([uint16s(priority, weight, port), encoded(name)]);
  return Buffer.concat([uint16s(SAME_NAME, SRV, IN, 0, 60, data.length), data]);
}

function encoded(name: string): Buffer {
  const parts = name.split('.').filter(label => label !== '');
  return Buffer.concat([
    ...parts.map(label => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.of(0),
  ]);
}

function uint16s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index);
  return bytes;
}
