/**
 * Stanzas of a user to a service, its answers, and the replies that come of both, in a form that can be read at a glance.
 *
 * Decides how a reply is shown: as XML, without the addresses, which are checked to be those of the request, swapped.
 */
import assert from 'node:assert/strict';
import type { Answer, CallResult } from '../../src/delivery/exchange.ts';
import { replyTo } from '../../src/delivery/reply.ts';
import { element } from '../../src/xml/element.ts';
import { write } from '../../src/xml/write.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { type Draft, makeStanza, type Stanza, stanzaElement } from '../../src/xmpp/stanza.ts';

export const XML = 'application/xmpp+xml';
export const JSON_TYPE = 'application/json';
export const FORM = 'application/x-www-form-urlencoded';
export const TEXT = 'text/plain';

/** The body of most messages. */
export const BODY = element('body', NS.client, {}, ['Hi']);
/** A request for a receipt (XEP-0184). */
export const ASKING = element('request', NS.receipts);

/** A message of Bob to a bot, unless the draft says otherwise. */
export const stanza = (draft: Partial<Draft> = {}): Stanza =>
  makeStanza({
    kind: 'message',
    id: 'm1',
    from: 'bob@example.org/w',
    to: 'bot@hook.example.org',
    payload: [BODY],
    ...draft,
  });
/** A request of Bob to a bot. */
export const iq = (draft: Partial<Draft> = {}): Stanza =>
  stanza({ kind: 'iq', type: 'get', id: 'q1', payload: [element('query', NS.version)], ...draft });

/** An answer of HTTP. */
export function answer(status: number, contentType?: string, body: string | Uint8Array = ''): Answer {
  const type = contentType === undefined ? {} : { contentType };
  return { name: 'answer', status, ...type, body: Buffer.from(body) };
}

/** The reply as XML without its addresses; a random id is `*`. */
export function replied(request: Stanza, result: CallResult): string | undefined {
  const reply = replyTo(request, result, XML);
  if (reply.name === 'none') return undefined;
  const { from, to, id, ...attrs } = stanzaElement(reply.stanza).attrs;
  assert.equal(from, request.to);
  assert.ok(to === request.from || to === request.from?.split('/')[0]);
  const shown = id === request.id ? { id } : id === undefined ? {} : { id: '*' };
  const told = { ...attrs, ...shown, ...(to !== request.from && { to: 'bare' }) };
  return write(
    { ...stanzaElement(reply.stanza), attrs: Object.fromEntries(Object.entries(told).filter(has)) },
    { defaultNs: NS.client },
  );
}

function has(entry: [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined;
}
