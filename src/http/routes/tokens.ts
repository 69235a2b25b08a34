/**
 * `/admin/tokens`: making, listing and revoking API tokens.
 *
 * Decides who manages a token: whoever may manage at all, for addresses that are his. With `admin` one can make a token with
 * any scope, so it is as good as all of them. A token's text is in the answer to the request that makes it and nowhere else;
 * that request cannot be repeated with `Idempotency-Key`, for its answer would have to be kept.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { covers } from '../../auth/jid-pattern.ts';
import { type Principal, patternOf } from '../../auth/principal.ts';
import { readTerms, TermError } from '../../auth/token-terms.ts';
import type { TokenRecord, Tokens, TokenTerms } from '../../auth/tokens.ts';
import { mediaTypeOf } from '../../bridge/codecs.ts';
import { RestanzaError } from '../../errors.ts';
import { authorized, type Gate } from '../authorized.ts';
import { readParameters } from '../query-parameters.ts';
import { readWrittenTerms, tokenBody } from '../token-body.ts';

/** What managing tokens needs of the house. */
export interface TokenAdministration {
  readonly tokens: Tokens;
  /** Why a token on these terms would be of no use here. */
  readonly tokenFault: (terms: TokenTerms) => string | undefined;
}

/** Where the routes begin. */
export const TOKENS_PATH = '/admin/tokens';

/** Adds the routes to the application. */
export function tokenRoutes(app: FastifyInstance, options: TokenAdministration & Gate): void {
  const { tokens } = options;
  const route = (handler: (principal: Principal, request: FastifyRequest, reply: FastifyReply) => void) =>
    authorized(options, ['admin'], async (principal, request, reply) => {
      if (principal.transient) throw new RestanzaError('not-found', 'tokens are for those who log in');
      readParameters(request.url, {});
      handler(principal, request, reply.header('cache-control', 'no-store'));
    });
  const create = route((principal, request, reply) => {
    const { token, record } = tokens.create(termsOf(principal, request, options), principal.address);
    send(reply.code(201), { ...tokenBody(record), token });
  });
  const list = route((principal, _request, reply) => {
    const own = tokens.list().filter(record => isOwn(principal, record));
    send(reply, { tokens: own.map(tokenBody) });
  });
  const show = route((principal, request, reply) => send(reply, tokenBody(find(principal, request, tokens))));
  const revoke = route((principal, request, reply) => {
    tokens.revoke(find(principal, request, tokens).id);
    reply.code(204).send();
  });
  app.route({ method: 'POST', url: TOKENS_PATH, ...create });
  app.route({ method: 'GET', url: TOKENS_PATH, ...list });
  app.route({ method: 'GET', url: `${TOKENS_PATH}/:id`, ...show });
  app.route({ method: 'DELETE', url: `${TOKENS_PATH}/:id`, ...revoke });
}

function send(reply: FastifyReply, body: object): void {
  reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(body)));
}

/** @throws RestanzaError `media-type-unsupported`, `body-malformed`, `value-invalid`, `token-forbidden` */
function termsOf(
  principal: Principal,
  { headers, body }: FastifyRequest,
  { tokenFault }: TokenAdministration,
): TokenTerms {
  if (mediaTypeOf(headers['content-type'] ?? '') !== 'application/json') {
    throw new RestanzaError('media-type-unsupported', 'set the header Content-Type to application/json');
  }
  const terms = readJsonTerms(body instanceof Uint8Array ? body : new Uint8Array());
  if (!isOwn(principal, terms)) {
    const remedy = "name that in 'jid', or ask the operator to make the token";
    throw new RestanzaError('token-forbidden', `you are ${patternOf(principal)}; ${remedy}`);
  }

  const fault = tokenFault(terms);
  if (fault !== undefined) throw new RestanzaError('value-invalid', `'jid': ${fault}`);
  return terms;
}

function readJsonTerms(body: Uint8Array): TokenTerms {
  try {
    return readTerms(readWrittenTerms(body), Date.now());
  } catch (error) {
    if (!(error instanceof TermError)) throw error;
    throw new RestanzaError('value-invalid', `'${error.term}': ${error.message}`, { cause: error });
  }
}

function isOwn(principal: Principal, { pattern }: Pick<TokenTerms, 'pattern'>): boolean {
  return covers(patternOf(principal), pattern);
}

/** @throws RestanzaError `not-found`, also for a token of somebody else */
function find(principal: Principal, { params }: FastifyRequest, tokens: Tokens): TokenRecord {
  const id = typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';
  const record = tokens.find(id);
  if (record === undefined || !isOwn(principal, record)) {
    throw new RestanzaError('not-found', `no token of yours has this id; list them with GET ${TOKENS_PATH}`);
  }
  return record;
}
