/**
 * What goes back to the sender of a stanza when the service has answered, or has not.
 *
 * Decides by the rules of mod_rest: 202 and 204 say nothing; a stanza of the same kind in the body is the reply, with the
 * addresses of the request swapped and, for an iq and an error, its id; anything else that is no success is an error. And by
 * the rules of XMPP where mod_rest breaks them: an answer without words gets no empty message (an iq gets its empty result,
 * RFC 6120 §8.2.3), a receipt names its message (XEP-0184), nothing answers an error or a result (§8.3.1), and what nobody
 * asked for in person (a room, a headline, a copy) gets no automatic answer. Pure.
 */
import { type Element, element } from '../xml/element.ts';
import { bareOf } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { isRequest, makeStanza, newId, resultOf, type Stanza } from '../xmpp/stanza.ts';
import { readComponentHttp } from './component-http.ts';
import type { CallResult } from './exchange.ts';
import { readBody, type Said } from './reply-body.ts';
import { type ErrorTerms, errorReply, faultTerms, REFUSALS, type Refusal, statusTerms } from './statuses.ts';
import type { Format } from './target.ts';

/** What is to be sent. */
export type Reply =
  | { readonly name: 'stanza'; readonly stanza: Stanza }
  /** With a sentence for the operator where the service may have meant to say something. */
  | { readonly name: 'none'; readonly note?: string };

/**
 * The reply to a stanza.
 *
 * @param request what the service was called with
 * @param result the answer, or what went wrong, of the last try
 * @param format the format of the call, after which the answer is read
 */
export function replyTo(request: Stanza, result: CallResult, format: Format): Reply {
  if (request.type === 'error' || request.type === 'result' || request.from === undefined) return { name: 'none' };
  if (isCarbon(request)) return { name: 'none' };
  if (result.name === 'fault') return automatic(request, faultTerms(result.fault), result.text);
  const said = format === 'component_http' ? readComponentHttp(request, result) : readBody(request.kind, result);
  const isSuccess = result.status >= 200 && result.status < 300;
  const receipt = isSuccess && format !== 'component_http' ? receiptFor(request) : undefined;
  if (said.name === 'stanza') return { name: 'stanza', stanza: withReceipt(addressed(request, said.stanza), receipt) };
  if (isSuccess) return acknowledgement(request, receipt, said);
  return automatic(request, statusTerms(result.status, format), said.note);
}

/** The error of a stanza that no service has judged. */
export function refusalOf(request: Stanza, reason: Refusal): Reply {
  return request.from === undefined ? { name: 'none' } : automatic(request, REFUSALS[reason]);
}

function automatic(request: Stanza, terms: ErrorTerms, note?: string): Reply {
  const stanza = isPersonal(request) ? errorReply(request, terms) : undefined;
  return stanza === undefined ? { name: 'none', ...(note !== undefined && { note }) } : { name: 'stanza', stanza };
}

function acknowledgement(
  request: Stanza,
  receipt: Element | undefined,
  { note }: Extract<Said, { name: 'nothing' }>,
): Reply {
  if (isRequest(request)) return { name: 'stanza', stanza: resultOf(request) };
  if (receipt === undefined) return { name: 'none', ...(note !== undefined && { note }) };
  const { kind, type, to, from } = request;
  return { name: 'stanza', stanza: makeStanza({ kind, type, to: from, from: to, id: newId(), payload: [receipt] }) };
}

/** Gives a stanza from a body the addresses, the id and the type that it must have. */
function addressed(request: Stanza, said: Stanza): Stanza {
  const type = typeOf(said);
  const keepsId = type === 'error' || said.kind === 'iq';
  const isToRoom = said.kind === 'message' && type === 'groupchat' && request.from !== undefined;
  return makeStanza({
    kind: said.kind,
    type,
    from: said.from ?? request.to,
    to: said.to ?? (isToRoom ? bareOf(request.from) : request.from),
    id: keepsId ? request.id : (said.id ?? newId()),
    lang: said.lang,
    payload: said.payload,
  });
}

function typeOf({ kind, type, payload }: Stanza): string | undefined {
  if (kind === 'iq') return type === 'error' ? 'error' : 'result';
  const isError = type === undefined && payload.some(({ name, ns }) => name === 'error' && ns === NS.client);
  return isError ? 'error' : type;
}

/** The receipt that a message asks for (XEP-0184 §5). */
function receiptFor(request: Stanza): Element | undefined {
  if (request.kind !== 'message' || request.id === undefined || !isPersonal(request)) return undefined;
  const isWanted = request.payload.some(({ name, ns }) => name === 'request' && ns === NS.receipts);
  return isWanted ? element('received', NS.receipts, { id: request.id }) : undefined;
}

function withReceipt(stanza: Stanza, receipt: Element | undefined): Stanza {
  const isOut = receipt === undefined || stanza.type === 'error' || stanza.payload.some(({ ns }) => ns === NS.receipts);
  return isOut ? stanza : { ...stanza, payload: [...stanza.payload, receipt] };
}

/** Whether it is a copy of what another client has sent or got (XEP-0280): it comes from the own account, which asks nothing. */
function isCarbon({ kind, payload }: Stanza): boolean {
  return kind === 'message' && payload.some(({ ns }) => ns === NS.carbons);
}

const TO_MANY: readonly (string | undefined)[] = ['groupchat', 'headline'];
/** What copies of messages are marked with: delayed ones, carbons, results of an archive. */
const COPIES: readonly string[] = [NS.delay, NS.carbons, NS.archive, NS.forward];

/** Whether a stanza was sent to us by somebody who waits; RFC 6121 §5.2.2, XEP-0280. */
function isPersonal({ kind, type, payload }: Stanza): boolean {
  return kind !== 'message' || !(TO_MANY.includes(type) || payload.some(({ ns }) => COPIES.includes(ns)));
}
