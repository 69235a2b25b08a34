/**
 * HTTP over a bare socket: requests that no HTTP library would send.
 *
 * Decides that a request is bytes, that it has a connection of its own, and how an answer is told from the end of the
 * connection. It judges no status; that is for the test.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

/** The end of a connection that a request was sent on. */
export interface Ending {
  /** The statuses of the answers in their order, interim ones (1xx) left out. */
  readonly statuses: readonly number[];
  /** The head of the last answer, without the empty line; empty when there was none. */
  readonly head: string;
  /** Its body. */
  readonly body: string;
  /** All that came, one character per byte. */
  readonly received: string;
}

/** Milliseconds without a byte after which the server is taken for hanging. */
const IDLE = 10_000;
const HEAD = /^HTTP\/1\.1 (?<status>\d{3}) [^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n/;
const LENGTH = /\r\ncontent-length: *(\d+)/i;
/** An empty body in chunks, as node:http itself sends it. */
const NO_CHUNKS = '0\r\n\r\n';

/**
 * Sends bytes and reads until the server ends the connection.
 *
 * @param url of the server
 * @param halfClose ends our half behind the bytes, as a client does that has no more
 * @throws Error when the server hangs, or sends what is no sequence of whole answers
 */
export async function exchange(url: string, bytes: Uint8Array, halfClose: boolean): Promise<Ending> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  let hangs = false;
  socket.setTimeout(IDLE, () => {
    hangs = true;
    socket.destroy();
  });
  // A reset after the answer is an end like another one; before it, the answer is missing.
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (halfClose) socket.end(bytes);
  else socket.write(bytes);
  await once(socket, 'close');
  const received = Buffer.concat(chunks).toString('latin1');
  if (hangs) throw new Error(`no answer in ${IDLE} ms; so far: ${received}`);
  return readAnswers(received, Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'HEAD ');
}

/** @param bodiless the answer is one to HEAD, whose length is only said */
function readAnswers(received: string, bodiless: boolean): Ending {
  const statuses: number[] = [];
  let [head, body] = ['', ''];
  for (let rest = received; rest !== ''; ) {
    const match = HEAD.exec(rest);
    if (match === null) throw new Error(`this is not the head of an answer: ${rest}`);
    const [text] = match;
    const status = Number(match.groups?.['status']);
    rest = rest.slice(text.length);
    if (status < 200) continue;
    // What is refused before its method is known has a body, whatever the method.
    const length = bodiless && rest === '' ? 0 : Number(LENGTH.exec(text)?.[1] ?? lengthOfChunks(rest));
    if (rest.length < length) throw new Error(`the answer is cut off: ${received}`);
    [head, body] = [text.trimEnd(), rest.slice(0, length)];
    statuses.push(status);
    rest = rest.slice(length);
  }
  return { statuses, head, body, received };
}

function lengthOfChunks(rest: string): number {
  return rest.startsWith(NO_CHUNKS) ? NO_CHUNKS.length : 0;
}
