/**
 * What a served domain answers by itself.
 *
 * Decides the answers to requests that are addressed to the domain: ping (XEP-0199), software version (XEP-0092) and
 * service discovery (XEP-0030); and that every other request that nobody takes gets `service-unavailable`, so that no peer
 * waits in vain (RFC 6120 §8.4). Pure: one stanza in, the answer or nothing out.
 */
import { type Element, element } from '../xml/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { errorOf, isRequest, resultOf, type Stanza } from '../xmpp/stanza.ts';

/** What a domain says about itself. */
export interface Identity {
  readonly domain: Jid;
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
 * Answers a request.
 *
 * @returns `undefined` when the stanza asks for no answer
 */
export function respond(stanza: Stanza, identity: Identity): Stanza | undefined {
  if (!isRequest(stanza)) return undefined;
  const [query] = stanza.payload;
  if (query === undefined || stanza.payload.length !== 1) return errorOf(stanza, { condition: 'bad-request' });
  const asked = stanza.type === 'get' && stanza.to === identity.domain;
  const answer = asked ? ANSWERS.get(`{${query.ns}}${query.name}`) : undefined;
  if (answer === undefined) return errorOf(stanza, { condition: 'service-unavailable' });
  if (answer === 'empty') return resultOf(stanza);
  const payload = answer(identity, query);
  return payload === undefined ? errorOf(stanza, { condition: 'item-not-found' }) : resultOf(stanza, [payload]);
}
