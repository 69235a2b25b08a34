/**
 * What a server takes on a stream (XEP-0478).
 *
 * Decides what of it is heeded: how many bytes a stanza may have. What is larger ends the stream for all that goes over it, so it
 * is better not sent. The seconds after which a server finds a stream idle are not read: we are never silent for so long.
 */
import { childNamed, type Element, textOf } from '../xml/element.ts';
import { NS } from './ns.ts';

/**
 * The bytes that a stanza may have.
 *
 * @param features `<stream:features/>`
 * @returns `undefined` when the server does not say it
 */
export function readStanzaLimit(features: Element): number | undefined {
  const limits = childNamed(features, 'limits', NS.streamLimits);
  const most = limits && childNamed(limits, 'max-bytes', NS.streamLimits);
  const text = most === undefined ? '' : textOf(most).trim();
  return /^[0-9]{1,10}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}
