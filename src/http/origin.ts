/**
 * The server that a request is for, and the page that it comes from (RFC 9112 §3.2, RFC 6454 §7, W3C Fetch Metadata §2.3).
 *
 * Decides which requests a browser makes for a page of somebody else. It adds the password that its user once typed to
 * every request, and asks nobody (CORS) before those that a form or an image can make as well; so such a page could
 * speak as the user. Programs send neither `Origin` nor `Sec-Fetch-Site`, and are not concerned.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { RestanzaError } from '../errors.ts';
import type { Jid } from '../xmpp/jid.ts';

/** The pages, beside those of this server, that may make requests to a host: their origins, or `*`. */
export type AllowedOrigins = (domain: Jid) => readonly string[] | '*';

/** What a browser says about the page that a request comes from, in fields that scripts cannot set. */
export interface PageFields {
  /** `scheme://host:port`, or `null` where that is nobody's business. */
  readonly origin: string | undefined;
  /** `same-origin`, `same-site`, `cross-site`, or `none` when no page is behind it. */
  readonly secFetchSite: string | undefined;
  /** The field `Host`. */
  readonly host: string | undefined;
}

const OWN_SITES: readonly string[] = ['same-origin', 'none'];

/**
 * Whether a request comes from a page that is neither this server's own nor allowed.
 *
 * `Sec-Fetch-Site` decides where there is one, for the browser knows its own address bar while proxies may change `Host`;
 * else `Origin` must name the host and port of `Host`, with whatever scheme, since TLS may end before us.
 *
 * @param allowed origins as browsers write them, such as `https://app.example.com`; with `*` among them no page is foreign
 */
export function foreignOrigin({ origin, secFetchSite, host }: PageFields, allowed: readonly string[]): boolean {
  if (allowed.includes('*') || (origin !== undefined && allowed.includes(origin.toLowerCase()))) return false;
  if (secFetchSite !== undefined) return !OWN_SITES.includes(secFetchSite);
  return origin !== undefined && !namesHost(origin, host);
}

/** Whether an origin has this host and port; a port that the scheme implies may be left out. */
function namesHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: named } = new URL(origin);
  const own = `${protocol}//${host}`;
  return named !== '' && URL.canParse(own) && new URL(own).host === named;
}

/** The refusal of a request that a browser makes for a foreign page; `undefined` for all others. */
export function originFault(
  { origin, host, 'sec-fetch-site': secFetchSite }: IncomingHttpHeaders,
  allowed: readonly string[] | '*',
): RestanzaError | undefined {
  const fields = { origin, host, secFetchSite: Array.isArray(secFetchSite) ? secFetchSite.join() : secFetchSite };
  if (!foreignOrigin(fields, allowed === '*' ? [allowed] : allowed)) return undefined;
  return new RestanzaError('origin-forbidden', 'use a program, or let the operator allow the page; nothing was sent');
}

/**
 * Whether a form was sent from a page of another site. Our own pages do not say where they are (`no-referrer`), and some
 * browsers then send the origin `null` to a server without TLS, and nothing else; such a form has to prove itself in
 * another way.
 */
export function foreignForm({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  const secFetchSite = Array.isArray(site) ? site.join() : site;
  if (secFetchSite === undefined && origin === 'null') return false;
  return foreignOrigin({ origin, host, secFetchSite }, []);
}

const ABSOLUTE = /^https?:\/\/([^/?]+)(.*)$/is;

/**
 * The target of a request without the host that may stand in it (RFC 9112 §3.2.2), as a proxy would be asked. That host is
 * the one that is meant, and takes the place of the field `Host`.
 */
export function originForm({ url = '/', headers }: IncomingMessage): string {
  const [, authority, rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (authority === undefined) return url;
  headers.host = authority;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** RFC 3986 §3.2.2 and §3.2.3. */
const HOST = /^(?:\[[0-9a-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*)(?::\d*)?$/i;

/**
 * What is wrong with the fields that say whom a request is for and whom it is from: HTTP/1.1 wants `Host` exactly once, and it must
 * be a host. Of two `Authorization` somebody on the way may have looked at the one, and we would take the other.
 */
export function senderFault(request: IncomingMessage): RestanzaError | undefined {
  const { headers, httpVersion } = request;
  const hosts = countOf('host', request);
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0')) {
    return new RestanzaError('request-malformed', `there must be one Host field, and there are ${hosts}`);
  }
  if (countOf('authorization', request) > 1) {
    return new RestanzaError('request-malformed', 'there must be one Authorization field at most');
  }
  if (HOST.test(headers.host ?? '')) return undefined;
  return new RestanzaError('request-malformed', 'Host must be a name or an address, and a port where there is one');
}

/** How often a field is there, whose name is given in lower case. */
function countOf(field: string, { rawHeaders }: IncomingMessage): number {
  let count = 0;
  // Names stand at even places.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === field.length && name.toLowerCase() === field) count += 1;
  }
  return count;
}
