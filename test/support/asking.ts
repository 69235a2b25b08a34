/**
 * HTTP requests with any fields, such as browsers and proxies send them and `fetch` does not.
 */
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request; `POST /rest` unless it says otherwise. */
export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer that is read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const WITHIN = 20_000;

/**
 * Makes a request on a connection of its own.
 *
 * @throws Error when there is no answer in time
 */
export async function ask(url: string, question: Question = {}): Promise<Answer> {
  const { method = 'POST', path = '/rest', headers = {}, body } = question;
  const signal = AbortSignal.timeout(WITHIN);
  const asked = request(new URL(path, url), { method, headers, agent: false, signal }).end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
}
