/**
 * What the server answers in the name of an account to the account itself (RFC 6121 §8.5.2.1.3, XEP-0030 §3.2, XEP-0199).
 *
 * Decides the answer as rows of request type and payload. There are no stored rosters yet: one is read as empty and cannot
 * be changed. Everything without a row is `service-unavailable`.
 */
import { type Element, element } from '../../xml/element.ts';
import type { StanzaCondition } from '../../xmpp/conditions.ts';
import { NS } from '../../xmpp/ns.ts';
import { errorOf, type Iq, resultOf, type Stanza } from '../../xmpp/stanza.ts';

/** The payload of a result, or the condition of an error. */
type Answer = readonly Element[] | StanzaCondition;

const FEATURES = [NS.discoInfo, NS.ping, NS.roster];

/** XEP-0030 §3.2 asks for this identity on an account's bare address. */
function discoInfo(query: Element): Answer {
  if (query.attrs['node'] !== undefined) return 'item-not-found';
  const identity = element('identity', NS.discoInfo, { category: 'account', type: 'registered' });
  const features = FEATURES.map(feature => element('feature', NS.discoInfo, { var: feature }));
  return [element('query', NS.discoInfo, {}, [identity, ...features])];
}

const ROWS: ReadonlyMap<string, (payload: Element) => Answer> = new Map([
  [`get {${NS.discoInfo}}query`, discoInfo],
  [`get {${NS.ping}}ping`, () => []],
  [`get {${NS.roster}}query`, () => [element('query', NS.roster)]],
  [`set {${NS.roster}}query`, () => 'feature-not-implemented'],
  // RFC 6120 §7.1: one resource per stream.
  [`set {${NS.bind}}bind`, () => 'not-allowed'],
]);

/**
 * Answers a request from an account to itself.
 *
 * @param request of type get or set
 */
export function answerForAccount(request: Iq): Stanza | undefined {
  const [payload] = request.payload;
  const row = payload && ROWS.get(`${request.type} {${payload.ns}}${payload.name}`);
  const answer = payload && row ? row(payload) : 'service-unavailable';
  return typeof answer === 'string' ? errorOf(request, { condition: answer }) : resultOf(request, answer);
}
