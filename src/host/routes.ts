/**
 * Which targets get a stanza.
 *
 * Decides what a rule lets through (kind, type, form of the address, addresses, namespace of the payload) and who may
 * answer: the first rule in the order of the configuration that matches and does not only observe. All others that match
 * observe: they get the stanza, and what they say to it goes nowhere. Pure; what a target is otherwise is decided in
 * `delivery/`.
 */
import { bareOf, type Jid, localOf, resourceOf } from '../xmpp/jid.ts';
import type { Kind, Stanza } from '../xmpp/stanza.ts';

/** Which form of address a stanza was sent to: the domain, an account or its like, one of its resources. */
export type StanzaEvent = 'host' | 'bare' | 'full';

/** What a target wants to get. An absent list lets everything through; of a list one entry must fit. */
export interface Rule {
  /** Unique among the rules of a link. */
  readonly name: string;
  readonly stanzas: readonly Kind[];
  readonly events: readonly StanzaEvent[];
  /** Types of the kinds; `available` and `normal` are the absent ones of a presence and a message. */
  readonly types?: readonly string[];
  /**
   * Patterns of senders, as `addressPattern` gives them. `*` stands for any characters, none included; a pattern without
   * a slash is about the address without its resource.
   */
  readonly from?: readonly string[];
  /** Patterns of recipients. */
  readonly to?: readonly string[];
  /** Namespaces, one of which a child of the stanza must be in. */
  readonly payloads?: readonly string[];
  /** Never answers, and leaves the answer to the next rule that matches. */
  readonly observe: boolean;
}

/** Who gets a stanza, by name. */
export interface Recipients {
  readonly answering?: string;
  readonly observing: readonly string[];
}

/** The form of an address. A domain with a resource is `full`. */
export function eventOf(to: Jid): StanzaEvent {
  if (resourceOf(to) !== undefined) return 'full';
  return localOf(to) === undefined ? 'host' : 'bare';
}

/** Chooses who gets a stanza, in the order of the rules. */
export function route(stanza: Stanza, event: StanzaEvent, rules: readonly Rule[]): Recipients {
  const matching = rules.filter(rule => matches(stanza, event, rule));
  const answering = matching.find(({ observe }) => !observe)?.name;
  const observing = matching.map(({ name }) => name).filter(name => name !== answering);
  return { ...(answering !== undefined && { answering }), observing };
}

function matches(stanza: Stanza, event: StanzaEvent, rule: Rule): boolean {
  return (
    rule.stanzas.includes(stanza.kind) &&
    rule.events.includes(event) &&
    (rule.types?.includes(typeOf(stanza)) ?? true) &&
    fitsOne(rule.from, stanza.from) &&
    fitsOne(rule.to, stanza.to) &&
    (rule.payloads === undefined || stanza.payload.some(({ ns }) => rule.payloads?.includes(ns)))
  );
}

const UNTYPED: Readonly<Record<Kind, string>> = { message: 'normal', presence: 'available', iq: '' };

function typeOf({ kind, type }: Stanza): string {
  return type ?? UNTYPED[kind];
}

function fitsOne(patterns: readonly string[] | undefined, address: Jid | undefined): boolean {
  return patterns === undefined || (address !== undefined && patterns.some(pattern => fits(pattern, address)));
}

/**
 * A pattern as someone wrote it, in the form in which addresses are compared: all but the resource in lower case, and
 * composed (RFC 7622 §3).
 */
export function addressPattern(text: string): string {
  const end = text.indexOf('/') === -1 ? text.length : text.indexOf('/');
  return (text.slice(0, end).toLowerCase() + text.slice(end)).normalize('NFC');
}

function fits(pattern: string, address: Jid): boolean {
  return fitsText(pattern.split('*'), pattern.includes('/') ? address : bareOf(address));
}

/** The parts must stand one behind the other, the first at the start and the last at the end. */
function fitsText(parts: readonly string[], text: string): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const part of others) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return from <= end;
}
