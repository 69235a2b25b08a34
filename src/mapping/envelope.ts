/**
 * The whole stanza as JSON: its attributes beside its payload, in one flat object.
 *
 * Decides which kind and type a JSON object without them has (mod_rest's rules), which table maps its payload, and that a
 * presence without type says `available`. Addresses are only checked for being strings here; `makeStanza` prepares them.
 */
import { type Draft, isKind, type Kind, type Stanza } from '../xmpp/stanza.ts';
import { stringAt } from './attributes.ts';
import { CONVENIENCES, type ShownTwice, showTwice, spellOut } from './convenience.ts';
import { IQ } from './iq.ts';
import { isPresent, type Json, type JsonObject, MappingError, own } from './json.ts';
import { MESSAGE } from './message.ts';
import { PRESENCE } from './presence.ts';
import { type JsonOf, readPayload, type Table, writePayload } from './table.ts';
import { codeAsError } from './xep/error-code.ts';

/** The table of each kind. */
export const TABLES: Readonly<Record<Kind, Table>> = { message: MESSAGE, presence: PRESENCE, iq: IQ };

/** The keys that every stanza has beside those of its payload. */
interface EnvelopeJson<K extends Kind> {
  readonly kind: K;
  readonly type?: string;
  readonly to?: string;
  readonly from?: string;
  readonly id?: string;
  readonly lang?: string;
}

/** A stanza as JSON. */
export type StanzaJson =
  | (EnvelopeJson<'message'> & ShownTwice['message'] & JsonOf<typeof MESSAGE>)
  | (EnvelopeJson<'presence'> & ShownTwice['presence'] & JsonOf<typeof PRESENCE>)
  | (EnvelopeJson<'iq'> & ShownTwice['iq'] & JsonOf<typeof IQ>);

/** A type that only one kind has implies that kind. */
export const KIND_OF_TYPE: ReadonlyMap<string, Kind> = new Map([
  ...['get', 'set', 'result'].map((type): [string, Kind] => [type, 'iq']),
  ...['normal', 'chat', 'headline', 'groupchat'].map((type): [string, Kind] => [type, 'message']),
  ...['available', 'unavailable', 'subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'].map(
    (type): [string, Kind] => [type, 'presence'],
  ),
]);

/** A key implies a kind; the first that is there decides. */
export const KIND_OF_KEY: readonly (readonly [string, Kind])[] = [
  ...['disco', 'items', 'ping', 'version', 'command', 'archive'].map((key): [string, Kind] => [key, 'iq']),
  ...['body', 'html', 'replace', 'state', 'subject', 'thread'].map((key): [string, Kind] => [key, 'message']),
  ...['join', 'priority', 'show', 'status'].map((key): [string, Kind] => [key, 'presence']),
  // Of the keys that mod_rest lacks, those that only an iq has; its own others imply nothing there and so nothing here.
  ...[
    'roster',
    'vcard',
    'vcard4',
    'pubsub',
    'pubsub_owner',
    'muc_admin',
    'muc_owner',
    'time',
    'carbons',
    'moderate',
  ].map((key): [string, Kind] => [key, 'iq']),
  ...['block', 'unblock', 'blocklist'].map((key): [string, Kind] => [key, 'iq']),
];

/** Keys that make an iq a `set` when it names no type. */
const SET_KEYS = ['command', 'archive', 'block', 'unblock'];

/** Reads a stanza into JSON. */
export function readStanzaJson(stanza: Stanza): StanzaJson {
  const { kind, type, to, from, id, lang } = stanza;
  const shownType = type ?? (kind === 'presence' ? 'available' : undefined);
  return {
    kind,
    ...(shownType !== undefined && { type: shownType }),
    ...(to !== undefined && { to }),
    ...(from !== undefined && { from }),
    ...(id !== undefined && { id }),
    ...(lang !== undefined && { lang }),
    ...(type === 'error' && { error: {} }),
    ...showTwice(readPayload(stanza.payload, TABLES[kind]), kind),
  };
}

/**
 * Writes JSON as the draft of a stanza. Keys that no row knows are ignored, as in mod_rest.
 *
 * @throws MappingError when a known key has a value of the wrong type
 */
export function writeStanzaJson(json: JsonObject): Draft {
  const type = stringAt(json, 'type');
  const kind = kindOf(json, type ?? impliedType(json));
  return {
    kind,
    type: type ?? (kind === 'iq' ? (impliedType(json) ?? 'get') : undefined),
    to: stringAt(json, 'to'),
    from: stringAt(json, 'from'),
    id: stringAt(json, 'id'),
    lang: stringAt(json, 'lang'),
    payload: writePayload(spellOut(codeAsError(json), kind), TABLES[kind]),
  };
}

/** Keys of the attributes and of what no key shows. */
const ENVELOPE_KEYS = ['kind', 'type', 'to', 'from', 'id', 'lang', 'extra'];

/** The keys of a JSON object that were ignored when it was written as a stanza of this kind. */
export function ignoredKeys(json: JsonObject, kind: Kind): readonly string[] {
  const { rows } = TABLES[kind];
  const known = (key: string) => key in rows || ENVELOPE_KEYS.includes(key) || Object.hasOwn(CONVENIENCES[kind], key);
  return Object.keys(json).filter(key => !known(key));
}

function says(json: JsonObject, key: string): boolean {
  const value: Json | undefined = own(json, key);
  return isPresent(value) && value !== false;
}

function impliedType(json: JsonObject): string | undefined {
  return SET_KEYS.some(key => says(json, key)) ? 'set' : undefined;
}

function kindOf(json: JsonObject, type: string | undefined): Kind {
  const named = stringAt(json, 'kind');
  if (named !== undefined) {
    if (isKind(named)) return named;
    throw new MappingError('kind', "must be 'message', 'presence' or 'iq'");
  }
  const byType = type === undefined ? undefined : KIND_OF_TYPE.get(type);
  return byType ?? KIND_OF_KEY.find(([key]) => says(json, key))?.[1] ?? 'message';
}
