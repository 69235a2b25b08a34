/**
 * How much XML one stanza may be.
 *
 * Decides the numbers that bound memory and time per stanza on each way in and out. `bytes` refuses one stanza and keeps
 * the stream; `fatalBytes` ends the stream, because whoever goes on past it cannot be bounded otherwise.
 */

/** Bounds on one stanza or document. */
export interface XmlLimits {
  /** Bytes of UTF-8 past which the stanza is refused. */
  readonly bytes: number;
  /** Bytes of UTF-8 past which reading stops for good. */
  readonly fatalBytes: number;
  /** Nested elements, the stanza itself being the first. */
  readonly depth: number;
  /** Attributes of one element, namespace declarations included. */
  readonly attributes: number;
  /** Elements in the stanza, itself included. */
  readonly elements: number;
}

/**
 * Characters of a namespace name. Each use of a prefix stands for a copy of it in some later form of the stanza, so a
 * long one that is used often would make much of little.
 */
export const NAMESPACE_LENGTH = 256;

const SHAPE = { depth: 128, attributes: 256, elements: 10_000 } as const;
const KIB = 1024;

/** Before a client has logged in: nothing large can be meant. */
export const PRE_AUTH_LIMITS: XmlLimits = { ...SHAPE, bytes: 16 * KIB, fatalBytes: 16 * KIB };

/** From a client: the bound that Prosody and ejabberd have too; RFC 6120 §13.12 asks for 10,000 at least. */
export const CLIENT_LIMITS: XmlLimits = { ...SHAPE, bytes: 256 * KIB, fatalBytes: 256 * KIB };

/**
 * From the server of a component. A stranger's stanza must not end the stream that all share, so one that is too large is
 * refused alone; escaping makes a stanza up to six times larger on its way through a server, which is how far we follow.
 */
export const COMPONENT_LIMITS: XmlLimits = { ...SHAPE, bytes: 512 * KIB, fatalBytes: 4096 * KIB };

/** The body of an HTTP request, unless configured otherwise; below 256 KiB to leave room for the growth from JSON to XML. */
export const BODY_BYTES = 192 * KIB;

/** The bounds on an XML document of at most `bytes` bytes that came over HTTP. */
export function documentLimits(bytes: number): XmlLimits {
  return { ...SHAPE, bytes, fatalBytes: bytes };
}
