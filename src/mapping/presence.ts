/**
 * The keys of a presence, one row each.
 */
import { NS } from '../xmpp/ns.ts';
import { COMMON } from './common.ts';
import { integer } from './scalar.ts';
import { text } from './shape.ts';
import { table } from './table.ts';

/** Keys of a presence's payload. */
export const PRESENCE = table({
  ...COMMON,
  show: text('show'), // RFC 6121 §4.7.2.1
  status: text('status'), // RFC 6121 §4.7.2.2
  priority: text('priority', NS.client, integer(-128, 127)), // RFC 6121 §4.7.2.3
});
