/**
 * Stream features that a server offers to its clients (RFC 6120 §4.3).
 *
 * Decides, as rows, what a feature needs to be true of the stream, what rules it out, and how it is announced. The order
 * of a login follows from the rows: nobody has to list which step comes after which. How a chosen feature is carried out
 * is decided by the stream that offers it.
 */
import { type Element, element } from '../xml/element.ts';
import { CLIENT_LIMITS } from '../xml/limits.ts';
import { NS } from './ns.ts';

/**
 * What can be true of a client's stream before a resource is bound:
 * - `private`: nobody else can read it, because it is encrypted or never leaves this machine
 * - `secured`: TLS is in place
 * - `authenticated`: SASL has succeeded
 */
export type Fact = 'private' | 'secured' | 'authenticated';

/** One row: a feature and when it is on offer. */
export interface Feature {
  readonly name: string;
  /** The namespace of the feature and of the elements with which a client picks it. */
  readonly ns: string;
  readonly needs: readonly Fact[];
  readonly forbids: readonly Fact[];
  /** The children of its element, from the names of the SASL mechanisms. */
  children(mechanisms: readonly string[]): readonly Element[];
}

/** The features of a client's stream, in the order in which they are announced. */
export const FEATURES: readonly Feature[] = [
  // RFC 6120 §5: never after SASL, which would have to be done again.
  { name: 'starttls', ns: NS.tls, needs: [], forbids: ['secured', 'authenticated'], children: () => [] },
  {
    name: 'mechanisms',
    ns: NS.sasl,
    needs: ['private'],
    forbids: ['authenticated'],
    children: mechanisms => mechanisms.map(name => element('mechanism', NS.sasl, {}, [name])),
  },
  { name: 'bind', ns: NS.bind, needs: ['authenticated'], forbids: [], children: () => [] },
  // XEP-0198 §2: a session that is gone back to needs no resource.
  { name: 'sm', ns: NS.management, needs: ['authenticated'], forbids: [], children: () => [] },
  // XEP-0478: what is larger ends the stream. Before the login nothing large can be meant.
  {
    name: 'limits',
    ns: NS.streamLimits,
    needs: ['authenticated'],
    forbids: [],
    children: () => [element('max-bytes', NS.streamLimits, {}, [String(CLIENT_LIMITS.bytes)])],
  },
  // RFC 3921 §3 made this a step of its own; RFC 6121 did away with it, old clients still wait for it.
  {
    name: 'session',
    ns: NS.session,
    needs: ['authenticated'],
    forbids: [],
    children: () => [element('optional', NS.session)],
  },
];

/** The features that are on offer on a stream of which these facts hold. */
export function offeredFeatures(facts: ReadonlySet<Fact>): readonly Feature[] {
  return FEATURES.filter(
    ({ needs, forbids }) => needs.every(fact => facts.has(fact)) && !forbids.some(fact => facts.has(fact)),
  );
}

/**
 * The `<stream:features/>` element (RFC 6120 §4.3.2).
 *
 * @param facts what holds of the stream
 * @param mechanisms names of SASL mechanisms, the strongest first
 */
export function featuresElement(facts: ReadonlySet<Fact>, mechanisms: readonly string[]): Element {
  const offered = offeredFeatures(facts).map(({ name, ns, children }) => element(name, ns, {}, children(mechanisms)));
  return element('features', NS.stream, {}, offered);
}
