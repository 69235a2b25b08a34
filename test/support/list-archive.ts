/**
 * An archive that is a list, and what is in it (XEP-0313): for tests of whoever asks one.
 */
import type { Ask } from '../../src/host/archive-reader.ts';
import { childElements, type Element, element, textOf } from '../../src/xml/element.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { errorOf, type Message, resultOf, type Stanza, stanzaElement } from '../../src/xmpp/stanza.ts';

/** Whose archive it is, and who writes to him. */
export const BOT = parseJid('bot@example.org');
const ALICE = parseJid('alice@example.org/phone');

/** A message as it is archived; its id is its body. */
export function message(body: string, from = ALICE): Message {
  return { kind: 'message', type: 'chat', from, to: BOT, id: body, payload: [element('body', NS.client, {}, [body])] };
}

/** The same as it comes in live: its server has noted its id in the archive. */
export function live(archived: Message, id: string): Message {
  return { ...archived, payload: [...archived.payload, element('stanza-id', NS.sid, { by: BOT, id })] };
}

/** When the first message is archived unless a test says otherwise, in milliseconds since 1970. */
export const START = Date.parse('2026-01-01T00:00:00Z');

/** An archive whose ids are `a0`, `a1`, …; it gives `page` messages at once. */
export class Archive {
  /** All that it ever got. */
  readonly messages: Message[] = [];
  /** What it was asked for: what comes after an id, `last`, or from `since …` on; nothing for all. */
  readonly asked: string[] = [];
  page = 3;
  /** Is called before each answer. */
  before: () => void | Promise<void> = () => {};
  /** When it got a message, in milliseconds since 1970; `undefined` when it does not say so. */
  timeOf: (index: number) => number | undefined = () => START;
  #dropped = 0;

  /** How many of its messages it has dropped, the oldest first. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Drops all but the latest. */
  keepOnly(count: number): void {
    this.#dropped = Math.max(this.#dropped, this.messages.length - count);
  }

  readonly ask = async (iq: Parameters<Ask>[0]): ReturnType<Ask> => {
    const { after, isLast, start } = readQuery(iq.payload[0]);
    this.asked.push(isLast ? 'last' : (after ?? (start === undefined ? '' : `since ${start}`)));
    const first = after === undefined ? 0 : Number(after.slice(1)) + 1;
    const isKnown = after === undefined || this.#ids().includes(first - 1);
    const ids = this.#ids().filter(
      id => id >= first && (this.timeOf(id) ?? START) >= Date.parse(start ?? '1970-01-01T00:00:00Z'),
    );
    const found = isLast ? ids.slice(-1) : ids.slice(0, this.page);
    const fin = element('fin', NS.archive, { complete: String(found.at(-1) === ids.at(-1)) });
    const answer = isKnown ? resultOf(iq, [fin]) : errorOf(iq, { condition: 'item-not-found' });
    await this.before();
    return [...(isKnown ? found.map(id => this.#result(id)) : []), answer].filter(one => one !== undefined);
  };

  #ids(): readonly number[] {
    return [...this.messages.keys()].slice(this.#dropped);
  }

  #result(index: number): Stanza {
    const time = this.timeOf(index);
    const stamp = time === undefined ? undefined : `${new Date(time).toISOString().slice(0, 19)}Z`;
    const archived = this.messages[index] ?? message('none');
    const forwarded = element('forwarded', NS.forward, {}, [
      ...(stamp === undefined ? [] : [element('delay', NS.delay, { stamp })]),
      stanzaElement(archived),
    ]);
    const result = element('result', NS.archive, { id: `a${index}` }, [forwarded]);
    return { kind: 'message', from: BOT, to: BOT, payload: [result] };
  }
}

function readQuery(query: Element | undefined) {
  const parts = query === undefined ? [] : childElements(query);
  const inside = (name: string) => parts.filter(part => part.name === name).flatMap(childElements);
  const after = inside('set').find(({ name }) => name === 'after');
  const start = inside('x').find(({ attrs }) => attrs['var'] === 'start');
  const [time] = start === undefined ? [] : childElements(start);
  return {
    after: after && textOf(after),
    isLast: inside('set').some(({ name }) => name === 'before'),
    start: time && textOf(time),
  };
}
