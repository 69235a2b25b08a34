/**
 * The steps of a login (RFC 6120 §5–§7, XEP-0198 §5): STARTTLS, SASL, resource binding or resumption.
 *
 * Decides what each element does that a client sends before it is bound, and what follows from the verdicts of the SASL
 * mechanisms and of the router. Which step is open when is decided by the rows of `features.ts`; whatever is not open ends
 * the stream (§4.9.3.12).
 */
import { childElements, childNamed, type Element, element, textOf } from '../../xml/element.ts';
import { CLIENT_LIMITS, PRE_AUTH_LIMITS } from '../../xml/limits.ts';
import type { StanzaCondition } from '../../xmpp/conditions.ts';
import { offeredFeatures } from '../../xmpp/features.ts';
import { StreamFault } from '../../xmpp/header.ts';
import { type Jid, JidError, withResource } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { SaslCondition } from '../../xmpp/sasl/conditions.ts';
import type { Step } from '../../xmpp/sasl/exchange.ts';
import { mechanismNamed } from '../../xmpp/sasl/mechanism.ts';
import { errorOf, type Iq, resultOf, stanzaElement } from '../../xmpp/stanza.ts';
import { failedElement, readClientManagement, resumedElement } from '../../xmpp/stream-management-server.ts';
import { requireOwn } from './admission.ts';
import { challenge, failure, readSasl, type SaslRequest, success } from './sasl.ts';
import { type Advance, type Command, ending, factsOf, type Negotiating, type Progress, send } from './stream-states.ts';

/** How many SASL attempts may fail on one connection; RFC 6120 §6.4.5 asks for two to five. */
const SASL_ATTEMPTS = 3;

type Pick = (state: Progress, received: Element) => Advance;

/** What a client does to pick a feature, by the feature's name. */
const PICKS: ReadonlyMap<string, Pick> = new Map([
  ['starttls', startTls],
  ['mechanisms', authenticate],
  ['bind', bind],
  ['sm', resume],
]);

/**
 * What an element does that comes before the session is bound.
 *
 * @throws StreamFault `not-authorized` when it is not this element's turn, `policy-violation` when it is not the client's,
 *   `unsupported-stanza-type` and `invalid-from` when the element itself is wrong
 */
export function negotiate(state: Negotiating, received: Element): Advance {
  if (state.name === 'judging') throw new StreamFault('policy-violation', 'the server had not answered yet');
  if (state.name === 'challenged') return respond(state, received);
  const facts = factsOf(state);
  if (received.ns === NS.sasl && !facts.has('private')) return failed(state, 'encryption-required');
  const picked = received.ns === NS.client ? childElements(received)[0]?.ns : received.ns;
  const feature = offeredFeatures(facts).find(({ ns }) => ns === picked);
  const step = feature && PICKS.get(feature.name);
  return step === undefined ? refused(facts.has('authenticated')) : step(state, received);
}

function refused(authenticated: boolean): never {
  const due = authenticated ? 'bind a resource' : 'log in';
  throw new StreamFault('not-authorized', `${due} first`);
}

/** §5.4.2: the client starts its TLS handshake right after this. */
function startTls(state: Progress, received: Element): Advance {
  if (received.name !== 'starttls') throw new StreamFault('unsupported-stanza-type', 'this is not a step of STARTTLS');
  return {
    state: { ...state, name: 'opening', secured: true },
    commands: [send(element('proceed', NS.tls)), { do: 'secure' }, { do: 'restart', limits: PRE_AUTH_LIMITS }],
  };
}

function authenticate(state: Progress, received: Element): Advance {
  const request = readSasl(received);
  if (request?.name !== 'auth') return notUnderstood(state, request);
  const mechanism = mechanismNamed(request.mechanism);
  if (mechanism === undefined) return failed(state, 'invalid-mechanism');
  return {
    state: { ...state, name: 'judging' },
    commands: [{ do: 'authenticate', mechanism, message: request.message }],
  };
}

function respond(state: Progress, received: Element): Advance {
  const request = readSasl(received);
  if (request?.name !== 'response') return notUnderstood(state, request);
  return { state: { ...state, name: 'judging' }, commands: [{ do: 'respond', message: request.message }] };
}

/** Why a SASL element ends the exchange that it stands in. */
const UNFITTING: Readonly<Record<SaslRequest['name'], SaslCondition>> = {
  auth: 'malformed-request',
  response: 'malformed-request',
  abort: 'aborted',
  unreadable: 'incorrect-encoding',
};

