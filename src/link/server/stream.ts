/**
 * A client's stream as the server sees it, from the first byte to the bound resource and on (RFC 6120 §4–§8, XEP-0198).
 *
 * A state machine without socket, clock or chance: `advance` takes what happened and says what to do. This file decides
 * how a stream opens and ends; `negotiation.ts` decides the steps of the login and `admission.ts` what a bound session may
 * send. `session.ts` owns the connection and carries the commands out. The states are told in `stream-states.ts`.
 *
 * A stream restarts, with a new reader, after TLS and after SASL (§4.3.3); what is known of the client stays.
 */
import type { Element } from '../../xml/element.ts';
import { featuresElement } from '../../xmpp/features.ts';
import { readHeader, StreamFault } from '../../xmpp/header.ts';
import { type Jid, JidError, parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { MECHANISMS } from '../../xmpp/sasl/mechanism.ts';
import { admit, refuse, requireOwn } from './admission.ts';
import { manage } from './management.ts';
import { bound, crowded, judged, negotiate, resumed, unresumable } from './negotiation.ts';
import {
  type Advance,
  type Command,
  ending,
  factsOf,
  type Negotiating,
  type Online,
  type Progress,
  type StreamInput,
  type StreamState,
  send,
} from './stream-states.ts';

const MECHANISM_NAMES = MECHANISMS.map(({ name }) => name);

/** RFC 5646 §2.1 and §4.4.1, as far as is needed so that what is written into every stanza stays short. */
const LANGUAGE = /^(?=.{1,35}$)[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/;

/**
 * What a stream does when something happens.
 *
 * @param state where it stands
 * @param input what happened
 * @param domain the domain that is served
 */
export function advance(state: StreamState, input: StreamInput, domain: Jid): Advance {
  try {
    return accept(state, input, domain);
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    return fail(state, { name: 'fault', condition: error.condition, text: error.message });
  }
}

/** A header comes before an error even when the client's was bad (§4.9.1.2). */
function fail(state: StreamState, { condition, text, error }: StreamInput & { readonly name: 'fault' }): Advance {
  return ending(condition, text, state.name === 'opening' ? [{ do: 'open', to: undefined }] : [], error);
}

function accept(state: StreamState, input: StreamInput, domain: Jid): Advance {
  if (state.name === 'ended') return { state, commands: [] };
  if (input.name === 'fault') return fail(state, input);
  if (input.name === 'close') return closed('the client closed its stream');
  if (input.name === 'element' && isStreamError(input.element)) return closed('the client reported an error');
  return state.name === 'online' ? online(state, input, domain) : login(state, input, domain);
}

/** The client's last word is answered with ours, without an error even where it was one (§4.9.1.1). */
function closed(text: string): Advance {
  return { state: { name: 'ended' }, commands: [{ do: 'close', xml: '', text }] };
}

function isStreamError({ ns, name }: Element): boolean {
  return ns === NS.stream && name === 'error';
}

function online(state: Online, input: StreamInput, domain: Jid): Advance {
  const { address } = state;
  if (input.name === 'element') {
    const managed = manage(state, input.element);
    return managed ?? { state, commands: [inLanguage(admit(input.element, address, domain), state.lang)] };
  }
  if (input.name === 'refused') {
    return { state, commands: [refuse(input.head, address, 'policy-violation', input.reason)] };
  }
  return lost();
}

/**
 * §8.1.5: what does not say its language has that of the stream that it came on, which others do not see. An iq is left as it
 * is: it holds nothing for people to read, as a rule.
 */
function inLanguage(command: Command, lang: string | undefined): Command {
  if (command.do !== 'route' || lang === undefined) return command;
  const { stanza } = command;
  return stanza.kind === 'iq' || stanza.lang !== undefined ? command : { do: 'route', stanza: { ...stanza, lang } };
}

function login(state: Negotiating, input: StreamInput, domain: Jid): Advance {
  switch (input.name) {
    case 'header':
      return state.name === 'opening' ? open(state, input.root, input.contentNs, domain) : lost();
    case 'element':
      return negotiate(state, input.element);
    case 'refused':
      throw new StreamFault('policy-violation', input.reason);
    case 'step':
      return state.name === 'judging' ? judged(state, input.step) : lost();
    case 'bound':
      return state.name === 'binding' ? bound(state, input.address) : lost();
    case 'crowded':
      return state.name === 'binding' ? crowded(state) : lost();
    case 'resumed':
      return state.name === 'resuming' ? resumed(state, input.address, input.handled) : lost();
    case 'unresumable':
      return state.name === 'resuming' ? unresumable(state, input.handled) : lost();
    default:
      return lost();
  }
}

/** An input that no command asked for. */
function lost(): never {
  throw new StreamFault('internal-server-error', 'the stream lost its way');
}

/** Answers the client's header with ours and the features (§4.3.2, §4.7). */
function open({ lang: _, ...state }: Progress, root: Element, contentNs: string, domain: Jid): Advance {
  const header = readHeader(root, contentNs, NS.client);
  requireVersion(header.version);
  requireHost(header.to, domain);
  if (state.account !== undefined) requireOwn(header.from, state.account);
  const lang = LANGUAGE.exec(header.lang ?? '')?.[0];
  return {
    state: { ...state, name: 'choosing', ...(lang !== undefined && { lang }) },
    commands: [{ do: 'open', to: clientOf(header.from) }, send(featuresElement(factsOf(state), MECHANISM_NAMES))],
  };
}

/** §4.7.5: without a version the client speaks a protocol from before RFC 3920, which has no features. */
function requireVersion(version: string | undefined): void {
  if (/^0*[1-9]\d*\.\d+$/.test(version ?? '')) return;
  throw new StreamFault('unsupported-version', 'the version of the stream is not 1.0');
}

/** The same on every restart, so that nobody authenticates at one host and opens a session at another. */
function requireHost(to: string | undefined, domain: Jid): void {
  if (to !== undefined && addressOf(to) === domain) return;
  throw new StreamFault('host-unknown', `this is the server of ${domain}; 'to' has to name it`);
}

/** §4.7.2: a client that says who it is gets an answer to that name. */
function clientOf(from: string | undefined): Jid | undefined {
  if (from === undefined) return undefined;
  const address = addressOf(from);
  if (address === undefined) throw new StreamFault('invalid-from', "'from' is not an address");
  return address;
}

function addressOf(text: string): Jid | undefined {
  try {
    return parseJid(text);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}
