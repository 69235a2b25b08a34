/**
 * An archive that is a list, and what is in it (XEP-0313): for tests of whoever asks one.
 */
import type { Ask } from '../../src/host/catch-up.ts';
import { childElements, element, textOf } from '../../src/xml/element.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { type Message, resultOf, type Stanza, stanzaElement } from '../../src/xmpp/stanza.ts';

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

/** An archive whose ids are `a0`, `a1`, …; it gives `page` messages at once. */
export class Archive {
  readonly messages: Message[] = [];
  readonly asked: string[] = [];
  page = 3;
  /** Is called before each answer. */
  before: () => void | Promise<void> = () => {};

  readonly ask = async (iq: Parameters<Ask>[0]): ReturnType<Ask> => {
    const [query] = iq.payload;
    const set = childElements(query ?? element('query', NS.archive))[0] ?? element('set', NS.rsm);
    const after = childElements(set).find(({ name }) => name === 'after');
    const last = childElements(set).some(({ name }) => name === 'before');
    this.asked.push(last ? 'last' : ((after && textOf(after)) ?? ''));
    const ids = this.messages.map((_, index) => index);
    const start = after === undefined ? 0 : Number(textOf(after).slice(1)) + 1;
    const found = last ? ids.slice(-1) : ids.slice(start, start + this.page);
    await this.before();
    const fin = element('fin', NS.archive, { complete: String(start + found.length >= ids.length) });
    return [...found.map(index => this.#result(index)), resultOf(iq, [fin])].filter(answer => answer !== undefined);
  };

  #result(index: number): Stanza {
    const stamp = element('delay', NS.delay, { stamp: '2026-01-01T00:00:00Z' });
    const archived = this.messages[index] ?? message('none');
    const forwarded = element('forwarded', NS.forward, {}, [stamp, stanzaElement(archived)]);
    const result = element('result', NS.archive, { id: `a${index}` }, [forwarded]);
    return { kind: 'message', from: BOT, to: BOT, payload: [result] };
  }
}
