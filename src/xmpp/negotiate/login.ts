/**
 * A client's login as a state machine: from the stream's header to a session (RFC 6120 §4–§7, XEP-0198 §3 and §5).
 *
 * `advance` takes what happened and says what to do; it has no socket, no clock and no chance. This file decides how a stream
 * opens and what each input means where; `steps.ts` decides which step comes next, `answers.ts` what its answer leads to. The
 * states are told in `words.ts`. Stream errors, which may come at any point, are the caller's to look for first.
 */
import { childNamed, type Element } from '../../xml/element.ts';
import { isFeatures, readHeader, StreamFault } from '../header.ts';
import { NS } from '../ns.ts';
import type { SaslFault } from '../sasl/client-fault.ts';
import { isKind } from '../stanza.ts';
import { answer, early, granted } from './answers.ts';
import { nextStep, requiresTls } from './steps.ts';
import {
  type Fact,
  failing,
  type Granted,
  type LoginAdvance,
  type LoginInput,
  type LoginState,
  type Plan,
  type Progress,
  renewed,
  say,
  type Waiting,
} from './words.ts';

/**
 * The state of a connection whose first stream header we have just sent.
 *
 * @param secured whether TLS is in place already (XEP-0368)
 */
export function connected({ tls, resume }: Plan, secured: boolean): LoginState {
  const facts = new Set<Fact>();
  if (tls === 'off') facts.add('plain');
  if (secured) facts.add('secured');
  if (secured || tls !== 'required') facts.add('open');
  if (resume !== undefined) facts.add('resumable');
  return { name: 'opening', facts, conflicts: 0, early: [] };
}

/**
 * What a login does when something happens.
 *
 * @throws StreamFault when the server breaks the protocol
 */
export function advance(plan: Plan, state: LoginState, input: LoginInput): LoginAdvance {
  if (state.name === 'over') return { state, commands: [] };
  switch (input.name) {
    case 'header':
      return open(state, input.root, input.contentNs);
    case 'element':
      return state.name === 'listening' ? listen(plan, state, input.element) : take(plan, state, input.element);
    case 'secured':
      return reopened(expecting(state, 'securing'), ['secured', 'open']);
    case 'response':
      return { state: { ...expecting(state, 'judging'), name: 'authenticating' }, commands: [say(input.element)] };
    case 'authenticated':
      return authenticated(plan, state, input.granted);
    case 'denied':
      return denied(plan, state, input.fault, input.byToken ?? false);
  }
}

/** An input that only one state has asked for. */
function expecting(state: Progress & { readonly name: Waiting }, name: Waiting): Progress {
  if (state.name !== name) throw new StreamFault('internal-server-error', 'the login lost its way');
  return state;
}

/** With SASL2 the stream goes on as it is. */
function authenticated(plan: Plan, state: Progress & { readonly name: Waiting }, more?: Granted): LoginAdvance {
  const progress = expecting(state, 'judging');
  if (more === undefined) return reopened(progress, ['authenticated']);
  const { commands, end = state } = granted(plan, state, more);
  return { state: end, commands };
}

/** XEP-0484 §5.1: other means are tried where a token is refused; whoever breaks the protocol gets no second chance. */
function denied(
  plan: Plan,
  state: Progress & { readonly name: Waiting },
  fault: SaslFault,
  byToken: boolean,
): LoginAdvance {
  if (byToken && fault.blame !== 'server') return renewed(fault.message);
  const isChoosing = state.name === 'judging' && fault.reason === 'no-mechanism';
  const other = isChoosing ? otherProfile(plan, state) : undefined;
  return other ?? failing({ kind: 'denied', fault });
}

/** The mechanisms of SASL2 and of RFC 6120 need not be the same: Prosody's mod_client_certs adds EXTERNAL to these alone. */
function otherProfile(plan: Plan, { facts, features, ...others }: Progress): LoginAdvance | undefined {
  const isFirst = facts.has('secured') && !facts.has('unsuited');
  if (!isFirst || features === undefined || childNamed(features, 'mechanisms', NS.sasl) === undefined) return undefined;
  if (childNamed(features, 'authentication', NS.sasl2) === undefined) return undefined;
  return nextStep(plan, { ...others, features, facts: facts.union(new Set<Fact>(['unsuited'])) });
}

function open(state: Progress & { readonly name: Waiting }, root: Element, contentNs: string): LoginAdvance {
  const { version } = readHeader(root, contentNs, NS.client);
  // RFC 6120 §4.7.5: without a version there are no features, and no way to log in.
  if (!/^0*[1-9]\d*\.\d+$/.test(version ?? '')) {
    throw new StreamFault('unsupported-version', 'its stream has no version, so it offers no features');
  }
  return { state: { ...expecting(state, 'opening'), name: 'listening' }, commands: [] };
}

/** RFC 6120 §4.3.3: a new stream on the same connection, and what is known of the old one is forgotten. */
function reopened({ facts, conflicts }: Progress, more: readonly Fact[]): LoginAdvance {
  const known = facts.union(new Set(more));
  return {
    state: { name: 'opening', facts: known, conflicts, early: [] },
    commands: [{ do: 'open', authenticated: known.has('authenticated') }],
  };
}

/** The features decide what comes next. */
function listen(plan: Plan, state: Progress & { readonly name: Waiting }, received: Element): LoginAdvance {
  if (state.facts.has('bound') && isStanza(received)) {
    const { end = state, commands } = early(state, received);
    return { state: end, commands };
  }
  if (!isFeatures(received)) {
    throw new StreamFault('bad-format', 'it does not say which features it offers');
  }
  return proceed(plan, { ...state, features: received });
}

function take(plan: Plan, state: Progress & { readonly name: Waiting }, received: Element): LoginAdvance {
  const { progress, commands, end } = answer(plan, state, received);
  if (end !== undefined) return { state: end, commands };
  const next = proceed(plan, progress);
  return { state: next.state, commands: [...commands, ...next.commands] };
}

/** Begins the next step; when none is left, the login is done, or cannot be. */
function proceed(plan: Plan, progress: Progress): LoginAdvance {
  const { facts, address, management, early } = progress;
  // TLS is not just the first step: without it, nothing of what is offered may be believed.
  if (plan.tls === 'required' && !facts.has('secured') && !offersTls(progress)) return failing({ kind: 'no-tls' });
  const next = nextStep(plan, progress);
  if (next !== undefined) return next;
  if (address !== undefined)
    return { state: { name: 'over' }, commands: [{ do: 'begin', address, management, early }] };
  if (facts.has('authenticated')) return unbound(facts);
  return failing({ kind: 'no-login', wantsTls: facts.has('plain') && requiresTls(progress) });
}

/** A session that could not be resumed here would keep us from binding another one within the next login. */
function unbound(facts: ReadonlySet<Fact>): LoginAdvance {
  const { state, commands } = failing({ kind: 'no-bind' });
  return { state, commands: facts.has('resumable') ? [{ do: 'forgo', handled: undefined }, ...commands] : commands };
}

function isStanza({ ns, name }: Element): boolean {
  return ns === NS.client && isKind(name);
}

function offersTls({ features }: Progress): boolean {
  return features !== undefined && childNamed(features, 'starttls', NS.tls) !== undefined;
}
