/**
 * `omemo`: that a message is encrypted for its reader (XEP-0384), and so is not readable here.
 *
 * Decides that the value is only a mark: the encrypted element itself stands in `extra`, whichever version of OMEMO it is
 * of. Without that element there is nothing to write.
 */
import { NS } from '../../xmpp/ns.ts';
import { wrongType } from '../json.ts';
import { BOOLEAN } from '../scalar.ts';
import type { Shape } from '../shape.ts';

/** The shape of `omemo`. */
export const OMEMO: Shape<boolean> = {
  elements: [NS.omemo, NS.omemoLegacy].map(ns => ({ name: 'encrypted', ns })),
  schema: BOOLEAN.schema,
  read: () => true,
  write(value, path) {
    if (typeof value !== 'boolean') throw wrongType(path, BOOLEAN.expected, value);
    return undefined;
  },
};
