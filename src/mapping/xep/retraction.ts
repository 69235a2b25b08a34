/**
 * `retract`, `retracted` and `moderate`: messages taken back by their senders (XEP-0424) or by a moderator (XEP-0425).
 *
 * Decides that what a moderator did stands in `moderated` inside `retract` and `retracted`, where its element stands.
 */
import { NS } from '../../xmpp/ns.ts';
import { attribute, child, object, one } from '../object.ts';
import { attr, flag } from '../shape.ts';

const MODERATED = object('moderated', NS.moderate, {
  by: attribute(),
  occupant_id: one(() => attr('occupant-id', NS.occupantId, 'id')),
});

/** The shape of `retract`. */
export const RETRACT = object('retract', NS.retract, {
  id: attribute(),
  moderated: one(() => MODERATED),
  reason: child(),
});

/** The shape of `retracted`, what an archive keeps in the place of a message. */
export const RETRACTED = object('retracted', NS.retract, {
  id: attribute(),
  by: attribute(),
  stamp: attribute(),
  moderated: one(() => MODERATED),
  reason: child(),
});

/** The shape of `moderate`, by which a moderator asks a room for it. */
export const MODERATE = object('moderate', NS.moderate, {
  id: attribute(),
  retract: one(() => flag('retract', NS.retract)),
  reason: child(),
});
