/**
 * A person at the pages: from an application's request over login and consent to an answer.
 *
 * Decides how the steps hang together without a session. A form carries the request, sealed, so that nobody can change it, and
 * only the browser that it was made for can send it back: both hold the same random text, the browser in a cookie. A login is
 * kept in memory until its owner has decided, and then once; whoever restarts the gateway makes people log in again.
 */
import { randomBytes } from 'node:crypto';
import { sameSecret } from '../auth/secret.ts';
import { RestanzaError } from '../errors.ts';
import { type Authority, findClient, type Login, LoginRefused } from './authority.ts';
import { AuthorizationFault, type AuthorizationRequest, codeRedirect, errorRedirect } from './authorization.ts';
import type { Client } from './client.ts';
import { issueCode, keepGrant } from './issuing.ts';
import { OAuthError } from './oauth-error.ts';

/** What somebody is asked to grant. */
export type Subject =
  | { readonly kind: 'code'; readonly request: AuthorizationRequest }
  | { readonly kind: 'device'; readonly userCode: string };

/** A form in somebody's browser. */
interface Form {
  readonly subject: Subject;
  readonly browser: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Milliseconds that a page may stay open. */
const LIFETIME = 600_000;

/** Makes the text by which a browser is known again. */
export function newBrowser(): string {
  return randomBytes(16).toString('base64url');
}

/** Makes what the login form carries. */
export function sealForm({ forms, now }: Authority, subject: Subject, browser: string): string {
  const form: Form = { subject, browser, expires: now() + LIFETIME };
  return forms.seal(JSON.stringify(form));
}

/** What a login form is about; `undefined` when it is too old, or was made for another browser. */
export function openForm({ forms, now }: Authority, sealed: string, browser: string | undefined): Subject | undefined {
  const text = forms.open(sealed);
  if (text === undefined || browser === undefined) return undefined;
  // Only `sealForm` makes what the seal opens.
  const form: Form = JSON.parse(text);
  return form.expires > now() && sameSecret(form.browser, browser) ? form.subject : undefined;
}

/** What is asked, and by whom. */
export interface Asked {
  readonly client: Client;
  readonly scope: readonly string[];
  /** Where the answer goes; absent for a device. */
  readonly redirectUri?: string;
}

/** What a subject is about in full; `undefined` when it is not there any more. */
export function askedBy(authority: Authority, subject: Subject): Asked | undefined {
  if (subject.kind === 'code') {
    const { client: id, scope, redirectUri } = subject.request;
    const client = findClient(authority, id);
    return client && { client, scope, redirectUri };
  }
  const { store, domain, now } = authority;
  const device = store.devices.findByUserCode(domain, subject.userCode);
  const client = device === undefined ? undefined : findClient(authority, device.client);
  if (device === undefined || client === undefined || device.expires <= now()) return undefined;
  return { client, scope: device.scope };
}

/**
 * Checks a name and a password that somebody typed.
 *
 * @param address the IP address that they come from
 * @returns `undefined` when either is wrong
 * @throws RestanzaError `too-many-failures`, and what `Users.logIn` throws
 */
export async function logIn(
  { users, throttle, log, domain }: Authority,
  { name, password, address }: { readonly name: string; readonly password: string; readonly address: string },
): Promise<Login | undefined> {
  const trial = throttle.begin(users.accountOf(name), address);
  try {
    const login = await users.logIn(name, password);
    if (login === undefined) trial.wrong();
    else trial.right();
    if (login === undefined) log.info({ host: domain, address }, 'login failed');
    return login;
  } catch (error) {
    if (error instanceof LoginRefused) trial.right();
    else trial.untried();
    throw error;
  }
}

/** Somebody who has logged in and not decided yet. */
interface Pending {
  readonly domain: string;
  readonly subject: Subject;
  readonly login: Login;
  readonly browser: string;
  readonly expires: number;
}

/** How many may take their time at once; the oldest make room. */
const MOST_PENDING = 10_000;

/** Those who have logged in and not decided yet. */
export class Consents {
  readonly #pending = new Map<string, Pending>();

  /** Remembers somebody. Returns what his form carries. */
  add({ domain, now }: Authority, subject: Subject, login: Login, browser: string): string {
    for (const [id, { expires }] of this.#pending) {
      if (expires > now() && this.#pending.size < MOST_PENDING) break;
      this.#pending.delete(id);
    }
    const id = randomBytes(32).toString('base64url');
    this.#pending.set(id, { domain, subject, login, browser, expires: now() + LIFETIME });
    return id;
  }

  /** Whose form it is, once; `undefined` when it is too old, or was made for another browser. */
  take({ domain, now }: Authority, id: string, browser: string | undefined): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined || browser === undefined || pending.domain !== domain) return undefined;
    if (!sameSecret(pending.browser, browser)) return undefined;
    this.#pending.delete(id);
    return pending.expires > now() ? pending : undefined;
  }
}

/** What comes of a decision. */
export type Outcome =
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'done'; readonly granted: boolean };

/**
 * Carries out what somebody has decided.
 *
 * @param issuer the URL by which clients know this server
 * @throws OAuthError `expired_token` when a device does not wait any more
 */
export function decide(
  authority: Authority,
  { subject, login }: { readonly subject: Subject; readonly login: Login | undefined },
  issuer: string,
): Outcome {
  if (subject.kind === 'device') return decideForDevice(authority, subject.userCode, login);
  const { request } = subject;
  if (login === undefined) return refused(request, issuer);
  const code = issueCode(authority, login, request);
  const to = codeRedirect(request, code, issuer);
  return to === undefined ? { kind: 'code', code } : { kind: 'redirect', to };
}

function refused({ redirectUri, state }: AuthorizationRequest, issuer: string): Outcome {
  const fault = new AuthorizationFault(new OAuthError('access_denied', 'the user said no'), { redirectUri, state });
  const to = errorRedirect(fault, issuer);
  return to === undefined ? { kind: 'done', granted: false } : { kind: 'redirect', to };
}

function decideForDevice(authority: Authority, userCode: string, login: Login | undefined): Outcome {
  const { store, domain, now, log } = authority;
  const device = store.devices.findByUserCode(domain, userCode);
  const late = new OAuthError('expired_token', 'the device does not wait any more');
  if (device === undefined || device.expires <= now()) throw late;
  const { client, scope, expires } = device;
  const grant = login === undefined ? undefined : keepGrant(authority, { login, client, scope }, expires - now());
  if (!store.devices.decide(device, grant?.id)) throw late;
  if (grant !== undefined) log.info({ host: domain, client, address: grant.address, scope }, 'access was granted');
  return { kind: 'done', granted: grant !== undefined };
}

/** Whether an error of a login is to be told on its page: the next attempt may go well. */
export function isPassing(error: unknown): error is RestanzaError {
  return error instanceof RestanzaError && (error.row.status === 429 || error.row.status === 503);
}
