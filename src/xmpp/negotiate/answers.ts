/**
 * What a server's answers to the steps of a client's login mean.
 *
 * Decides, per state, which elements may come and what is known afterwards (RFC 6120 §5.4, §7.6, XEP-0198 §3 and §5). Whatever
 * else comes breaks the protocol. What to do next is decided in `login.ts`.
 */
import { childElements, childNamed, type Element, textOf } from '../../xml/element.ts';
import type { Bound } from '../bind2.ts';
import { isStanzaCondition, type StanzaCondition } from '../conditions.ts';
import { StreamFault } from '../header.ts';
import { isOf, type Jid, JidError, parseJid, resourceOf } from '../jid.ts';
import { NS } from '../ns.ts';
import { isKind } from '../stanza.ts';
import { type Management, readManagement } from '../stream-management.ts';
import { IDS } from './steps.ts';
import {
  type Fact,
  failing,
  type Granted,
  type LoginAdvance,
  type LoginCommand,
  type LoginState,
  type Plan,
  type Progress,
  renewed,
  type Waiting,
} from './words.ts';

/** What an answer leads to. */
export interface Answer {
  readonly progress: Progress;
  readonly commands: readonly LoginCommand[];
  /** The state to stay in or to end in; without it, the next step begins. */
  readonly end?: LoginState;
}

type State = Progress & { readonly name: Waiting };
type Read = (plan: Plan, state: State, received: Element) => Answer;

/** Resources that may be taken before we give up. */
const CONFLICTS = 2;
/** Stanzas that may come before the login is done. */
const EARLY = 256;

const READERS: Partial<Record<Waiting, Read>> = {
  upgrading: upgrade,
  authenticating: exchange,
  resuming: resumed,
  binding: bound,
  establishing: established,
  managing: managed,
};

/**
 * Takes an element of the server.
 *
 * @throws StreamFault when it has no place there
 */
export function answer(plan: Plan, state: State, received: Element): Answer {
  const read = READERS[state.name];
  if (read === undefined) throw misplaced(state);
  return read(plan, state, received);
}

function misplaced({ name }: State): StreamFault {
  return new StreamFault('bad-format', `it said something that has no place there: ${name}`);
}

/** The next step begins, with more known than before. */
function known(progress: Progress, facts: readonly Fact[], more: Partial<Progress> = {}): Answer {
  return { progress: { ...progress, ...more, facts: progress.facts.union(new Set(facts)) }, commands: [] };
}

function ended(progress: Progress, { state, commands }: LoginAdvance): Answer {
  return { progress, commands, end: state };
}

/** RFC 6120 §5.4.2.3: what the server sent before TLS does not count. */
function upgrade(_plan: Plan, state: State, received: Element): Answer {
  if (received.ns !== NS.tls) throw misplaced(state);
  if (received.name === 'failure') return ended(state, failing({ kind: 'tls-refused' }));
  if (received.name !== 'proceed') throw misplaced(state);
  return { progress: state, commands: [{ do: 'secure' }], end: { ...state, name: 'securing' } };
}

function exchange(_plan: Plan, state: State, received: Element): Answer {
  return { progress: state, commands: [{ do: 'exchange', received }], end: { ...state, name: 'judging' } };
}

/** §5: after a refusal the server lets us bind a resource on the same stream. */
function resumed(plan: Plan, state: State, received: Element): Answer {
  const said = readManagement(received);
  if (said?.name === 'failed') {
    const facts = state.facts.difference(new Set<Fact>(['resumable']));
    return { progress: { ...state, facts }, commands: [{ do: 'forgo', handled: said.h }] };
  }
  if (said?.name !== 'resumed' || said.previd !== plan.resume?.id) throw misplaced(state);
  return { progress: state, commands: [{ do: 'continue', handled: said.h }], end: { name: 'over' } };
}

/**
 * Takes what came along with the success of SASL2. A session that is counted begins at once, since stanzas may follow;
 * otherwise the features say what is left to be done. A login by a token is good for the session that there was and for no
 * other: a new one needs what the account's owner knows, or a changed password would go unnoticed.
 *
 * @throws StreamFault when it makes no sense
 */
