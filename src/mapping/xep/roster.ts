/**
 * `roster`: the contact list (RFC 6121 §2).
 *
 * Decides nothing beyond the table: a roster is its version and its items, and an empty object asks for it.
 */
import { NS } from '../../xmpp/ns.ts';
import { attribute, children, inners, object } from '../object.ts';
import { TRUE_FALSE } from '../true-false.ts';

/** The shape of `roster`. */
export const ROSTER = object('query', NS.roster, {
  ver: attribute(),
  items: inners('item', {
    jid: attribute(),
    name: attribute(),
    subscription: attribute(),
    ask: attribute(),
    approved: attribute(TRUE_FALSE),
    groups: children('group'),
  }),
});
