/**
 * Pages of an account's archive (XEP-0313, XEP-0059).
 *
 * Decides how a page is asked for and what is in the answer: messages as the server would have stored them, that is with
 * the time in a delay (XEP-0203) and the archive's id in a `stanza-id` (XEP-0359), and without those that the account sent
 * itself. Pure. Who may answer is decided in `xmpp/archive-results.ts`.
 */
import { childElements, type Element, element } from '../xml/element.ts';
import { bareOf, type Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { type Iq, type Message, newId, receiveStanza, type Stanza, StanzaError } from '../xmpp/stanza.ts';

/** Messages that are asked for at once. */
const PAGE = 200;
/** XEP-0082 §3.2. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** A query that is ready to be sent. */
export type ArchiveQuery = Iq & { readonly from: Jid; readonly id: string };

/**
 * The id that an account's archive has given to a stanza. Only the account's own server may say so (XEP-0359 §6): servers add
 * theirs at the end, and not all of them take out what the sender has put there before. A copy of what another client of the
 * account got has the id of what it is a copy of (XEP-0280 §6).
 */
export function archiveIdOf({ from, payload }: Stanza, account: Jid): string | undefined {
  const copied = from === account ? payload.flatMap(copiedMessages).flatMap(childElements) : [];
  return [...copied, ...payload].findLast(element => isIdBy(account, element))?.attrs['id'];
}

/**
 * What tells whether two stanzas are copies of one: the id of the archive alone does not, because ejabberd takes the time in
 * microseconds for it, and two senders can have the same. One sender writes no two messages at the same moment.
 *
 * @returns `undefined` for what has no id of the account's archive
 */
export function copyKeyOf(stanza: Stanza, account: Jid): string | undefined {
  const archiveId = archiveIdOf(stanza, account);
  if (archiveId === undefined) return undefined;
  const [copied] = stanza.from === account ? stanza.payload.flatMap(copiedMessages) : [];
  const { from = account, id = '' } = copied?.attrs ?? stanza;
  return `${archiveId}\0${from}\0${id}`;
}

/**
 * The same stanza without the ids that its sender has put there in the name of the account: all but the last, and in what is no
 * message, which no archive has and no server looks into, that too.
 */
export function withoutForgedIds(stanza: Stanza, account: Jid): Stanza {
  const { kind, payload } = stanza;
  const genuine = kind === 'message' ? payload.findLast(element => isIdBy(account, element)) : undefined;
  const kept = payload.filter(element => element === genuine || !isIdBy(account, element));
  return kept.length === payload.length ? stanza : { ...stanza, payload: kept };
}

function isIdBy(account: Jid, { name, ns, attrs }: Element): boolean {
  return name === 'stanza-id' && ns === NS.sid && attrs['by'] === account;
}

/** The message that a carbon is a copy of. */
function copiedMessages(carbon: Element): readonly Element[] {
  if (carbon.ns !== NS.carbons) return [];
  const forwarded = childElements(carbon).filter(({ name, ns }) => name === 'forwarded' && ns === NS.forward);
  return forwarded.flatMap(childElements);
}

/** Whether a stanza says that it is a result of an archive. */
export function isArchiveResult({ kind, payload }: Stanza): boolean {
  return kind === 'message' && payload.some(isResult);
}

/**
 * Where a page begins: behind an id of the archive (with its first message when that is empty), or with what was archived at
 * a time or later, in milliseconds since 1970; or the last message alone.
 */
export type PageStart = { readonly after: string } | { readonly start: number } | 'last';

/** A query for a page. */
export function pageQuery(account: Jid, from: PageStart): ArchiveQuery {
  const form = typeof from === 'object' && 'start' in from ? [startForm(from.start)] : [];
  const query = element('query', NS.archive, { queryid: newId() }, [...form, pageSet(from)]);
  return { kind: 'iq', type: 'set', from: account, to: account, id: newId(), payload: [query] };
}

/** Which part of what is asked for makes the page (XEP-0059). */
function pageSet(from: PageStart): Element {
  const [max, border] =
    from === 'last'
      ? ['1', [element('before', NS.rsm)]]
      : [String(PAGE), 'after' in from && from.after !== '' ? [element('after', NS.rsm, {}, [from.after])] : []];
  return element('set', NS.rsm, {}, [element('max', NS.rsm, {}, [max]), ...border]);
}

/** Leaves out what is older (§4.1.2). Not all servers read fractions of seconds; without them it is earlier, never later. */
function startForm(start: number): Element {
  const time = `${new Date(Math.max(0, start)).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)}Z`;
  const field = (name: string, value: string, attrs = {}) =>
    element('field', NS.dataForms, { var: name, ...attrs }, [element('value', NS.dataForms, {}, [value])]);
  const fields = [field('FORM_TYPE', NS.archive, { type: 'hidden' }), field('start', time)];
  return element('x', NS.dataForms, { type: 'submit' }, fields);
}

/**
 * What an archive answered. `last` is its id for the last message of the page, own ones included, and `at` the time at which
 * it got that, in milliseconds since 1970, if it says so.
 */
export type Page =
  | {
      readonly name: 'page';
      readonly messages: readonly Message[];
      readonly last: string | undefined;
      readonly at: number | undefined;
      readonly complete: boolean;
    }
  | { readonly name: 'forgotten' }
  | { readonly name: 'unsupported'; readonly condition: string };

/**
 * Reads what answered a query: the messages with results, and the iq.
 *
 * @throws Error when the archive cannot answer at the moment
 */
export function readPage(answers: readonly Stanza[], account: Jid): Page {
  const iq = answers.at(-1);
  if (iq?.type === 'error') return readRefusal(iq);
  const results = answers.slice(0, -1).flatMap(({ payload }) => payload.filter(isResult));
  const last = results.at(-1);
  const fin = iq?.payload.find(({ name, ns }) => name === 'fin' && ns === NS.archive);
  return {
    name: 'page',
    messages: results.flatMap(result => restore(result, account) ?? []),
    last: last?.attrs['id'],
    at: last && timeOf(last),
    complete: fin?.attrs['complete'] === 'true' || fin?.attrs['complete'] === '1',
  };
}

/** Conditions of servers without an archive. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'service-unavailable',
  'feature-not-implemented',
  'not-allowed',
  'forbidden',
]);

function readRefusal({ payload }: Stanza): Page {
  const error = payload.find(({ name, ns }) => name === 'error' && ns === NS.client);
  const condition =
    error === undefined ? '' : (childElements(error).find(({ ns }) => ns === NS.stanzaErrors)?.name ?? '');
  if (condition === 'item-not-found') return { name: 'forgotten' };
  const mayPass = error?.attrs['type'] === 'wait';
  if (UNSUPPORTED.has(condition) && !mayPass) return { name: 'unsupported', condition };
  throw new Error(`the archive answers ${condition}`);
}

function isResult({ name, ns }: Element): boolean {
  return name === 'result' && ns === NS.archive;
}

/** What an archive says about the message in a result: the message, and when it got it. */
function forwardedIn(result: Element): readonly Element[] {
  const forwarded = childElements(result).find(({ name, ns }) => name === 'forwarded' && ns === NS.forward);
  return forwarded === undefined ? [] : childElements(forwarded);
}

/** When the archive got the message in a result, in milliseconds since 1970. */
function timeOf(result: Element): number | undefined {
  const stamp = forwardedIn(result).find(isDelay)?.attrs['stamp'] ?? '';
  const time = DATE_TIME.test(stamp) ? Date.parse(stamp) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** The message in a result, as the server would have stored it; nothing for what the account sent itself. */
function restore(result: Element, account: Jid): Message | undefined {
  const parts = forwardedIn(result);
  const archived = parts.find(({ name, ns }) => name === 'message' && ns === NS.client);
  const message = archived === undefined ? undefined : readArchived(archived);
  if (message?.kind !== 'message' || message.from === undefined || bareOf(message.from) === account) return undefined;
  const delay = parts.find(isDelay);
  const id = result.attrs['id'];
  const marks = [
    ...(delay === undefined || message.payload.some(isDelay)
      ? []
      : [{ ...delay, attrs: { from: account, ...delay.attrs } }]),
    ...(id === undefined ? [] : [element('stanza-id', NS.sid, { by: account, id })]),
  ];
  return { ...message, payload: [...message.payload.filter(one => !isIdBy(account, one)), ...marks] };
}

/** What is no stanza by today's rules may be in an old archive; it must not keep the rest away. */
function readArchived(archived: Element): Stanza | undefined {
  try {
    return receiveStanza(archived);
  } catch (error) {
    if (error instanceof StanzaError) return undefined;
    throw error;
  }
}

function isDelay({ name, ns }: Element): boolean {
  return name === 'delay' && ns === NS.delay;
}
