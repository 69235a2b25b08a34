/**
 * Errors at the pages: who is told of them, and how.
 *
 * Decides that an application on the person's own machine is told at once, and one on the web only when the person goes on: anybody
 * may register an application, and a server that sends people on without a word would lend its name to every address
 * (RFC 9700 §4.11.2). Errors that pass say when to try again.
 */
import type { FastifyReply } from 'fastify';
import type { RestanzaError } from '../../errors.ts';
import { AuthorizationFault, errorRedirect } from '../../oauth/authorization.ts';
import { OAuthError } from '../../oauth/oauth-error.ts';
import { looksNative } from '../../oauth/redirect.ts';
import { isPassing } from '../../oauth/sign-in.ts';
import { faultPage } from './end-pages.ts';
import { sendElsewhere, sendPage } from './page.ts';

/** What a page shows of an error. */
export interface Problem {
  readonly text: string;
  readonly status: number;
}

/** Where an error came up. */
interface Place {
  /** What people call this server. */
  readonly site: string;
  /** The URL by which clients know it. */
  readonly issuer: string;
  readonly reply: FastifyReply;
}

/**
 * Answers a request to a page that went wrong.
 *
 * @throws the error itself where it is none that a person can do something about
 */
export function sendFault({ site, issuer, reply }: Place, error: unknown): FastifyReply {
  if (error instanceof AuthorizationFault) {
    const to = errorRedirect(error, issuer);
    if (to !== undefined && looksNative(error.redirectUri)) return sendElsewhere(reply, to);
    return sendPage(reply, faultPage(site, { text: sentence(error.message), status: 400 }, to));
  }
  if (error instanceof OAuthError) {
    // There is nothing here that a browser could log in with by itself.
    const status = error.status === 401 ? 400 : error.status;
    return sendPage(reply, faultPage(site, { text: sentence(error.message), status }));
  }
  if (isPassing(error)) return sendPage(withPatience(reply, error), faultPage(site, passing(error)));
  throw error;
}

function sentence(text: string): string {
  const [first = ''] = text;
  return `${first.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** What is told of an error that goes away. */
export function passing({ row, retryAfter }: RestanzaError): Problem {
  const what = row.status === 429 ? 'There were too many attempts.' : 'The server cannot look at this at the moment.';
  return { text: `${what} Try again in ${secondsOf(retryAfter)} seconds.`, status: row.status };
}

/** Marks an answer with when to come back. */
export function withPatience(reply: FastifyReply, { retryAfter }: RestanzaError): FastifyReply {
  return reply.header('retry-after', String(secondsOf(retryAfter)));
}

function secondsOf(retryAfter = 30): number {
  return Math.max(1, Math.ceil(retryAfter));
}
