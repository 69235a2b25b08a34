/**
 * The pages of the authorization server: login, consent, and the code of a device.
 *
 * Decides which page follows which. Everything that somebody sends from a page is taken only from the browser that the page
 * was made for (`oauth/sign-in.ts`), and from no page of another site.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RestanzaError } from '../../errors.ts';
import { type Authority, findClient, type Login, LoginRefused } from '../../oauth/authority.ts';
import { readAuthorization } from '../../oauth/authorization.ts';
import { findDevice, showUserCode } from '../../oauth/device-flow.ts';
import { OAUTH_PATHS } from '../../oauth/metadata.ts';
import { OAuthError } from '../../oauth/oauth-error.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { OUT_OF_BAND } from '../../oauth/redirect.ts';
import { meanings } from '../../oauth/scope.ts';
import { askedBy, Consents, decide, isPassing, logIn, openForm, type Subject, sealForm } from '../../oauth/sign-in.ts';
import { withoutSqlite } from '../../oauth/storage-fault.ts';
import { browserOf, keepBrowser } from '../browser.ts';
import { authorityFor, formOf, issuerOf, OAUTH_BODY, type OAuthOptions, queryOf } from '../oauth-exchange.ts';
import { foreignForm } from '../origin.ts';
import { consentPage } from '../pages/consent-page.ts';
import { devicePage } from '../pages/device-page.ts';
import { codePage, donePage } from '../pages/end-pages.ts';
import { type LoginView, loginPage } from '../pages/login-page.ts';
import { sendElsewhere, sendPage, sourceOf } from '../pages/page.ts';
import { type Problem, passing, sendFault, withPatience } from '../pages/page-faults.ts';
import { STYLE } from '../pages/style.ts';
import { addressOf } from '../source.ts';

/** A request to a page, with what all pages need. */
interface Visit {
  readonly authority: Authority;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly consents: Consents;
}

type Show = (visit: Visit) => FastifyReply | Promise<FastifyReply>;

/** Adds the pages to the application. */
export function oauthPages(app: FastifyInstance, options: OAuthOptions): void {
  const consents = new Consents();
  const shown = (show: Show) => async (request: FastifyRequest, reply: FastifyReply) => {
    const authority = authorityFor(request, options);
    if (authority.users.names !== 'users') throw new RestanzaError('not-found', 'nobody logs in at a component');
    const visit = { authority, request, reply, consents };
    try {
      return await show(visit);
    } catch (error) {
      const place = { site: authority.name, issuer: issuerOf(authority, request), reply };
      return sendFault(place, withoutSqlite(error, authority.log));
    }
  };
  app.route({
    method: 'GET',
    url: OAUTH_PATHS.authorize,
    handler: shown(visit => begin(visit, queryOf(visit.request))),
  });
  app.route({ method: 'POST', url: OAUTH_PATHS.authorize, bodyLimit: OAUTH_BODY, handler: shown(goOn) });
  app.route({ method: 'GET', url: OAUTH_PATHS.device, handler: shown(beginDevice) });
  app.route({
    method: 'GET',
    url: OAUTH_PATHS.style,
    handler: async (request, reply) => {
      const { style } = authorityFor(request, options);
      return reply
        .headers({ 'content-type': 'text/css; charset=utf-8', 'cache-control': 'max-age=300' })
        .send(STYLE + style);
    },
  });
}

/** An application sends somebody here. */
function begin(visit: Visit, parameters: Parameters): FastifyReply {
  const { authority } = visit;
  const find = (id: string) => findClient(authority, id);
  const { request } = readAuthorization(parameters, { find, requirePkce: authority.rules.requirePkce });
  return askToLogIn(visit, { kind: 'code', request }, { name: request.hint });
}

/** Somebody comes with the code that a device shows, or without one yet. */
function beginDevice(visit: Visit): FastifyReply {
  const { authority, request, reply } = visit;
  const { name: site } = authority;
  const typed = queryOf(request).get('user_code');
  if (typed === undefined) return sendPage(reply, devicePage({ site }));
  try {
    const device = findDevice(authority, typed, addressOf(request));
    if (device !== undefined) return askToLogIn(visit, { kind: 'device', userCode: device.userCode });
    const text = 'No device waits for this code. Read it again; it is good for ten minutes.';
    return sendPage(reply, devicePage({ site, problem: { text, status: 400 } }));
  } catch (error) {
    if (!isPassing(error)) throw error;
    return sendPage(withPatience(reply, error), devicePage({ site, problem: passing(error) }));
  }
}

