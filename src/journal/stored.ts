/**
 * Entries and deliveries as they stand in the file, and back.
 *
 * Decides the stored form of a stanza (XML, in the namespace `jabber:client` unless it says otherwise), the checksums over
 * rows, and the form of a delivery's id: where the delivery stands, so that it is found without an index, and 128 random
 * bits, so that nobody guesses it.
 */
import { crc32 } from 'node:zlib';
import { documentLimits } from '../xml/limits.ts';
import { parseDocument } from '../xml/parse.ts';
import { write } from '../xml/write.ts';
import { bareOf, type Jid, parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { newId, readStanza, type Stanza, stanzaElement } from '../xmpp/stanza.ts';
import type { ArchivePosition, DeliveryState, Entry, StanzaEvent } from './journal.ts';
import type { Position, Queued } from './lanes.ts';

/** A row of the file, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** What was written once cannot be larger; this is only a bound. */
const LIMITS = documentLimits(64 * 1024 * 1024);
const IN_CLIENT = { defaultNs: NS.client };

const EVENTS: readonly StanzaEvent[] = ['host', 'bare', 'full'];
const STATES: readonly DeliveryState[] = ['queued', 'done', 'dead'];

/** A row does not say what was written, or what was written is not what it should be. The message names it. */
export class Damage extends Error {
  override readonly name = 'Damage';
}

/**
 * The stored form of a stanza.
 *
 * @throws XmlError when it is larger than anything that a stream may carry
 */
export function xmlOf(stanza: Stanza): string {
  return write(stanzaElement(stanza), IN_CLIENT);
}

/** The stanza of its stored form. */
export function stanzaOf(xml: string): Stanza {
  return readStanza(parseDocument(xml, LIMITS, NS.client));
}

/** The bare address that a stanza was sent to; one without `to` is for the link's own account (RFC 6120 §10.3). */
export function ownerOf(stanza: Stanza, link: Jid): Jid {
  return bareOf(stanza.to ?? link);
}

/** The checksum over the values of a row, CRC-32. */
export function sumOf(...values: readonly (string | number)[]): number {
  return crc32(values.join('\n'));
}

/** The checksum of a delivery's row. */
export function sumOfDelivery(item: Queued, state: DeliveryState): number {
  const { seq, place, link, target, sender, size, id, tries, made, next } = item;
  return sumOf(seq, place, link, target, sender, size, secretOf(id), state, tries, made, next);
}

/** The checksum of the row of a position in an archive. */
export function sumOfPosition(link: string, { archiveId, at }: ArchivePosition): number {
  return at === undefined ? sumOf(link, archiveId) : sumOf(link, archiveId, at);
}

/**
 * Reads an entry.
 *
 * @param row with the columns of the table `entry`
 * @throws Damage
 */
export function entryOf(row: Row): Entry {
  const [seq, at, link, owner] = [Number(row['seq']), Number(row['at']), String(row['link']), String(row['owner'])];
  const [event, xml] = [EVENTS.find(known => known === row['event']), String(row['stanza'])];
  if (event === undefined || row['sum'] !== sumOf(seq, at, link, owner, event, xml)) {
    throw new Damage(`the entry ${seq} is damaged`);
  }
  try {
    return { seq, at, link: parseJid(link), event, stanza: stanzaOf(xml) };
  } catch (error) {
    throw new Damage(`the entry ${seq} cannot be read`, { cause: error });
  }
}

/** A delivery that was read. */
export interface Stored {
  readonly item: Queued;
  readonly state: DeliveryState;
}

/**
 * Reads a delivery.
 *
 * @param row with the columns of the table `delivery`, except that `delivery_sum` may stand for `sum` beside an entry
 * @throws Damage
 */
export function deliveryOf(row: Row): Stored {
  const position = { seq: Number(row['entry']), place: Number(row['place']) };
  const item: Queued = {
    ...position,
    id: idOf(position, String(row['secret'])),
    link: String(row['link']),
    target: String(row['target']),
    sender: String(row['sender']),
    size: Number(row['size']),
    tries: Number(row['tries']),
    made: Number(row['made']),
    next: Number(row['next']),
  };
  const state = STATES.find(known => known === row['state']);
  const sum = row['delivery_sum'] ?? row['sum'];
  if (state === undefined || sum !== sumOfDelivery(item, state)) {
    throw new Damage(`the delivery ${position.place} of the entry ${position.seq} is damaged`);
  }
  return { item, state };
}

/**
 * Reads a position in an archive, with the link that it is of.
 *
 * @param row with the columns of the table `archive`
 * @throws Damage
 */
export function archivedOf(row: Row): readonly [link: string, position: ArchivePosition] {
  const link = String(row['link']);
  const at = row['at'] === null ? undefined : Number(row['at']);
  const position = { archiveId: String(row['position']), at };
  if (row['sum'] !== sumOfPosition(link, position))
    throw new Damage(`the position in the archive of ${link} is damaged`);
  return [link, position];
}

const ID = /^([0-9a-z]{1,11})-([0-9a-z]{1,6})-([\w-]{22})$/;
const BASE = 36;

/** The id of a delivery. */
export function idOf({ seq, place }: Position, secret: string = newId()): string {
  return `${seq.toString(BASE)}-${place.toString(BASE)}-${secret}`;
}

/** Where the delivery of an id stands; `undefined` for a text that is no id. */
export function positionOf(id: string): Position | undefined {
  const [, seq, place] = ID.exec(id) ?? [];
  if (seq === undefined || place === undefined) return undefined;
  return { seq: Number.parseInt(seq, BASE), place: Number.parseInt(place, BASE) };
}

/** The part of an id that nobody can guess. */
export function secretOf(id: string): string {
  return ID.exec(id)?.[3] ?? '';
}
