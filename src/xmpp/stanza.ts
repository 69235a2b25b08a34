/**
 * The stanza: the one value that crosses the whole program (RFC 6120 §8).
 *
 * Decides which elements are stanzas and how replies and errors are derived from one. A `Stanza` is plain data with
 * canonical addresses; attributes other than the five of RFC 6120 §8.1 do not exist here, as in mod_rest.
 */
import { randomFillSync } from 'node:crypto';
import type { ErrorType } from '../errors.ts';
import { childElements, type Element, element } from '../xml/element.ts';
import { STANZA_CONDITIONS, type StanzaCondition } from './conditions.ts';
import { type Jid, parseJid } from './jid.ts';
import { NS } from './ns.ts';

/** What all stanzas have. Absent attributes are absent keys. */
export interface Common {
  readonly to?: Jid;
  readonly from?: Jid;
  readonly id?: string;
  /** `xml:lang`, RFC 6120 §8.1.5. */
  readonly lang?: string;
  readonly payload: readonly Element[];
}

export interface Message extends Common {
  readonly kind: 'message';
  /** RFC 6121 §5.2.2; absent means `normal`. */
  readonly type?: MessageType;
}

export interface Presence extends Common {
  readonly kind: 'presence';
  /** RFC 6121 §4.7.1; absent means available. */
  readonly type?: PresenceType;
}

export interface Iq extends Common {
  readonly kind: 'iq';
  /** RFC 6120 §8.2.3. */
  readonly type: IqType;
}

export type Stanza = Message | Presence | Iq;
export type Kind = Stanza['kind'];

/** The types of each kind; the absent type is not listed. */
export const TYPES = {
  message: ['normal', 'chat', 'groupchat', 'headline', 'error'],
  presence: ['unavailable', 'subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe', 'error'],
  iq: ['get', 'set', 'result', 'error'],
} as const satisfies Record<Kind, readonly string[]>;

export type MessageType = (typeof TYPES.message)[number];
export type PresenceType = (typeof TYPES.presence)[number];
export type IqType = (typeof TYPES.iq)[number];

/** What can be wrong with an element that should be a stanza. The bridge gives each its HTTP status. */
export type StanzaFault = 'namespace' | 'kind' | 'type' | 'to' | 'from';

/** An element is not a stanza. */
export class StanzaError extends Error {
  override readonly name = 'StanzaError';
  readonly fault: StanzaFault;

  constructor(fault: StanzaFault, reason: string) {
    super(reason);
    this.fault = fault;
  }
}

/** Whether a name is one of the three kinds. */
export function isKind(name: string): name is Kind {
  return Object.hasOwn(TYPES, name);
}

/**
 * An id that nobody can guess: 128 random bits, as RFC 6120 §8.1.3 asks of ids that match replies to requests.
 */
export function newId(): string {
  if (poolUsed === POOL.length) {
    randomFillSync(POOL);
    poolUsed = 0;
  }
  poolUsed += ID_BYTES;
  return POOL.toString('base64url', poolUsed - ID_BYTES, poolUsed);
}

const ID_BYTES = 16;
/** Random bytes for the next ids: asking the system for each id costs many times as much as the id. */
const POOL = Buffer.alloc(256 * ID_BYTES);
let poolUsed = POOL.length;

/** The attributes of a stanza before anyone checked them. */
export interface Draft {
  readonly kind: Kind;
  readonly type?: string | undefined;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly id?: string | undefined;
  readonly lang?: string | undefined;
  readonly payload: readonly Element[];
}

/**
 * Makes a stanza of values from outside: addresses are prepared, and the type must be one of the kind's. A presence of
 * type `available` and a message without type are what RFC 6121 says that they are: no `type` attribute. An iq without a
 * type is refused.
 *
 * @throws StanzaError naming the value at fault
 */
export function makeStanza(draft: Draft): Stanza {
  const { kind, payload } = draft;
  const type = kind === 'presence' && draft.type === 'available' ? undefined : draft.type;
  requireType(kind, type);
  const stanza = {
    kind,
    ...(type !== undefined && { type }),
    ...(draft.to !== undefined && { to: address('to', draft.to) }),
    ...(draft.from !== undefined && { from: address('from', draft.from) }),
    ...(draft.id !== undefined && { id: draft.id }),
    ...(draft.lang !== undefined && { lang: draft.lang }),
    payload,
  };
  return stanza as Stanza;
}

