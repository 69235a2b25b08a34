/**
 * `block`, `unblock` and `blocklist`: the blocking command (XEP-0191), with reports of spam and abuse (XEP-0377).
 *
 * Decides that each of them is the array of its items, as in mod_rest. The language of a report's text stands in `extra`.
 */
import { NS } from '../../xmpp/ns.ts';
import { attribute, child, childFlag, many, object, one, wrapped } from '../object.ts';

const STANZA_ID = object('stanza-id', NS.sid, { id: attribute(), by: attribute() });

const REPORT = object('report', NS.reporting, {
  reason: attribute(),
  stanza_ids: many(() => STANZA_ID),
  text: child(),
  report_origin: childFlag('report-origin'),
  third_party: childFlag('third-party'),
});

const ADDRESS = object('item', NS.blocking, { jid: attribute() });

/** The shape of `block`. */
export const BLOCK = wrapped(
  'block',
  NS.blocking,
  object('item', NS.blocking, { jid: attribute(), report: one(() => REPORT) }),
);

/** The shape of `unblock`; without items, all addresses are meant. */
export const UNBLOCK = wrapped('unblock', NS.blocking, ADDRESS);

/** The shape of `blocklist`. */
export const BLOCKLIST = wrapped('blocklist', NS.blocking, ADDRESS);
