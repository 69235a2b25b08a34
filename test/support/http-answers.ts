/**
 * Answers over HTTP that were recorded from mod_rest, and when ours are alike.
 *
 * Decides that status, media type and errors must be the same always, and a stanza either whole or in its kind alone. What
 * is new each time (ids, times, tokens) is a word in the recordings; any text may stand for it in ours.
 */
import { isObject, type Json, type JsonObject } from '../../src/mapping/json.ts';
import { childElements } from '../../src/xml/element.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { canonical, holds, parseRecorded } from './vectors.ts';

/** An answer. */
export interface HttpAnswer {
  readonly status: number;
  /** The media type without parameters; absent where none is named. */
  readonly type: string | undefined;
  readonly body: string;
}

/** The media type in a `Content-Type` field. */
export function mediaType(field: string | null | undefined): string | undefined {
  return field?.split(';', 1)[0]?.trim();
}

/** Whether our answer is the recorded one. @param isWhole stanzas are compared whole */
export function alike(theirs: HttpAnswer, ours: HttpAnswer, isWhole: boolean): boolean {
  if (theirs.status !== ours.status || theirs.type !== ours.type) return false;
  if (theirs.body === '') return true;
  return BODIES[theirs.type ?? '']?.(theirs.body, ours.body, isWhole) ?? false;
}

/** Compares bodies by their media type. */
const BODIES: Readonly<Record<string, (theirs: string, ours: string, isWhole: boolean) => boolean>> = {
  'application/json': (theirs, ours, isWhole) => sameJson(JSON.parse(theirs), JSON.parse(ours), isWhole),
  'application/xmpp+xml': sameXml,
  'application/x-www-form-urlencoded': (theirs, ours, isWhole) =>
    !isWhole || sameText(theirs.split('&').toSorted().join('&'), ours.split('&').toSorted().join('&')),
};

/** Of an error, the parts in which mod_rest's own words stand; the rest is for people. */
function sameJson(theirs: JsonObject, ours: JsonObject, isWhole: boolean): boolean {
  if (typeof theirs['code'] === 'number') {
    return (
      theirs['code'] === ours['code'] && (!isObject(theirs['error']) || holds(picked(theirs['error']), ours['error']))
    );
  }
  if (!isWhole) return holds({ kind: 'iq' }, ours) || 'xmpp' in theirs || holds({ kind: theirs['kind'] ?? null }, ours);
  const [recorded, found] = [inOrder(theirs), inOrder(ours)];
  return holds(filledIn(recorded, found), found);
}

function picked({ type, condition }: JsonObject): Json {
  return { type: type ?? null, condition: condition ?? null };
}

function sameXml(theirs: string, ours: string, isWhole: boolean): boolean {
  const [recorded, found] = [parseRecorded(theirs), parseRecorded(ours)];
  if (recorded === undefined || found === undefined) return false;
  if (recorded.ns === NS.stream) return childElements(recorded)[0]?.name === childElements(found)[0]?.name;
  if (!isWhole) return recorded.name === found.name || recorded.name === 'xmpp';
  return sameText(canonical(recorded), canonical(found));
}

/** Words for what is new each time, as they stand in texts. */
const NEW = /GENERATED-ID|ARCHIVE-ID|UUID|UPTIME|TURNPASSWORD|SLOTTOKEN|SLOT|1700000000|2026-01-01T00:00:00Z/;
/** A number for what is new each time. */
const SECONDS = 12_345;

/** Whether our text is the recorded one with something in the place of each word for what is new. */
function sameText(theirs: string, ours: string): boolean {
  if (!NEW.test(theirs)) return theirs === ours;
  const literal = theirs.split(NEW).map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${literal.join('[^"\\\\]+')}$`, 's').test(ours);
}

/** What was recorded, with what is new taken from ours where it may be that. */
function filledIn(theirs: Json, ours: Json | undefined): Json {
  if (typeof theirs === 'string') return typeof ours === 'string' && sameText(theirs, ours) ? ours : theirs;
  if (theirs === SECONDS) return typeof ours === 'number' ? ours : theirs;
  if (isList(theirs)) return theirs.map((item, index) => filledIn(item, isList(ours) ? ours[index] : undefined));
  if (!isObject(theirs)) return theirs;
  const found = isObject(ours) ? ours : {};
  return Object.fromEntries(Object.entries(theirs).map(([key, value = null]) => [key, filledIn(value, found[key])]));
}

/** The same with texts in a list in alphabetical order: Lua has another one each time. */
function inOrder(value: Json): Json {
  if (isList(value)) {
    return value.every(item => typeof item === 'string') ? value.toSorted() : value.map(item => inOrder(item));
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner = null]) => [key, inOrder(inner)]));
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
