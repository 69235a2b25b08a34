/**
 * What a stream reader makes of some bytes, as one list that can be compared: its events, and its fault at the end.
 */
import type { Element } from '../../src/xml/element.ts';
import { COMPONENT_LIMITS } from '../../src/xml/limits.ts';
import { type ReadOptions, type StreamEvents, StreamReader } from '../../src/xml/parse.ts';
import { XmlError } from '../../src/xml/xml-error.ts';

/** One event, or the fault that ended the reading; a fault shows its condition only, for its place is not for ever. */
export type XmlEvent =
  | readonly ['open', root: Element, contentNs: string]
  | readonly ['element', element: Element]
  | readonly ['refused', head: Element, reason: string]
  | readonly ['close']
  | readonly ['fault', condition: string];

/** How a component's stream is read. */
export const COMPONENT_OPTIONS: ReadOptions = {
  limits: COMPONENT_LIMITS,
  renames: new Map([['jabber:component:accept', 'jabber:client']]),
};

/** Events that only put themselves on a list. */
export function recorder(list: XmlEvent[]): StreamEvents {
  return {
    open: (root, contentNs) => list.push(['open', root, contentNs]),
    element: element => list.push(['element', element]),
    refused: (head, reason) => list.push(['refused', head, reason]),
    close: () => list.push(['close']),
  };
}

/**
 * Reads pieces of one stream.
 *
 * @throws whatever a reader throws that is not an XmlError
 */
export function readPieces(pieces: Iterable<Uint8Array>, options: ReadOptions = COMPONENT_OPTIONS): XmlEvent[] {
  const list: XmlEvent[] = [];
  const reader = new StreamReader(recorder(list), options);
  try {
    for (const piece of pieces) reader.write(piece);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    list.push(['fault', error.condition]);
  }
  return list;
}

/** Reads one stream that comes in one piece. */
export function readStream(input: string | Uint8Array, options: ReadOptions = COMPONENT_OPTIONS): XmlEvent[] {
  return readPieces([typeof input === 'string' ? Buffer.from(input) : input], options);
}

/** Cuts bytes into pieces of a size. */
export function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
