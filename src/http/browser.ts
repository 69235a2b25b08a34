/**
 * Knowing a browser again between two pages.
 *
 * Decides the cookie for it: random, for the pages of the authorization server alone, out of reach of scripts, not sent with
 * the forms of other sites (SameSite=Lax; the link from an application to the first page does carry it, so that two pages
 * may be open at once). Over https its name has the prefix `__Host-`, by which browsers let nobody else set it.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { newBrowser } from '../oauth/sign-in.ts';

/** Seconds that a browser is known. */
const MAX_AGE = 3_600;
/** 16 bytes as base64url. */
const BROWSER = /^[A-Za-z0-9_-]{22}$/;

function cookieName(isSecure: boolean): string {
  return isSecure ? '__Host-restanza-page' : 'restanza-page';
}

/**
 * The browser that a request comes from.
 *
 * @param issuer the URL by which it knows this server
 * @returns `undefined` when it is not known
 */
export function browserOf({ headers }: FastifyRequest, issuer: string): string | undefined {
  const name = cookieName(issuer.startsWith('https:'));
  const pairs = (headers.cookie ?? '').split(';').map(pair => pair.trim().split('='));
  const [, value] = pairs.find(([key]) => key === name) ?? [];
  return value !== undefined && BROWSER.test(value) ? value : undefined;
}

/** The browser that a request comes from; one that is not known yet will be. */
export function keepBrowser(request: FastifyRequest, reply: FastifyReply, issuer: string): string {
  const isSecure = issuer.startsWith('https:');
  const browser = browserOf(request, issuer) ?? newBrowser();
  const where = isSecure ? 'Path=/; Secure' : 'Path=/oauth2';
  reply.header(
    'set-cookie',
    `${cookieName(isSecure)}=${browser}; ${where}; HttpOnly; SameSite=Lax; Max-Age=${MAX_AGE}`,
  );
  return browser;
}
