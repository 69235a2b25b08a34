/**
 * What all pages for people have in common.
 *
 * Decides their frame, that they need no script, and what a browser may do with them: nothing but show the one style sheet and
 * send the form to us. No other page may show them inside itself, and none learns their address.
 */
import type { FastifyReply } from 'fastify';
import { OAUTH_PATHS } from '../../oauth/metadata.ts';
import { type Html, html } from './html.ts';

/** A page. */
export interface Page {
  readonly title: string;
  /** What people call this server. */
  readonly site: string;
  readonly content: Html;
  readonly status: number;
  /** Where the answer to the form may lead, as a source of CSP; this server alone when absent. */
  readonly leadsTo?: string | undefined;
}

/** Sends a page. */
export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  const formAction = page.leadsTo === undefined ? "'self'" : `'self' ${page.leadsTo}`;
  return withSafety(reply)
    .code(page.status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'self'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
    })
    .send(String(framed(page)));
}

/** Leads a browser somewhere else with GET, whatever brought it here (RFC 9700 §4.12). */
export function sendElsewhere(reply: FastifyReply, to: string): FastifyReply {
  return withSafety(reply).code(303).header('location', to).send();
}

function withSafety(reply: FastifyReply): FastifyReply {
  return reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache', 'referrer-policy': 'no-referrer' });
}

function framed({ title, site, content }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} – ${site}</title>
<link rel="stylesheet" href="${OAUTH_PATHS.style}">
</head>
<body>
<main>
<p class="site">${site}</p>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;
}

/**
 * What a form of CSP calls the place of a redirect URI; browsers also look there when a form's answer leads on.
 * An IPv6 address cannot be named (CSP 3 §2.3.1), so its scheme stands for it.
 */
export function sourceOf(uri: string): string | undefined {
  if (!URL.canParse(uri)) return undefined;
  const { protocol, host, hostname } = new URL(uri);
  const isWeb = protocol === 'http:' || protocol === 'https:';
  return isWeb && !hostname.startsWith('[') ? `${protocol}//${host}` : protocol;
}

/** What went wrong, said before anything else; `id` lets the fields point at it. */
export function alert(problem: string | undefined): Html | undefined {
  return problem === undefined ? undefined : html`<p class="problem" id="problem" role="alert">${problem}</p>`;
}
