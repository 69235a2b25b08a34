/**
 * Items of publish-subscribe nodes (XEP-0060), with the payloads that have keys of their own.
 *
 * Decides that a payload is shown as it is under `payload`, unless it is a bookmark (XEP-0402) or says up to where a chat
 * was read (XEP-0490), which have their own keys instead.
 */
import type { Element } from '../../xml/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { holding } from '../holding.ts';
import { attribute, child, object, one } from '../object.ts';
import { TRUE_FALSE } from '../true-false.ts';
import { rawChild, rawChildren } from './raw-element.ts';

const BOOKMARK = object('conference', NS.bookmarks, {
  name: attribute(),
  autojoin: attribute(TRUE_FALSE),
  nick: child(),
  password: child(),
  extensions: rawChildren(),
});

const DISPLAYED = holding(
  'displayed',
  NS.mdsDisplayed,
  object('stanza-id', NS.sid, { id: attribute(), by: attribute() }),
);

const OWN_KEYS = [BOOKMARK, DISPLAYED].flatMap(({ elements }) => elements);

function hasOwnKey(payload: Element): boolean {
  return OWN_KEYS.some(({ name, ns }) => name === payload.name && ns === payload.ns);
}

/** The places of an item that is published, or that an event or a result shows. */
export const ITEM = {
  id: attribute(),
  ver: attribute(),
  publisher: attribute(),
  bookmark: one(() => BOOKMARK),
  displayed: one(() => DISPLAYED),
  payload: rawChild(hasOwnKey),
};
