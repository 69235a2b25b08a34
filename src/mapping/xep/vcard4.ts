/**
 * `vcard4`: business cards of the newer kind (XEP-0292), in the XML of RFC 6351.
 *
 * Decides that a property is an object with its value under the name of the value's type (`text`, `uri`, `date` …), that a
 * property which may be there several times is an array, and that components have the names of their elements. What RFC
 * 6351 calls a text list is an array under `text`. Groups and extended properties stand in `extra`.
 */
import { NS } from '../../xmpp/ns.ts';
import { holding } from '../holding.ts';
import { child, children, inner, inners, object, one, type Place, wrapped } from '../object.ts';
import { integer, STRING } from '../scalar.ts';
import { text } from '../shape.ts';

/** A parameter with one value of a type. */
function valueIn(type: string, name?: string): Place<string> {
  return one((key, ns) => holding(name ?? key, ns, text(type, ns)));
}

/** A parameter with any number of texts. */
function textsIn(name?: string): Place<readonly string[]> {
  return one((key, ns) => wrapped(name ?? key, ns, text('text', ns)));
}

/** RFC 6351, the parameters that more than one property may have. */
const PARAMETERS = {
  parameters: inner({
    type: textsIn(),
    pref: one((key, ns) => holding(key, ns, text('integer', ns, integer(1, 100)))),
    language: valueIn('language-tag'),
    altid: valueIn('text'),
    pid: textsIn(),
    mediatype: valueIn('text'),
    label: valueIn('text'),
    sort_as: textsIn('sort-as'),
  }),
};

/** A property with one value. */
const VALUE = {
  ...PARAMETERS,
  text: child(),
  uri: child(),
  date: child(),
  time: child(),
  date_time: child(STRING, 'date-time'),
  date_and_or_time: child(STRING, 'date-and-or-time'),
  timestamp: child(),
  utc_offset: child(STRING, 'utc-offset'),
  language_tag: child(STRING, 'language-tag'),
};

/** A property with a list of texts. */
const TEXTS = { ...PARAMETERS, text: children('text') };

const NAME = { ...PARAMETERS, surname: child(), given: child(), additional: child(), prefix: child(), suffix: child() };

const ADDRESS = {
  ...PARAMETERS,
  pobox: child(),
  ext: child(),
  street: child(),
  locality: child(),
  region: child(),
  code: child(),
  country: child(),
};

/** The shape of `vcard4`. */
export const VCARD4 = object('vcard', NS.vcard4, {
  kind: inner(VALUE),
  fn: inner(VALUE),
  n: inner(NAME),
  nickname: inners('nickname', TEXTS),
  photo: inners('photo', VALUE),
  bday: inner(VALUE),
  anniversary: inner(VALUE),
  gender: inner({ sex: child(), identity: child() }),
  adr: inners('adr', ADDRESS),
  tel: inners('tel', VALUE),
  email: inners('email', VALUE),
  impp: inners('impp', VALUE),
  lang: inners('lang', VALUE),
  tz: inners('tz', VALUE),
  geo: inners('geo', VALUE),
  title: inners('title', VALUE),
  role: inners('role', VALUE),
  logo: inners('logo', VALUE),
  org: inners('org', TEXTS),
  member: inners('member', VALUE),
  related: inners('related', VALUE),
  categories: inners('categories', TEXTS),
  note: inners('note', VALUE),
  prodid: inner(VALUE),
  rev: inner(VALUE),
  sound: inners('sound', VALUE),
  uid: inner(VALUE),
  url: inners('url', VALUE),
  key: inners('key', VALUE),
  fburl: inners('fburl', VALUE),
  caladruri: inners('caladruri', VALUE),
  caluri: inners('caluri', VALUE),
  source: inners('source', VALUE),
});
