/**
 * `fallbacks`: which parts of a message only stand in for something else (XEP-0428), and `fallback`, which says in
 * mod_rest that there are some.
 *
 * Decides that both keys are one thing: `fallback` is true beside `fallbacks`, and alone when the element says no more.
 */
import { NS } from '../../xmpp/ns.ts';
import { isPresent, type JsonObject, own, wrongType } from '../json.ts';
import { attribute, inners, object } from '../object.ts';
import { BOOLEAN, COUNT } from '../scalar.ts';

/** Characters as XEP-0426 counts them; without both, the whole of it. */
const REGION = { start: attribute(COUNT), end: attribute(COUNT) };

/** The shape of an item of `fallbacks`. */
export const FALLBACK = object('fallback', NS.fallback, {
  for: attribute(),
  body: inners('body', REGION),
  subject: inners('subject', REGION),
});

/** `true` is an element that says no more, and `false` is none. */
export function fallbackAsFallbacks(json: JsonObject, at: (key: string) => string): JsonObject {
  const { fallback: _, ...rest } = json;
  const fallback = own(json, 'fallback');
  if (!isPresent(fallback)) return json;
  if (typeof fallback !== 'boolean') throw wrongType(at('fallback'), BOOLEAN.expected, fallback);
  if (!fallback) return { ...rest, fallbacks: null };
  return isPresent(own(json, 'fallbacks')) ? rest : { ...rest, fallbacks: [{}] };
}

/** Adds `fallback`, and leaves out `fallbacks` where it says no more than that. */
export function fallbacksAsFallback(json: JsonObject): JsonObject {
  const { fallbacks, ...rest } = json;
  if (!Array.isArray(fallbacks)) return json;
  const plain = fallbacks.length === 1 && Object.keys(fallbacks[0]).length === 0;
  return plain ? { ...rest, fallback: true } : { ...json, fallback: true };
}
