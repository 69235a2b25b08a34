/**
 * `error_code`: an error by its number from before RFC 3920, which mod_rest still takes.
 *
 * Decides that such an error is written as RFC 6120 §8.3 asks: with the condition that XEP-0086 §3 gives the number, and
 * the body as its text, where mod_rest writes the bare number and the text. It is never read.
 */
import type { StanzaCondition } from '../../xmpp/conditions.ts';
import { isPresent, type JsonObject, MappingError, own, wrongType } from '../json.ts';

const CONDITIONS: ReadonlyMap<number, StanzaCondition> = new Map([
  [302, 'redirect'],
  [400, 'bad-request'],
  [401, 'not-authorized'],
  [402, 'payment-required'],
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
