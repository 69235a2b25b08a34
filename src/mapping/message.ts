/**
 * The keys of a message, one row each.
 */
import { NS } from '../xmpp/ns.ts';
import { COMMON } from './common.ts';
import { attribute, content, object, text } from './shape.ts';
import { table } from './table.ts';

/** Keys of a message's payload. */
export const MESSAGE = table({
  ...COMMON,
  body: text('body'), // RFC 6121 §5.2.3
  subject: text('subject'), // RFC 6121 §5.2.4
  thread: object('thread', NS.client, { id: content(), parent: attribute() }), // RFC 6121 §5.2.5, XEP-0201
});
