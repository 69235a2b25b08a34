/**
 * The keys of an iq, one row each (RFC 6120 §8.2.3 and the XEPs that the rows name).
 *
 * Decides the names of the keys. An iq that is sent has exactly one of them.
 */
import { NS } from '../xmpp/ns.ts';
import { COMMON, RSM } from './common.ts';
import { attribute, child, childFlag, children, content, inner, inners, object, one, wrapped } from './object.ts';
import { row } from './row.ts';
import { BOOLEAN, COUNT, NUMBER_VALUE, STRING } from './scalar.ts';
import { choice, flag, type Shape } from './shape.ts';
import { table } from './table.ts';
import { TRUE_FALSE } from './true-false.ts';
import { BLOCK, BLOCKLIST, UNBLOCK } from './xep/blocking.ts';
import { MUC_ADMIN, MUC_OWNER } from './xep/muc.ts';
import { PUBSUB, PUBSUB_OWNER } from './xep/pubsub.ts';
import { MODERATE } from './xep/retraction.ts';
import { ROSTER } from './xep/roster.ts';
import { VCARD } from './xep/vcard.ts';
import { VCARD4 } from './xep/vcard4.ts';

const REGISTRATION = [
  'address',
  'city',
  'date',
  'email',
  'first',
  'instructions',
  'key',
  'last',
  'misc',
  'name',
  'nick',
  'password',
  'phone',
  'state',
  'text',
  'url',
  'username',
  'zip',
];

const SERVICE = {
  type: attribute(),
  host: attribute(),
  port: attribute(COUNT),
  transport: attribute(),
  username: attribute(),
  password: attribute(),
  name: attribute(),
  expires: attribute(),
  restricted: attribute(BOOLEAN),
  action: attribute(),
};

/** The form of an archive query; mod_rest shows it by another schema than other forms, with `values`. */
const QUERY_FORM = object('x', NS.dataForms, {
  type: attribute(),
  title: child(),
  instructions: child(),
  fields: inners('field', {
    var: attribute(),
    type: attribute(),
    label: attribute(),
    desc: child(),
    required: childFlag(),
    values: children('value'),
    options: inners('option', { label: attribute(), value: child() }),
  }),
});

/** An address as the child of an element. */
const OOB = object('x', NS.oob, { url: child() });
const OOB_URL: Shape<string> = {
  ...OOB,
  schema: STRING.schema,
  read: found => OOB.read(found)?.url,
  write: (value, path) => OOB.write({ url: STRING.print(value, path) }, path),
};

const HEADERS = inners('header', { name: attribute(), value: content() });

/** Keys of an iq's payload. */
export const IQ = table({
  ...COMMON,
  ping: row('XEP-0199', 'Asks whether an entity is there.', flag('ping', NS.ping)),
  version: row(
    'XEP-0092',
    'The software of an entity; {} asks.',
    object('query', NS.version, { name: child(), version: child(), os: child() }),
  ),
  time: row('XEP-0202', 'The time of an entity; {} asks.', object('time', NS.time, { tzo: child(), utc: child() })),
  carbons: row(
    'XEP-0280',
    'Whether copies of messages are wanted: enable or disable.',
    choice(NS.carbons, ['enable', 'disable']),
  ),
  moderate: row('XEP-0425', 'Asks a room to take a message back.', MODERATE),
  lastactivity: row(
    'XEP-0012',
    'How long ago an entity was active; {} asks.',
    object('query', NS.lastActivity, { seconds: attribute(COUNT), status: content() }),
  ),
  oob_url: row('XEP-0066 §3', 'An address outside XMPP, alone.', OOB_URL),
  oob: row('XEP-0066 §2', 'An address outside XMPP.', object('query', NS.oobIq, { url: child(), desc: child() })),
  register: row(
    'XEP-0077',
    'Registration with a service.',
    object('query', NS.register, {
      ...Object.fromEntries(REGISTRATION.map(name => [name, child()])),
      registered: childFlag(),
      remove: childFlag(),
    }),
  ),
  gateway: row(
    'XEP-0100',
    'How a gateway names addresses.',
    object('query', NS.gateway, { jid: child(), prompt: child(), desc: child() }),
  ),
  stats: row(
    'XEP-0039',
    'Statistics of an entity; [] asks.',
    wrapped(
      'query',
      NS.stats,
      object('stat', NS.stats, {
        name: attribute(),
        unit: attribute(),
        units: attribute(),
        value: attribute(NUMBER_VALUE),
      }),
    ),
  ),
  extdisco: row(
    'XEP-0215',
    'Services outside XMPP, such as TURN; {} asks.',
    object('services', NS.extdisco, { type: attribute(), services: inners('service', SERVICE) }),
  ),
  upload_request: row(
    'XEP-0363',
    'Asks for a place to upload a file to.',
    object('request', NS.upload, { filename: attribute(), size: attribute(COUNT), 'content-type': attribute() }),
  ),
  upload_slot: row(
    'XEP-0363',
    'Where to upload a file, and where it then is.',
    object('slot', NS.upload, { get: inner({ url: attribute() }), put: inner({ url: attribute(), headers: HEADERS }) }),
  ),
  archive: row(
    'XEP-0313',
    'Asks an archive for messages.',
    object('query', NS.archive, {
      queryid: attribute(),
      node: attribute(),
      page: one(() => RSM),
      form: one(() => QUERY_FORM),
    }),
  ),
  result: row(
    'XEP-0313',
    'The end of the messages of an archive.',
    object('fin', NS.archive, {
      page: one(() => RSM),
      complete: attribute(TRUE_FALSE),
      stable: attribute(TRUE_FALSE),
      queryid: attribute(),
    }),
  ),
  roster: row('RFC 6121 §2', 'The contact list; {} asks.', ROSTER),
  block: row('XEP-0191', 'Addresses to block, each with a report where it sent spam (XEP-0377).', BLOCK),
  unblock: row('XEP-0191', 'Addresses to unblock; [] unblocks all.', UNBLOCK),
  blocklist: row('XEP-0191', 'The addresses that are blocked; true asks.', BLOCKLIST),
  vcard: row('XEP-0054', 'The business card of an entity; {} asks.', VCARD),
  vcard4: row('XEP-0292', 'The business card of an entity in the newer format; {} asks.', VCARD4),
  pubsub: row('XEP-0060', 'The items of a node, and subscriptions to it.', PUBSUB),
  pubsub_owner: row('XEP-0060 §8', 'What the owner of a node may do with it.', PUBSUB_OWNER),
  muc_admin: row('XEP-0045', 'Roles and affiliations in a room.', MUC_ADMIN),
  muc_owner: row('XEP-0045 §10', 'The configuration of a room, or its end; {} asks.', MUC_OWNER),
});
