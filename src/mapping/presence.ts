/**
 * The keys of a presence, one row each (RFC 6121 §4.7 and the XEPs that the rows name).
 *
 * Decides the names of the keys and, by their order, the order of the elements that are written.
 */
import { NS } from '../xmpp/ns.ts';
import { COMMON } from './common.ts';
import { attribute, child, inner, object, wrapped } from './object.ts';
import { row } from './row.ts';
import { COUNT, integer, NUMBER_VALUE, STRING } from './scalar.ts';
import { attr, text } from './shape.ts';
import { table } from './table.ts';
import { MUC_USER } from './xep/muc.ts';

const HISTORY = {
  maxchars: attribute(COUNT),
  maxstanzas: attribute(COUNT),
  seconds: attribute(COUNT),
  since: attribute(),
};

/** Keys of a presence's payload. */
export const PRESENCE = table({
  ...COMMON,
  show: row('RFC 6121 §4.7.2.1', 'How available the sender is: away, chat, dnd or xa.', text('show')),
  status: row('RFC 6121 §4.7.2.2', 'What the sender says about that.', text('status')),
  priority: row('RFC 6121 §4.7.2.3', 'The priority of the resource.', text('priority', NS.client, integer(-128, 127))),
  caps: row(
    'XEP-0115',
    'What the client can do, as a hash.',
    object('c', NS.caps, { hash: attribute(), node: attribute(), ver: attribute(), ext: attribute() }),
  ),
  idle_since: row('XEP-0319', 'Since when the user has not done anything.', attr('idle', NS.idle, 'since')),
  muc: row('XEP-0045', 'Enters a room.', object('x', NS.muc, { history: inner(HISTORY), password: child() })),
  hats: row(
    'XEP-0317',
    'Titles that the occupant of a room has beside role and affiliation.',
    wrapped(
      'hats',
      NS.hats,
      object('hat', NS.hats, {
        uri: attribute(),
        title: attribute(),
        hue: attribute(NUMBER_VALUE),
        lang: attribute(STRING, 'xml:lang'),
      }),
    ),
  ),
  vcard_update: row('XEP-0153', 'The hash of the avatar.', object('x', NS.vcardUpdate, { photo: child() })),
  oob: row('XEP-0066 §3', 'An address outside XMPP.', object('x', NS.oob, { url: child(), desc: child() })),
  occupant_id: row('XEP-0421', 'Who it is, in a room that hides addresses.', attr('occupant-id', NS.occupantId, 'id')),
  muc_user: row('XEP-0045', 'Who an occupant of a room is, and what happened there.', MUC_USER),
});
