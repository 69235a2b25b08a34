/**
 * What a served domain or account answers by itself.
 *
 * Decides the answers to requests that are addressed to it: ping (XEP-0199), software version (XEP-0092) and service
 * discovery (XEP-0030); and that every other request that nobody takes gets `service-unavailable`, so that no peer waits
 * in vain (RFC 6120 §8.4). Pure: one stanza in, the answer or nothing out.
 */
import { type Element, element } from '../xml/element.ts';
import { bareOf, type Jid, localOf } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { errorOf, isRequest, resultOf, type Stanza } from '../xmpp/stanza.ts';

/** What a domain or an account says about itself. */
export interface Identity {
  readonly address: Jid;
  /** A category and type of the XMPP registrar's list of disco identities. */
  readonly category: string;
  readonly type: string;
  /** Name and version of the software. */
  readonly software: { readonly name: string; readonly version: string };
}

/** Makes the payload of the result, or nothing where the query names a node that is not there. */
type Answer = (identity: Identity, query: Element) => Element | undefined;

/** Answers to an iq get, by the expanded name of its payload. */
const ANSWERS: ReadonlyMap<string, Answer | 'empty'> = new Map<string, Answer | 'empty'>([
  [`{${NS.ping}}ping`, 'empty'],
  [`{${NS.version}}query`, versionOf],
  [`{${NS.discoInfo}}query`, infoOf],
  [`{${NS.discoItems}}query`, itemsOf],
]);

const FEATURES = [NS.discoInfo, NS.discoItems, NS.ping, NS.version];

function versionOf({ software }: Identity): Element {
  const child = (name: string, text: string) => element(name, NS.version, {}, [text]);
  return element('query', NS.version, {}, [child('name', software.name), child('version', software.version)]);
}

function infoOf({ category, type, software }: Identity, query: Element): Element | undefined {
  if (query.attrs['node'] !== undefined) return undefined;
  const identity = element('identity', NS.discoInfo, { category, type, name: software.name });
  const features = FEATURES.map(name => element('feature', NS.discoInfo, { var: name }));
  return element('query', NS.discoInfo, {}, [identity, ...features]);
}

function itemsOf(_identity: Identity, query: Element): Element | undefined {
  return query.attrs['node'] === undefined ? element('query', NS.discoItems) : undefined;
}

/**
 * Answers a request that is addressed to the identity and about itself.
 *
 * @returns `undefined` when it is neither
 */
export function answerOf(stanza: Stanza, identity: Identity): Stanza | undefined {
  const [query] = stanza.payload;
  if (!isRequest(stanza) || stanza.type !== 'get' || query === undefined || stanza.payload.length !== 1)
    return undefined;
  if (!isAddressed(stanza.to, identity.address)) return undefined;
  const answer = ANSWERS.get(`{${query.ns}}${query.name}`);
  if (answer === undefined || answer === 'empty') return answer && resultOf(stanza);
  const payload = answer(identity, query);
  return payload === undefined ? errorOf(stanza, { condition: 'item-not-found' }) : resultOf(stanza, [payload]);
}

/** A domain is addressed by its bare name; an account, whose server answers for the bare address, by a resource too. */
function isAddressed(to: Jid | undefined, own: Jid): boolean {
  if (to === undefined) return false;
  return localOf(own) === undefined ? to === own : bareOf(to) === own;
}

/**
 * Refuses a request that nobody takes.
 *
 * @returns `undefined` when the stanza asks for no answer
 */
export function refuse(stanza: Stanza): Stanza | undefined {
  if (!isRequest(stanza)) return undefined;
  return errorOf(stanza, { condition: stanza.payload.length === 1 ? 'service-unavailable' : 'bad-request' });
}
