/**
 * One HTTP request that is made again and again.
 *
 * Decides how it is described, tried once before it is measured, and written as text for those who send bytes.
 */
import { request } from 'node:http';

/** A request. */
export interface HttpTarget {
  readonly port: number;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The status that it is answered with. */
  readonly expects: number;
}

/** The field of HTTP Basic (RFC 7617). */
export function basicAuth(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/** Milliseconds for one try. */
const TRY = 20_000;

/**
 * Makes the request once.
 *
 * @returns the body of the answer
 * @throws Error with the answer when its status is another one
 */
export async function tryOnce({ port, path, method = 'POST', headers, body, expects }: HttpTarget): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { host: '127.0.0.1', port, path, method, headers, agent: false, signal: AbortSignal.timeout(TRY) };
  const call = request(options, response => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => {
      if (response.statusCode === expects) resolve(text);
      else reject(new Error(`it answers ${response.statusCode} ${text.slice(0, 200)}`.trim()));
    });
  });
  call.on('error', reject).end(body);
  return promise;
}

/** The request as it goes over the wire. */
export function asText({ port, path, method = 'POST', headers, body }: HttpTarget): string {
  const fields = { Host: `127.0.0.1:${port}`, ...headers, 'content-length': `${Buffer.byteLength(body)}` };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n');
}