function askToLogIn(visit: Visit, subject: Subject, more: Pick<LoginView, 'name' | 'problem'> = {}): FastifyReply {
  const { authority, request, reply } = visit;
  const asked = askedBy(authority, subject);
  if (asked === undefined) throw new OAuthError('expired_token', 'nobody waits for this any more');
  const browser = keepBrowser(request, reply, issuerOf(authority, request));
  const page = loginPage({
    site: authority.name,
    client: asked.client.metadata.client_name,
    form: sealForm(authority, subject, browser),
    userCode: subject.kind === 'device' ? showUserCode(subject.userCode) : undefined,
    leadsTo: leadsTo(asked.redirectUri),
    ...more,
  });
  return sendPage(reply, page);
}

function leadsTo(redirectUri: string | undefined): string | undefined {
  return redirectUri === undefined || redirectUri === OUT_OF_BAND ? undefined : sourceOf(redirectUri);
}

/** A form comes back, or an application's request by POST (OpenID Connect Core §3.1.2.1). */
function goOn(visit: Visit): FastifyReply | Promise<FastifyReply> {
  const { request, authority } = visit;
  const fields = formOf(request);
  const [form, consent] = [fields.get('form'), fields.get('consent')];
  if (form === undefined && consent === undefined) return begin(visit, fields);
  const browser = browserOf(request, issuerOf(authority, request));
  if (foreignForm(request.headers)) throw stale();
  if (consent !== undefined) return settle(visit, consent, browser, fields.get('decision'));
  const subject = openForm(authority, form ?? '', browser);
  if (subject === undefined) throw stale();
  if (fields.get('decision') === 'deny') return end(visit, subject, undefined);
  return enter(visit, subject, { name: fields.get('username') ?? '', password: fields.get('password') ?? '' });
}

function stale(): OAuthError {
  return new OAuthError('invalid_request', 'This page was open for too long, or your browser keeps no cookies.');
}

const WRONG: Problem = { text: 'The user name or the password is wrong.', status: 403 };
const KEYLESS: Problem = {
  text: 'This account cannot give access to applications: its server keeps no keys for it.',
  status: 403,
};

/** Somebody says who he is. */
async function enter(
  visit: Visit,
  subject: Subject,
  typed: { readonly name: string; readonly password: string },
): Promise<FastifyReply> {
  const { authority, request, reply } = visit;
  const again = (problem: Problem) => askToLogIn(visit, subject, { name: typed.name, problem });
  try {
    const login = await logIn(authority, { ...typed, address: addressOf(request) });
    return login === undefined ? again(WRONG) : askForConsent(visit, subject, login);
  } catch (error) {
    if (error instanceof LoginRefused) return again(KEYLESS);
    if (!isPassing(error)) throw error;
    withPatience(reply, error);
    return again(passing(error));
  }
}

function askForConsent({ authority, request, reply, consents }: Visit, subject: Subject, login: Login): FastifyReply {
  const asked = askedBy(authority, subject);
  if (asked === undefined) throw new OAuthError('expired_token', 'nobody waits for this any more');
  const { client, scope, redirectUri } = asked;
  const browser = keepBrowser(request, reply, issuerOf(authority, request));
  const page = consentPage({
    site: authority.name,
    account: login.address,
    client: { name: client.metadata.client_name, uri: client.metadata.client_uri },
    meanings: meanings(scope),
    target: redirectUri === undefined ? undefined : targetFor(redirectUri),
    consent: consents.add(authority, subject, login, browser),
    leadsTo: leadsTo(redirectUri),
  });
  return sendPage(reply, page);
}

/** Where an answer goes, for people. */
function targetFor(uri: string): string {
  if (uri === OUT_OF_BAND) return 'this page, as a code for you to copy';
  const { protocol, host } = new URL(uri);
  return protocol === 'https:' || protocol === 'http:' ? host : `a program on this machine (${protocol})`;
}

/** Somebody has decided. */
function settle(
  visit: Visit,
  consent: string,
  browser: string | undefined,
  decision: string | undefined,
): FastifyReply {
  const { authority, consents } = visit;
  const pending = consents.take(authority, consent, browser);
  if (pending === undefined) throw stale();
  return end(visit, pending.subject, decision === 'allow' ? pending.login : undefined);
}

function end(visit: Visit, subject: Subject, login: Login | undefined): FastifyReply {
  const { authority, request, reply } = visit;
  const outcome = decide(authority, { subject, login }, issuerOf(authority, request));
  const { name: site } = authority;
  switch (outcome.kind) {
    case 'redirect':
      return sendElsewhere(reply, outcome.to);
    case 'code':
      return sendPage(
        reply,
        codePage(site, askedBy(authority, subject)?.client.metadata.client_name ?? '', outcome.code),
      );
    case 'done':
      return sendPage(reply, donePage(site, outcome.granted));
  }
}