export function granted(plan: Plan, state: State, { address, bound: outcome, resumption, byToken }: Granted): Answer {
  const { progress } = known(state, ['authenticated']);
  const answered = resumption && resumed(plan, { ...progress, name: 'resuming' }, resumption);
  if (answered?.end !== undefined) return answered;
  const next = byToken
    ? ended(progress, renewed('the session that it was for is gone'))
    : settled(plan, answered?.progress ?? progress, address, outcome);
  return { ...next, commands: [...(answered?.commands ?? []), ...next.commands] };
}

function settled({ account }: Plan, before: Progress, address: Jid, outcome: Bound | undefined): Answer {
  if (outcome === undefined) return { progress: before, commands: [], end: { ...before, name: 'listening' } };
  const full = fullAddress(address, account);
  const said = outcome.management && readManagement(outcome.management);
  // XEP-0198 §3: it is asked for once at most, so a refusal stands.
  const { progress } = known(before, said === undefined ? ['bound'] : ['bound', 'managed'], { address: full });
  if (said?.name !== 'enabled') return { progress, commands: [], end: { ...progress, name: 'listening' } };
  const begun = { address: full, management: { resumption: said.resumption }, early: [] };
  return { progress, commands: [{ do: 'begin', ...begun }], end: { name: 'over' } };
}

/** RFC 6120 §7.6. */
function bound({ account }: Plan, state: State, received: Element): Answer {
  if (!answers(received, IDS.bind)) throw misplaced(state);
  if (received.attrs['type'] === 'error') return refused(state, conditionOf(received));
  const jid = childNamed(childNamed(received, 'bind', NS.bind) ?? received, 'jid', NS.bind);
  return known(state, ['bound'], { address: fullAddress(readAddress(jid === undefined ? '' : textOf(jid)), account) });
}

/** §7.7.2.2: what is taken is asked for under another name. */
function refused(state: State, condition: StanzaCondition): Answer {
  const conflicts = state.conflicts + 1;
  if (condition === 'conflict' && conflicts < CONFLICTS) return { progress: { ...state, conflicts }, commands: [] };
  return ended(state, failing({ kind: 'bind-refused', condition }));
}

/** The address that we got. A server that logs us in as somebody else is none that we could work with. */
function fullAddress(address: Jid | undefined, account: Jid): Jid {
  if (address === undefined || resourceOf(address) === undefined || !isOf(account, address)) {
    throw new StreamFault('invalid-from', 'it bound an address that is none of the account');
  }
  return address;
}

function readAddress(text: string): Jid | undefined {
  try {
    return parseJid(text);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

/** RFC 3921 §3: a server that has it not after all has no need for it. */
function established(_plan: Plan, state: State, received: Element): Answer {
  if (answers(received, IDS.session)) return known(state, ['established']);
  return early(state, received);
}

function managed(_plan: Plan, state: State, received: Element): Answer {
  const said: Management | undefined = readManagement(received);
  if (said?.name === 'enabled') return known(state, ['managed'], { management: { resumption: said.resumption } });
  if (said?.name === 'failed') return known(state, ['managed']);
  return early(state, received);
}

/**
 * With an address, stanzas may come before the last step is done. Nothing slows a server down meanwhile.
 *
 * @throws StreamFault when it is none, or when there are too many
 */
export function early(state: State, received: Element): Answer {
  if (received.ns !== NS.client || !isKind(received.name)) throw misplaced(state);
  if (state.early.length >= EARLY)
    throw new StreamFault('policy-violation', 'it sends too much before the login is done');
  return { progress: state, commands: [], end: { ...state, early: [...state.early, received] } };
}

function answers({ ns, name, attrs: { id, type } }: Element, asked: string): boolean {
  return ns === NS.client && name === 'iq' && id === asked && (type === 'result' || type === 'error');
}

function conditionOf(received: Element): StanzaCondition {
  const error = childNamed(received, 'error', NS.client);
  const named = error === undefined ? [] : childElements(error).filter(({ ns }) => ns === NS.stanzaErrors);
  return named.map(({ name }) => name).find(isStanzaCondition) ?? 'undefined-condition';
}
