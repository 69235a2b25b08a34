/**
 * The HTTP exchanges that were recorded from mod_rest, made again with a gateway.
 *
 * Decides how a recorded request goes out: byte by byte as it was made, but for the addresses and passwords of the test.
 * When an answer is the recorded one is decided in `http-answers.ts`; what the XMPP server behind it says is compared only
 * where that is the server of the recordings.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { alike, type HttpAnswer, mediaType } from './http-answers.ts';
import { vectors } from './vectors.ts';

/** A body that is too long to be recorded as it is. */
interface BodySpec {
  readonly prefix: string;
  readonly fill: string;
  readonly count: number;
  readonly suffix: string;
}

interface Body {
  readonly body?: string | null;
  readonly body_spec?: BodySpec;
}

/** A request and what mod_rest answered to it. */
export interface HttpVector {
  readonly id: string;
  /** Which of the recorder's servers answered. */
  readonly server: 'A' | 'B';
  readonly request: Body & {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly response: Body & { readonly status?: number | null; readonly content_type?: string | null };
}

/** All that were answered; one was not, since the recorder could not finish sending it. */
export const HTTP_VECTORS = vectors<HttpVector>('http.json').filter(
  ({ response }) => typeof response.status === 'number',
);

/** What the recordings are compared with. */
export interface Replay {
  /** Of the gateway, as `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Whether the server behind it is set up as that of the recordings. */
  readonly isSameServer: boolean;
  /** Puts the test's addresses in the place of the recorded ones, in any text of a request or an answer. */
  readonly rewrite: (text: string) => string;
  /** The same for the value of `Authorization`. */
  readonly authorize: (field: string) => string;
  /** Takes out of our answers what no recording has, because its caller was another. */
  readonly tidy: (text: string) => string;
}

/** Makes these requests, one after the other; returns the ids of those whose answers differ. */
export async function differing(recorded: readonly HttpVector[], replay: Replay): Promise<readonly string[]> {
  const different: string[] = [];
  for (const vector of recorded) {
    const isWhole = replay.isSameServer || vector.request.path.startsWith('/rest/echo');
    const ours = await ask(vector, replay);
    const tidied = { ...ours, body: replay.tidy(ours.body) };
    if (!alike(answerOf(vector, replay), tidied, isWhole)) different.push(vector.id);
  }
  return different;
}

function bodyOf({ body, body_spec: spec }: Body, { rewrite }: Replay): string {
  return rewrite(spec === undefined ? (body ?? '') : spec.prefix + spec.fill.repeat(spec.count) + spec.suffix);
}

function answerOf({ request, response }: HttpVector, replay: Replay): HttpAnswer {
  const body = request.method === 'HEAD' ? '' : bodyOf(response, replay);
  return { status: response.status ?? 0, type: mediaType(response.content_type), body };
}

function headOf({ request }: HttpVector, body: string, { rewrite, authorize }: Replay): string {
  const { Authorization: field, ...headers } = request.headers;
  const fields = {
    ...(hasBody(request) && { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
    ...(field !== undefined && { Authorization: authorize(field) }),
    Connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`${request.method} ${rewrite(request.path)} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

function hasBody({ body, body_spec: spec }: Body): boolean {
  return spec !== undefined || typeof body === 'string';
}

/** Makes a request on a bare socket, since HTTP libraries would put paths right. */
async function ask(vector: HttpVector, replay: Replay): Promise<HttpAnswer> {
  const body = bodyOf(vector.request, replay);
  const socket = connect(Number(new URL(replay.url).port), '127.0.0.1');
  await once(socket, 'connect');
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  // A server that has refused a large body does not read the rest of it, and writing then fails.
  socket.on('error', () => {});
  socket.write(headOf(vector, body, replay) + body);
  await new Promise(resolve => socket.once('close', resolve));
  const [head = '', ...rest] = received.split('\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    type: mediaType(/^content-type: (.*)$/im.exec(head)?.[1]),
    body: rest.join('\r\n\r\n'),
  };
}
