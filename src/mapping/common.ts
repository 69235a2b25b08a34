/**
 * The rows that messages, presences and iqs share, and the shapes that several rows use.
 *
 * Decides what every kind of stanza can say in JSON; the tables of the kinds begin with these rows.
 */
import { NS } from '../xmpp/ns.ts';
import { child, object } from './object.ts';
import { lastRow, row } from './row.ts';
import { COUNT } from './scalar.ts';
import { attr, text } from './shape.ts';
import { STANZA_ERROR } from './stanza-error.ts';
import { COMMAND } from './xep/command.ts';
import { DATA_FORM, FORM_DATA } from './xep/data-form.ts';
import { DISCO_INFO } from './xep/disco-info.ts';
import { DISCO_ITEMS } from './xep/disco-items.ts';
import { JSON_MESSAGE } from './xep/json-message.ts';
import { XHTML } from './xep/xhtml.ts';

/** A page of results, XEP-0059. */
export const RSM = object('set', NS.rsm, {
  after: child(),
  before: child(),
  count: child(COUNT),
  first: child(),
  index: child(COUNT),
  last: child(),
  max: child(COUNT),
});

/** A time at which something was delayed, XEP-0203. */
export const DELAY = attr('delay', NS.delay, 'stamp');

/** Keys of every kind. */
export const COMMON = {
  error: row('RFC 6120 §8.3', 'Why a stanza of type error was sent.', STANZA_ERROR),
  delay: row('XEP-0203', 'When the stanza was first sent.', DELAY),
  nick: row('XEP-0172', 'How the sender wants to be called.', text('nick', NS.nick)),
  payload: row('XEP-0432', 'Any JSON, with a type.', JSON_MESSAGE),
  rsm: row('XEP-0059', 'Which page of a result is asked for or given.', RSM),
  dataform: lastRow('XEP-0004', 'A form to fill in, or one that is filled in.', DATA_FORM),
  formdata: row('XEP-0004', 'The values of a form, to submit; only written.', FORM_DATA),
  html: lastRow('XEP-0071', 'Formatted text as XHTML, in its body element.', XHTML),
  disco: lastRow('XEP-0030 §3', 'What an entity is and can do; true or a node asks.', DISCO_INFO),
  items: lastRow('XEP-0030 §4', 'What belongs to an entity; true or a node asks.', DISCO_ITEMS),
  command: lastRow('XEP-0050', 'A command to execute, or a step of one.', COMMAND),
} as const;
