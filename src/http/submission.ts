/**
 * A stanza on its way from an HTTP request to a host, and what comes back.
 *
 * Decides what an answer is: 202 (or 201, where a route has it from its own dialect) for a message or a presence that is on its way, 200 with the answer to an iq, and 200 with
 * the bounce when the request asked to wait for one (`Prefer: wait`, RFC 7240 §4.3) and there was one.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../auth/principal.ts';
import { negotiate } from '../bridge/accept.ts';
import { RestanzaError } from '../errors.ts';
import type { Host, Patience } from '../host/host.ts';
import { type Origin, withOriginId } from '../host/origin-id.ts';
import { type Prepared, prepare } from '../host/submit.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { Admitted } from './authorized.ts';

/** What sending needs of the house. */
export interface SubmissionOptions {
  /** The host that a caller acts through. */
  readonly hostOf: (principal: Principal) => Host | undefined;
  /**
   * Keeps that host open although nobody waits in it yet. Absent where hosts are always open.
   *
   * @returns what ends that, to be called once; `undefined` when there is nothing to end
   */
  readonly hold?: (principal: Principal) => (() => void) | undefined;
  /** Seconds that an iq waits unless the request says otherwise. */
  readonly iqTimeout: number;
  /** Seconds that a request waits at most. */
  readonly iqMaxTimeout: number;
}

/** A request with what it came to. */
export interface Submission {
  readonly principal: Principal;
  readonly stanza: Stanza;
  /** What the stanza is to be known by when the request is repeated (`Idempotency-Key`). */
  readonly origin?: Origin | undefined;
  /** The status for a stanza that is on its way; 202 unless the dialect of the route has another. */
  readonly accepted?: 201 | 202;
}

/** Sends a stanza and answers the request. */
export async function submit(
  { principal, stanza, origin, accepted = 202 }: Submission,
  request: FastifyRequest,
  reply: FastifyReply,
  options: SubmissionOptions,
): Promise<void> {
  const prepared = prepareNaming(reply, principal, origin === undefined ? stanza : withOriginId(stanza, origin));
  const host = options.hostOf(principal);
  if (host === undefined) throw new RestanzaError('from-forbidden', 'this gateway does not serve that domain');
  const wait = waitOf(request, options);
  if (wait !== undefined) reply.header('preference-applied', `wait=${wait}`);
  const answers = await exchange(host, prepared, wait, { request, reply, options, stays: origin !== undefined });
  if (answers.length === 0) reply.code(accepted).send();
  else answer(answers, request, reply);
}

/** Keeps the host of a caller open until his request is answered or he has gone, however long his body takes. */
export function holding({ hold }: SubmissionOptions): Admitted {
  return (principal, { raw }) => {
    // Who has gone while he logged in is not heard of again.
    const release = raw.closed ? undefined : hold?.(principal);
    if (release !== undefined) raw.once('close', release);
  };
}

/**
 * Prepares a stanza.
 *
 * @throws RestanzaError as `prepare`; for an iq that asks nothing it names the keys that are none
 */
function prepareNaming(reply: FastifyReply, principal: Principal, stanza: Stanza): Prepared {
  try {
    return prepare(principal, stanza);
  } catch (error) {
    const ignored = reply.getHeader(IGNORED);
    const isAsking = error instanceof RestanzaError && error.code === 'iq-payload-invalid';
    if (!isAsking || ignored === undefined || stanza.payload.length > 0) throw error;
    throw new RestanzaError('iq-payload-invalid', `this one has 0, for no query is named ${ignored}`, { cause: error });
  }
}

/** Answers with stanzas, in the format that the request asks for. */
export function answer(stanzas: readonly Stanza[], request: FastifyRequest, reply: FastifyReply): void {
  const codec = negotiate(request.headers.accept, request.headers['content-type']);
  // As bytes: to a string Fastify would add a charset, which JSON does not have (RFC 8259 §11).
  const body = Buffer.from(codec.encode(stanzas));
  reply.code(200).header('content-type', codec.mediaType).send(body);
}

/** Both sides of a request that may wait. */
interface Waiting {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly options: SubmissionOptions;
  /** The answer is kept for a client that comes back: nobody's leaving ends the wait. */
  readonly stays: boolean;
}

/** @returns the stanzas to answer with; none when the stanza is on its way and nothing is to be waited for */
async function exchange(
  host: Host,
  stanza: Prepared,
  wait: number | undefined,
  waiting: Waiting,
): Promise<readonly Stanza[]> {
  if (stanza.kind === 'iq') return patiently(waiting, wait, patience => host.request(stanza, patience));
  if (wait !== undefined) {
    const bounce = await patiently(waiting, wait, patience => host.deliver(stanza, patience));
    return bounce === undefined ? [] : [bounce];
  }
  await host.send(stanza);
  return [];
}

/** Waits for as long as the caller does, or until the answer is there for the caller to come back for. */
async function patiently<Result>(
  { request, reply, options, stays }: Waiting,
  wait: number | undefined,
  task: (patience: Patience) => Promise<Result>,
): Promise<Result> {
  const caller = new AbortController();
  // Nobody hears it; but what is no error of the table counts as a bug, and is logged as one.
  const leave = () => caller.abort(new RestanzaError('request-malformed', 'the connection ended before the answer'));
  if (!stays) reply.raw.on('close', leave);
  try {
    return await task({ timeout: timeoutOf(request, wait, options) * 1000, gone: caller.signal });
  } finally {
    reply.raw.off('close', leave);
  }
}

const SECONDS = /^\d{1,9}(\.\d{1,3})?$/;
const WAIT = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i;

/** The seconds of `Prefer: wait` within the configured bound, where the request has it. */
function waitOf({ headers }: FastifyRequest, { iqMaxTimeout }: SubmissionOptions): number | undefined {
  const { prefer } = headers;
  const seconds = WAIT.exec(Array.isArray(prefer) ? prefer.join() : (prefer ?? ''))?.[1];
  return seconds === undefined || Number(seconds) === 0 ? undefined : Math.min(Number(seconds), iqMaxTimeout);
}

/** Seconds to wait: the field `Prosody-Rest-Timeout`, else `Prefer: wait`, within the configured bound. */
function timeoutOf({ headers }: FastifyRequest, wait: number | undefined, options: SubmissionOptions): number {
  const field = headers['prosody-rest-timeout'];
  const asked = typeof field === 'string' && SECONDS.test(field) ? Number(field) : (wait ?? 0);
  return Math.min(asked > 0 ? asked : options.iqTimeout, options.iqMaxTimeout);
}

/** The header that names keys which were ignored. */
const IGNORED = 'restanza-ignored';

/** Keys past which the list is cut; a client that sends more has not read the documentation. */
const MAX_LISTED = 20;

/** A listener for keys that were ignored, which names them in the header `Restanza-Ignored` of the answer. */
export function namingIgnored(reply: FastifyReply): (keys: readonly string[]) => void {
  return keys => reply.header(IGNORED, keyList(keys));
}

/** Names with a comma between them, percent-encoded where a field could not hold them. */
function keyList(keys: readonly string[]): string {
  const names = keys.slice(0, MAX_LISTED).map(key => encodeURIComponent(key.slice(0, 64).toWellFormed()));
  return (keys.length > MAX_LISTED ? [...names, '...'] : names).join(', ');
}
