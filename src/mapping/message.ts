/**
 * The keys of a message, one row each (RFC 6121 §5 and the XEPs that the rows name).
 *
 * Decides the names of the keys and, by their order, the order of the elements that are written.
 */
import { NS } from '../xmpp/ns.ts';
import { COMMON } from './common.ts';
import { attribute, child, children, content, object, one } from './object.ts';
import { listRow, row } from './row.ts';
import { BOOLEAN, COUNT } from './scalar.ts';
import { attr, choice, flag, text } from './shape.ts';
import { type Table, table } from './table.ts';
import { FALLBACK } from './xep/fallback.ts';
import { FILE_SHARING, SOURCES } from './xep/file-sharing.ts';
import { carbon, forwarded } from './xep/forwarded.ts';
import { MUC_USER } from './xep/muc.ts';
import { OMEMO } from './xep/omemo.ts';
import { PUBSUB_EVENT } from './xep/pubsub.ts';
import { RETRACT, RETRACTED } from './xep/retraction.ts';

const CHAT_STATES = ['active', 'inactive', 'gone', 'composing', 'paused'];
const HINTS = ['no-permanent-store', 'no-store', 'no-copy', 'store'];

/** Inner messages use this table too; it is made when the first of them is read. */
const self = (): Table => MESSAGE;

/** Keys of a message's payload. */
export const MESSAGE = table({
  ...COMMON,
  body: row('RFC 6121 §5.2.3', 'The text of the message.', text('body')),
  subject: row('RFC 6121 §5.2.4', 'The subject of the message or of the room.', text('subject')),
  thread: row(
    'RFC 6121 §5.2.5',
    'The conversation it belongs to.',
    object('thread', NS.client, { id: content(), parent: attribute() }),
  ),
  state: row('XEP-0085', 'What the sender is doing.', choice(NS.chatStates, CHAT_STATES)),
  replace: row('XEP-0308', 'The id of the message that this one corrects.', attr('replace', NS.correct, 'id')),
  attach_to: row('XEP-0367', 'The id of the message that this one belongs to.', attr('attach-to', NS.attaching, 'id')),
  displayed: row(
    'XEP-0333',
    'The id of the message that was shown to the user.',
    attr('displayed', NS.chatMarkers, 'id'),
  ),
  markable: row('XEP-0333', 'Whether the sender wants to know when it is shown.', flag('markable', NS.chatMarkers)),
  encryption: row(
    'XEP-0380',
    'The namespace of the encryption that was used.',
    attr('encryption', NS.encryption, 'namespace'),
  ),
  fallbacks: listRow('XEP-0428', 'Which parts only stand in for something else, and for what.', FALLBACK),
  occupant_id: row(
    'XEP-0421',
    'Who sent it, in a room that hides addresses.',
    attr('occupant-id', NS.occupantId, 'id'),
  ),
  stanza_ids: listRow(
    'XEP-0359',
    'The ids that servers and rooms gave it.',
    object('stanza-id', NS.sid, { id: attribute(), by: attribute() }),
  ),
  origin_id: row('XEP-0359', 'The id that the sender gave it.', attr('origin-id', NS.sid, 'id')),
  reactions: row(
    'XEP-0444',
    'All reactions of the sender to a message.',
    object('reactions', NS.reactions, { id: attribute(), reactions: children('reaction') }),
  ),
  reference: row(
    'XEP-0372',
    'What a part of the text refers to.',
    object('reference', NS.reference, {
      type: attribute(),
      uri: attribute(),
      begin: attribute(COUNT),
      end: attribute(COUNT),
    }),
  ),
  retract: row('XEP-0424', 'Takes a message back.', RETRACT),
  retracted: row('XEP-0424', 'Stands in an archive for a message that was taken back.', RETRACTED),
  reply: row(
    'XEP-0461',
    'The message that this one answers.',
    object('reply', NS.reply, { id: attribute(), to: attribute() }),
  ),
  invite: row(
    'XEP-0249',
    'An invitation to a room.',
    object('x', NS.conference, {
      jid: attribute(),
      password: attribute(),
      reason: attribute(),
      thread: attribute(),
      continue: attribute(BOOLEAN),
    }),
  ),
  oob: row(
    'XEP-0066 §3',
    'An address outside XMPP, such as an image.',
    object('x', NS.oob, { url: child(), desc: child() }),
  ),
  forwarded: row('XEP-0297', 'A message that is passed on.', forwarded(self)),
  archive: row(
    'XEP-0313',
    'A message from an archive.',
    object('result', NS.archive, { id: attribute(), queryid: attribute(), forward: one(() => forwarded(self)) }),
  ),
  carbon_sent: row('XEP-0280', 'A copy of what another client of the account sent.', carbon('sent', self)),
  carbon_received: row('XEP-0280', 'A copy of what another client of the account got.', carbon('received', self)),
  receipt_request: row('XEP-0184', 'Whether the sender wants a receipt.', flag('request', NS.receipts)),
  receipt: row('XEP-0184', 'The id of the message that arrived.', attr('received', NS.receipts, 'id')),
  hints: listRow('XEP-0334', 'How servers should treat it.', choice(NS.hints, HINTS)),
  unstyled: row('XEP-0393', 'Whether the body is to be shown as it is, without styling.', flag('unstyled', NS.styling)),
  file_sharing: listRow('XEP-0447', 'Files that are shared, with what is known of them.', FILE_SHARING),
  sources: row('XEP-0447', 'More sources of a file that another message shares.', SOURCES),
  sticker: row(
    'XEP-0449',
    'The file that is shared is a sticker, perhaps of a pack.',
    object('sticker', NS.stickers, { pack: attribute(), jid: attribute(), node: attribute() }),
  ),
  omemo: row('XEP-0384', 'The message is encrypted for its reader; only read.', OMEMO),
  mentions: listRow(
    'XEP-0513',
    'Who is meant, by a part of the text or at all.',
    object('mention', NS.mentions, {
      jid: attribute(),
      occupantid: attribute(),
      mentions: attribute(),
      uri: attribute(),
      begin: attribute(COUNT),
      end: attribute(COUNT),
      hreflang: attribute(),
    }),
  ),
  spoiler: row('XEP-0382', 'A hint of what the body would spoil.', text('spoiler', NS.spoiler)),
  muc_user: row('XEP-0045', 'What a room says about the message; invitations to it.', MUC_USER),
  pubsub_event: row('XEP-0060', 'What happened at a node.', PUBSUB_EVENT),
});