function requireType(kind: Kind, type: string | undefined): void {
  const types: readonly string[] = TYPES[kind];
  if (type === undefined ? kind !== 'iq' : types.includes(type)) return;
  const found = type === undefined ? 'none' : JSON.stringify(type.slice(0, 64));
  throw new StanzaError('type', `the type of ${kind} is one of ${types.join(', ')}, not ${found}`);
}

function address(role: 'to' | 'from', text: string): Jid {
  try {
    return parseJid(text);
  } catch (error) {
    throw new StanzaError(role, `'${role}' is not an address: ${(error as Error).message}`);
  }
}

/**
 * Reads a stanza from its element.
 *
 * @param root an element of the `jabber:client` namespace
 * @throws StanzaError when it is not a stanza that RFC 6120 knows
 */
export function readStanza(root: Element): Stanza {
  if (root.ns !== NS.client) {
    throw new StanzaError('namespace', `a stanza is in the namespace ${NS.client}, or in none`);
  }
  if (!isKind(root.name)) throw new StanzaError('kind', 'a stanza is a message, a presence or an iq');
  const { type, to, from, id, 'xml:lang': lang } = root.attrs;
  return makeStanza({ kind: root.name, type, to, from, id, lang, payload: childElements(root) });
}

/**
 * Reads a stanza that came over a stream. It differs from `readStanza` in one rule for receivers, RFC 6121 §5.2.2: a
 * message of a type that one does not know is of type `normal`.
 *
 * @throws StanzaError when it is not a stanza that RFC 6120 knows
 */
export function receiveStanza(root: Element): Stanza {
  const { type } = root.attrs;
  const unknown = root.name === 'message' && type !== undefined && !TYPES.message.some(known => known === type);
  return readStanza(unknown ? { ...root, attrs: { ...root.attrs, type: 'normal' } } : root);
}

/** The element of a stanza, in the `jabber:client` namespace. */
export function stanzaElement(stanza: Stanza): Element {
  const { kind, type, to, from, id, lang, payload } = stanza;
  return element(kind, NS.client, { to, from, id, type, 'xml:lang': lang }, payload);
}

/** Whether a stanza asks for an answer: an iq of type get or set (RFC 6120 §8.2.3). */
export function isRequest(stanza: Stanza): stanza is Iq & { readonly type: 'get' | 'set' } {
  return stanza.kind === 'iq' && (stanza.type === 'get' || stanza.type === 'set');
}

/** Addresses of an answer: swapped, with the id kept (RFC 6120 §8.2.3, §8.3.1). */
function answering(stanza: Stanza): Pick<Common, 'to' | 'from' | 'id'> {
  return {
    ...(stanza.from !== undefined && { to: stanza.from }),
    ...(stanza.to !== undefined && { from: stanza.to }),
    ...(stanza.id !== undefined && { id: stanza.id }),
  };
}

/** The iq result that answers a request. */
export function resultOf(request: Iq, payload: readonly Element[] = []): Iq {
  return { kind: 'iq', type: 'result', ...answering(request), payload };
}

/** What an error stanza says. */
export interface ErrorOf {
  readonly condition: StanzaCondition;
  /** The type of the condition's row when absent. */
  readonly type?: ErrorType;
  readonly text?: string;
}

/**
 * The stanza error that answers a stanza, or `undefined` where RFC 6120 §8.3.1 forbids one: nobody answers an error, an
 * iq result, and what came without a sender goes back to nobody.
 */
export function errorOf(stanza: Stanza, { condition, type, text }: ErrorOf): Stanza | undefined {
  if (stanza.type === 'error' || stanza.type === 'result') return undefined;
  const children = [element(condition, NS.stanzaErrors)];
  if (text !== undefined) children.push(element('text', NS.stanzaErrors, { 'xml:lang': 'en' }, [text]));
  const error = element('error', NS.client, { type: type ?? STANZA_CONDITIONS[condition] }, children);
  return { kind: stanza.kind, type: 'error', ...answering(stanza), payload: [error] } as Stanza;
}
