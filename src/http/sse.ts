/**
 * Server-Sent Events (HTML Living Standard §9.2): a stream of events as text.
 *
 * Decides how an entry of the journal, a gap and the sign of life are written. The id of an event is its seq, so what a
 * client sends back as `Last-Event-ID` is a position in the journal; an id without data moves that position and is no event
 * (§9.2.6).
 */
import type { TextCodec } from '../bridge/codec.ts';
import { JSON_CODEC } from '../bridge/json.ts';
import { XML_CODEC } from '../bridge/xml.ts';
import type { Entry } from '../journal/journal.ts';

/** What a stanza can be written as. */
export const EVENT_FORMATS = ['json', 'xml'] as const;
export type EventFormat = (typeof EVENT_FORMATS)[number];

/** The codec of each format. */
export const EVENT_CODECS: Readonly<Record<EventFormat, TextCodec>> = { json: JSON_CODEC, xml: XML_CODEC };

/** Entries that a reader asked for are not kept any more. */
export interface Gap {
  /** The position that was asked for. */
  readonly after: number;
  /** The seq of the oldest entry that is kept. */
  readonly first: number;
}

/** How every stream begins: clients come back after 3 seconds. */
export const OPENING = 'retry: 3000\n\n';
/** How a stream ends that the gateway ends. */
export const FAREWELL = ': come back later\n\n';
/** A sign of life, which keeps connections open and shows which are gone. */
export const HEARTBEAT = ':\n\n';

/** An entry as an event, named by the kind of its stanza. */
export function entryFrame({ seq, stanza }: Entry, format: EventFormat): string {
  const data = EVENT_CODECS[format].encode([stanza]);
  // XML may hold line feeds. A carriage return, which ends a line here too, is escaped in both formats.
  return `id: ${seq}\nevent: ${stanza.kind}\ndata: ${data.replaceAll('\n', '\ndata: ')}\n\n`;
}

/** A gap as an event. It has no id: whoever comes back before the next event hears of it again. */
export function gapFrame({ after, first }: Gap): string {
  return `event: gap\ndata: ${JSON.stringify({ after, first })}\n\n`;
}

/** A sign of life that also moves the client's position, so that it need not ask for what was not for it. */
export function positionFrame(seq: number): string {
  return `:\nid: ${seq}\n\n`;
}
