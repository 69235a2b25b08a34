/**
 * The keys of an iq, one row each.
 */
import { NS } from '../xmpp/ns.ts';
import { COMMON } from './common.ts';
import { child, flag, object } from './shape.ts';
import { table } from './table.ts';

/** Keys of an iq's payload. */
export const IQ = table({
  ...COMMON,
  ping: flag('ping', NS.ping), // XEP-0199
  version: object('query', NS.version, { name: child(), version: child(), os: child() }), // XEP-0092
});