function notUnderstood(state: Progress, request: SaslRequest | undefined): Advance {
  return request === undefined ? refused(false) : failed(state, UNFITTING[request.name]);
}

/** §6.4.5: the client may try again, but not for ever. */
function failed(state: Progress, condition: SaslCondition, text?: string): Advance {
  const failures = state.failures + 1;
  const told = send(failure(condition, text));
  if (failures < SASL_ATTEMPTS) return { state: { ...state, name: 'choosing', failures }, commands: [told] };
  return ending('policy-violation', 'too many attempts to log in have failed', [told]);
}

/** What follows when the mechanism has judged the client's message. */
export function judged(state: Progress, step: Step): Advance {
  switch (step.kind) {
    case 'challenge':
      return { state: { ...state, name: 'challenged' }, commands: [send(challenge(step.data))] };
    case 'failure':
      return failed(state, step.condition, step.text);
    case 'success':
      return {
        state: { ...state, name: 'opening', account: step.account },
        commands: [send(success(step.data)), { do: 'restart', limits: CLIENT_LIMITS }],
      };
  }
}

/** §7: the last step before stanzas. A resource that cannot be had may be followed by another try. */
function bind(state: Progress, received: Element): Advance {
  const { account } = state;
  const { id, type, from } = received.attrs;
  if (account === undefined || received.name !== 'iq' || type !== 'set') return refused(account !== undefined);
  requireOwn(from, account);
  const request: Iq = { kind: 'iq', type, ...(id !== undefined && { id }), payload: [] };
  const address = addressToBind(account, received);
  if (id === undefined || address === 'malformed')
    return { state: { ...state, name: 'choosing' }, commands: answer(request, 'bad-request') };
  return { state: { ...state, name: 'binding', request }, commands: [{ do: 'bind', account, address }] };
}

/** The address that the client wants; `undefined` leaves the choice to the server. */
function addressToBind(account: Jid, iq: Element): Jid | 'malformed' | undefined {
  const payload = childNamed(iq, 'bind', NS.bind);
  if (payload === undefined || childElements(iq).length !== 1) return 'malformed';
  const wish = childNamed(payload, 'resource');
  const resource = wish === undefined ? '' : textOf(wish);
  if (resource === '') return undefined;
  try {
    return withResource(account, resource);
  } catch (error) {
    if (error instanceof JidError) return 'malformed';
    throw error;
  }
}

/** The router has bound the address. */
export function bound({ request, lang }: Progress & { readonly request: Iq }, address: Jid): Advance {
  const jid = element('jid', NS.bind, {}, [address]);
  return {
    state: { name: 'online', address, managed: false, ...(lang !== undefined && { lang }) },
    commands: [send(stanzaElement(resultOf(request, [element('bind', NS.bind, {}, [jid])])))],
  };
}

/** §7.6.2.1: the account has too many sessions; the client may wait for one of them to end. */
export function crowded({ request, ...state }: Progress & { readonly request: Iq }): Advance {
  return { state: { ...state, name: 'choosing' }, commands: answer(request, 'resource-constraint') };
}

function answer(request: Iq, condition: StanzaCondition): readonly Command[] {
  const error = errorOf(request, { condition });
  return error === undefined ? [] : [send(stanzaElement(error))];
}

/** XEP-0198 §5: a session that the client had before takes the place of a resource. §3: nothing can be counted yet. */
function resume(state: Progress, received: Element): Advance {
  const { account } = state;
  const request = readClientManagement(received);
  if (account === undefined) return refused(false);
  if (request?.name === 'enable') {
    return { state: { ...state, name: 'choosing' }, commands: [send(failedElement('unexpected-request'))] };
  }
  if (request?.name !== 'resume') return refused(true);
  const { previd, h } = request;
  return { state: { ...state, name: 'resuming', previd }, commands: [{ do: 'resume', account, previd, h }] };
}

/** The session goes on. */
export function resumed(
  { previd, lang }: Progress & { readonly previd: string },
  address: Jid,
  handled: number,
): Advance {
  return {
    state: { name: 'online', address, managed: true, ...(lang !== undefined && { lang }) },
    commands: [send(resumedElement(previd, handled))],
  };
}

/** XEP-0198 §5: there is no such session; the client may bind a resource instead. */
export function unresumable(
  { previd: _, ...state }: Progress & { readonly previd: string },
  handled: number | undefined,
): Advance {
  return { state: { ...state, name: 'choosing' }, commands: [send(failedElement('item-not-found', handled))] };
}
