/**
 * The stream's frame: its header, its end and its errors (RFC 6120 §4).
 *
 * Decides how a stream is opened and closed in text, and which headers and errors of the other side are understood. It
 * keeps nothing and opens nothing; both ends of a stream, and XEP-0114 with its own content namespace, use it.
 */
import { childElements, childNamed, type Element, element, textOf } from '../xml/element.ts';
import { escapeAttribute, type Surroundings, write } from '../xml/write.ts';
import { isStreamCondition, type StreamCondition } from './conditions.ts';
import { NS } from './ns.ts';

/** The content of a stream header; which attributes are there depends on the role (RFC 6120 §4.7). */
export interface StreamHeader {
  /** The default namespace: `jabber:client` or `jabber:component:accept`. */
  readonly contentNs: string;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly id?: string | undefined;
  readonly version?: string | undefined;
  readonly lang?: string | undefined;
}

/** A reason to end a stream, as a condition of RFC 6120 §4.9.3 and a sentence. */
export class StreamFault extends Error {
  override readonly name = 'StreamFault';
  readonly condition: StreamCondition;

  constructor(condition: StreamCondition, text: string) {
    super(text);
    this.condition = condition;
  }
}

/** The end tag of every stream. */
export const STREAM_END = '</stream:stream>';

/** Where the children of a stream's root stand: names in `contentNs`, and those of the stream, need no declaration. */
export function insideStream(contentNs: string): Surroundings {
  return { defaultNs: contentNs, prefixes: { [NS.stream]: 'stream' } };
}

/** The XML declaration and the root's start tag (RFC 6120 §4.2). */
export function openStream(header: StreamHeader): string {
  const { contentNs, to, from, id, version, lang } = header;
  const attrs = { xmlns: contentNs, 'xmlns:stream': NS.stream, to, from, id, version, 'xml:lang': lang };
  const written = Object.entries(attrs).flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}='${escapeAttribute(value)}'`],
  );
  return `<?xml version='1.0'?><stream:stream${written.join('')}>`;
}

/**
 * Reads the root of the other side's stream.
 *
 * @param root the root element without children
 * @param contentNs the default namespace that it declared
 * @param expectedNs the default namespace that it has to declare
 * @throws StreamFault `invalid-namespace` or `bad-format` when it is not the root of such a stream
 */
export function readHeader(root: Element, contentNs: string, expectedNs: string): StreamHeader {
  if (root.ns !== NS.stream) throw new StreamFault('invalid-namespace', `the root is not in ${NS.stream}`);
  if (root.name !== 'stream') throw new StreamFault('bad-format', 'the root is not a stream');
  if (contentNs !== expectedNs)
    throw new StreamFault('invalid-namespace', `the default namespace is not ${expectedNs}`);
  const { to, from, id, version, 'xml:lang': lang } = root.attrs;
  return { contentNs, to, from, id, version, lang };
}

/**
 * The stream error that is the last word on a stream (RFC 6120 §4.9).
 *
 * @param detail what an extension has to say beside the condition (§4.9.4)
 */
export function streamError(condition: StreamCondition, text?: string, detail?: Element): string {
  const children = [element(condition, NS.streamErrors)];
  if (text !== undefined) children.push(element('text', NS.streamErrors, { 'xml:lang': 'en' }, [text]));
  if (detail !== undefined) children.push(detail);
  return write(element('error', NS.stream, {}, children), insideStream(NS.client));
}

/** A stream error of the other side. */
export interface ReceivedStreamError {
  readonly condition: StreamCondition;
  readonly text?: string;
  /** Where the other side wants us to go, as it came (§4.9.3.19). */
  readonly address?: string;
}

/** Whether an element of a stream says what the server offers (RFC 6120 §4.3.2). */
export function isFeatures({ ns, name }: Element): boolean {
  return ns === NS.stream && name === 'features';
}

/**
 * Reads an element of a stream as a stream error.
 *
 * @returns `undefined` when it is not one; an unknown condition counts as `undefined-condition`
 */
export function readStreamError(received: Element): ReceivedStreamError | undefined {
  if (received.ns !== NS.stream || received.name !== 'error') return undefined;
  const named = childElements(received).find(child => child.ns === NS.streamErrors && isStreamCondition(child.name));
  const condition = named !== undefined && isStreamCondition(named.name) ? named.name : 'undefined-condition';
  const text = childNamed(received, 'text', NS.streamErrors);
  const address = named !== undefined && condition === 'see-other-host' ? textOf(named) : '';
  return { condition, ...(text !== undefined && { text: textOf(text) }), ...(address !== '' && { address }) };
}
