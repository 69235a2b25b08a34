/**
 * Resource binding within the login (XEP-0386).
 *
 * Decides how a client asks for it and what it reads of the result. What is enabled along with it is decided by those who know
 * the features; their elements pass through.
 */
import { childElements, childNamed, type Element, element } from '../xml/element.ts';
import { NS } from './ns.ts';

/** What the server can do along with binding. */
export interface Bind2Offer {
  /** Names of features, such as `urn:xmpp:sm:3`. */
  readonly features: readonly string[];
}

/** A place in the archive. */
export interface ArchivePlace {
  readonly id: string;
  /** XEP-0082, as it came. */
  readonly timestamp: string | undefined;
}

/** What came of binding. */
export interface Bound {
  /** `<enabled/>` or `<failed/>` of XEP-0198; `undefined` when it was not asked for. */
  readonly management: Element | undefined;
  /** The newest message in the account's archive at the moment of binding (XEP-0386 §3.2). */
  readonly archiveEnd: ArchivePlace | undefined;
}

/** Reads the feature, an inline feature of SASL2. */
export function readBind2Offer(feature: Element): Bind2Offer {
  const inline = childNamed(feature, 'inline');
  const listed = inline === undefined ? [] : childElements(inline).filter(({ name }) => name === 'feature');
  return { features: listed.flatMap(({ attrs }) => attrs['var'] ?? []) };
}

/**
 * Asks for a resource.
 *
 * @param tag what the server makes the resource of; others can see it
 * @param inline what to enable, such as `<enable xmlns='urn:xmpp:sm:3'/>`; only what the offer lists
 */
export function bind2(tag: string, inline: readonly Element[]): Element {
  return element('bind', NS.bind2, {}, [element('tag', NS.bind2, {}, [tag]), ...inline]);
}

/** Reads `<bound/>`. */
export function readBound(bound: Element): Bound {
  const management = childElements(bound).find(({ ns }) => ns === NS.management);
  const metadata = childNamed(bound, 'metadata', NS.archive);
  const { id, timestamp } = (metadata && childNamed(metadata, 'end'))?.attrs ?? {};
  return { management, archiveEnd: id === undefined ? undefined : { id, timestamp } };
}
