/**
 * `error_code`: an error by its number from before RFC 3920, which mod_rest still takes.
 *
 * Decides that such an error is written as RFC 6120 §8.3 asks: with the condition that XEP-0086 §3 gives the number, and
 * the body as its text, where mod_rest writes the bare number and the text. It is never read: what is read has `error`.
 */
import type { StanzaCondition } from '../../xmpp/conditions.ts';
import { isPresent, type Json, type JsonObject, own, wrongType } from '../json.ts';

const CONDITIONS: ReadonlyMap<number, StanzaCondition> = new Map([
  [302, 'redirect'],
  [400, 'bad-request'],
  [401, 'not-authorized'],
  [403, 'forbidden'],
  [404, 'item-not-found'],
  [405, 'not-allowed'],
  [406, 'not-acceptable'],
  [407, 'registration-required'],
  [408, 'remote-server-timeout'],
  [409, 'conflict'],
  [500, 'internal-server-error'],
  [501, 'feature-not-implemented'],
  [502, 'service-unavailable'],
  [503, 'service-unavailable'],
  [504, 'remote-server-timeout'],
  [510, 'service-unavailable'],
] as const);

/**
 * Gives a stanza of type `error` its error, where there is only a code or a body.
 *
 * @throws MappingError when the code is no number
 */
export function codeAsError(json: JsonObject): JsonObject {
  if (own(json, 'type') !== 'error' || isPresent(own(json, 'error'))) return json;
  const [code, body] = [own(json, 'error_code'), own(json, 'body')];
  const text = typeof body === 'string' ? body : undefined;
  if (!isPresent(code) && text === undefined) return json;
  const condition = CONDITIONS.get(isPresent(code) ? numberOf(code) : 0) ?? 'undefined-condition';
  return { ...json, error: { condition, text } };
}

function numberOf(code: Exclude<Json, null>): number {
  if (typeof code === 'number') return code;
  if (typeof code === 'string' && /^\d{1,3}$/.test(code)) return Number(code);
  throw wrongType('error_code', 'a number', code);
}
