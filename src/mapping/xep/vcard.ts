/**
 * `vcard`: business cards of the older kind (XEP-0054).
 *
 * Decides that the fields have the names of their elements in lower case, that a field which may be there several times is
 * an array, and that the marks of an address or a number (home, work, voice …) are booleans. Agents stand in `extra`.
 */
import { NS } from '../../xmpp/ns.ts';
import { attribute, child, childFlag, children, inner, inners, object, type Place } from '../object.ts';
import { STRING } from '../scalar.ts';

/** `sort_string` → `SORT-STRING`. */
function elementName(key: string): string {
  return key.toUpperCase().replaceAll('_', '-');
}

/** Places of the same sort under several keys. */
function places<Key extends string, P extends Place>(keys: readonly Key[], place: (name: string) => P): Record<Key, P> {
  return Object.fromEntries(keys.map(key => [key, place(elementName(key))])) as Record<Key, P>;
}

/** Child elements with text. */
function texts<Key extends string>(...keys: readonly Key[]): Readonly<Record<Key, Place<string>>> {
  return places(keys, name => child(STRING, name));
}

/** Child elements that are there or not. */
function flags<Key extends string>(...keys: readonly Key[]): Readonly<Record<Key, Place<boolean>>> {
  return places(keys, childFlag);
}

const PICTURE = texts('type', 'binval', 'extval');
const WHERE = flags('home', 'work');
const DELIVERY = flags('postal', 'parcel', 'dom', 'intl', 'pref');
const LINES = flags('voice', 'fax', 'pager', 'msg', 'cell', 'video', 'bbs', 'modem', 'isdn', 'pcs', 'pref');

/** The shape of `vcard`. */
export const VCARD = object('vCard', NS.vcard, {
  version: attribute(),
  ...texts('fn'),
  n: inner(texts('family', 'given', 'middle', 'prefix', 'suffix'), 'N'),
  ...texts('nickname', 'url', 'bday'),
  photo: inner(PICTURE, 'PHOTO'),
  org: inner({ ...texts('orgname'), orgunit: children('ORGUNIT') }, 'ORG'),
  ...texts('title', 'role'),
  tel: inners('TEL', { ...WHERE, ...LINES, ...texts('number') }),
  adr: inners('ADR', {
    ...WHERE,
    ...DELIVERY,
    ...texts('pobox', 'extadd', 'street', 'locality', 'region', 'pcode', 'ctry'),
  }),
  label: inners('LABEL', { ...WHERE, ...DELIVERY, line: children('LINE') }),
  email: inners('EMAIL', { ...WHERE, ...flags('internet', 'x400', 'pref'), ...texts('userid') }),
  ...texts('jabberid', 'desc', 'note', 'mailer', 'tz'),
  geo: inner(texts('lat', 'lon'), 'GEO'),
  logo: inner(PICTURE, 'LOGO'),
  categories: inner({ keyword: children('KEYWORD') }, 'CATEGORIES'),
  sound: inner(texts('phonetic', 'binval', 'extval'), 'SOUND'),
  key: inner(texts('type', 'cred'), 'KEY'),
  class: inner(flags('public', 'private', 'confidential'), 'CLASS'),
  ...texts('uid', 'rev', 'prodid', 'sort_string'),
});
