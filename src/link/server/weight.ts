/**
 * How long an element can become when it is written again.
 *
 * Decides nothing about the wire, only an upper bound, before anything is written: a namespace that came in once, behind a
 * prefix, is written at every element that is in it, so that a stanza of 256 KiB can grow to a gigabyte on its way through.
 */
import type { Element } from '../../xml/element.ts';

/** Characters past which a client's stanza is not passed on: four times what a client may send. */
export const MAX_WRITTEN = 1_048_576;

/** Brackets, slash, spaces, quotes and `xmlns` of a start tag with its end tag, and of an attribute with a prefix. */
const TAG = 16;
const ATTRIBUTE = 24;

/** At most this many characters stand for the element when it is written, escapes left out. */
export function writtenLength(root: Element): number {
  let length = 0;
  const pending: (Element | string)[] = [root];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') length += next.length;
    else {
      length += ownLength(next);
      for (const child of next.children) pending.push(child);
    }
  }
  return length;
}

function ownLength({ name, ns, attrs }: Element): number {
  let length = 2 * name.length + ns.length + TAG;
  for (const key in attrs) length += key.length + (attrs[key]?.length ?? 0) + ATTRIBUTE;
  return length;
}
