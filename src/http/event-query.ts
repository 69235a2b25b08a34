/**
 * What a request for events asks.
 *
 * Decides the parameters, that `Last-Event-ID` wins over `after` (a client that comes back sends both), and which answer an
 * `Accept` field means: a stream, or one list as JSON or XML. The filters mean what those of callbacks mean.
 */
import { parseAccept } from '../bridge/accept.ts';
import { RestanzaError } from '../errors.ts';
import { type Rule, route } from '../host/routes.ts';
import type { Entry } from '../journal/journal.ts';
import { type Kind, TYPES } from '../xmpp/stanza.ts';
import { oneOf, type Parameter, readParameters, readWholeNumber, wholeNumber } from './query-parameters.ts';
import { EVENT_FORMATS, type EventFormat } from './sse.ts';

/** Seconds that a request may wait for events. */
const LONGEST_WAIT = 300;
/** Events in one list. */
const DEFAULT_LIMIT = 100;
const HIGHEST_LIMIT = 1_000;

const KINDS: readonly Kind[] = ['message', 'presence', 'iq'];
const TYPE_NAMES = [...new Set(['available', ...KINDS.flatMap((kind): readonly string[] => TYPES[kind])])];

const POSITION = 'the id of an event, or 0 for all that are kept';
const PATTERN: Parameter<string> = {
  form: 'an address, in which * stands for any characters',
  read: text => (text === '' || text.length > 3_071 || text.split('*').length > 9 ? undefined : patternOf(text)),
};

/** Addresses are compared in lower case, but for the resource, and composed (RFC 7622 §3). */
function patternOf(text: string): string {
  const [bare = ''] = text.split('/', 1);
  return (bare.toLowerCase() + text.slice(bare.length)).normalize('NFC');
}

const PARAMETERS = {
  after: { form: POSITION, read: readWholeNumber },
  wait: wholeNumber(0, LONGEST_WAIT),
  limit: wholeNumber(1, HIGHEST_LIMIT),
  format: oneOf(EVENT_FORMATS),
  kind: oneOf(KINDS),
  type: oneOf(TYPE_NAMES),
  from: PATTERN,
  to: PATTERN,
};

/** What of the readable entries is wanted. */
export interface Wanted {
  readonly kind?: Kind;
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
}

/** A request for events. */
export interface EventQuery {
  /** A stream of events instead of one list. */
  readonly isStream: boolean;
  readonly format: EventFormat;
  /** Where to begin; absent for what comes from now on. */
  readonly after?: number;
  /** Seconds. */
  readonly wait: number;
  readonly limit: number;
  readonly wanted: Wanted;
}

/** The media types of answers. */
const ANSWERS: ReadonlyMap<string, Pick<EventQuery, 'isStream' | 'format'>> = new Map([
  ['text/event-stream', { isStream: true, format: 'json' }],
  ['application/json', { isStream: false, format: 'json' }],
  ...['application/xmpp+xml', 'application/xml', 'text/xml'].map(
    (type): [string, Pick<EventQuery, 'isStream' | 'format'>] => [type, { isStream: false, format: 'xml' }],
  ),
]);
const DEFAULT_ANSWER = { isStream: false, format: 'json' } as const;

/**
 * Reads a request for events.
 *
 * @param headers `accept` and `last-event-id` are looked at
 * @throws RestanzaError as `readParameters`; `value-invalid` also for a `Last-Event-ID` that is no id of ours
 */
export function readEventQuery(
  url: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): EventQuery {
  const { after: asked, wait = 0, limit = DEFAULT_LIMIT, format, ...wanted } = readParameters(url, PARAMETERS);
  const answer = answerOf(String(headers['accept'] ?? ''));
  const after = lastEventId(headers['last-event-id']) ?? asked;
  return { ...answer, ...(format && { format }), ...(after !== undefined && { after }), wait, limit, wanted };
}

function answerOf(accept: string): Pick<EventQuery, 'isStream' | 'format'> {
  const [best] = parseAccept(accept).flatMap(({ range }) => ANSWERS.get(range) ?? []);
  return best ?? DEFAULT_ANSWER;
}

function lastEventId(field: string | readonly string[] | undefined): number | undefined {
  if (field === undefined || field === '') return undefined;
  const id = readWholeNumber(String(field));
  if (id === undefined) throw new RestanzaError('value-invalid', `the header Last-Event-ID must be ${POSITION}`);
  return id;
}

const ALL_EVENTS = ['host', 'bare', 'full'] as const;

/** Makes the test for what is wanted; `undefined` when everything is. */
export function admitting({ kind, type, from, to }: Wanted): ((entry: Entry) => boolean) | undefined {
  if (kind === undefined && type === undefined && from === undefined && to === undefined) return undefined;
  const rule: Rule = {
    name: 'wanted',
    stanzas: kind === undefined ? KINDS : [kind],
    events: ALL_EVENTS,
    ...(type !== undefined && { types: [type] }),
    ...(from !== undefined && { from: [from] }),
    ...(to !== undefined && { to: [to] }),
    observe: false,
  };
  return ({ stanza, event }) => route(stanza, event, [rule]).answering !== undefined;
}
