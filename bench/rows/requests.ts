/**
 * The requests that are made: the same stanza at each contender, in the format and with the credentials that it takes.
 */
import { basicAuth, type HttpTarget } from '../http-target.ts';
import { ARCHIVE, EMBEDDED, GATEWAY, PLAIN, RECIPIENT, SECRET, SENDER } from '../names.ts';

const JSON_TYPE = 'application/json';
const XML_TYPE = 'application/xmpp+xml';
/** What a message says unless a row says otherwise. */
export const TEXT = 'Hello! The train leaves at 10:24 from platform 7, and I have your ticket.';

/** Where requests go and as whom. */
export interface Door {
  readonly port: number;
  /** The name of HTTP Basic. */
  readonly name: string;
  /** The host to ask, where the name does not say it. */
  readonly host?: string;
}

/** Restanza's door for a component, and for a user of a domain. */
export const componentDoor = (port: number): Door => ({ port, name: GATEWAY });
export const userDoor = (port: number, domain: string, user = SENDER): Door => ({ port, name: `${user}@${domain}` });
/** mod_rest's door for a user; it finds the domain by the Host of the request. */
export const peerDoor = (port: number, host: string, user = SENDER): Door => ({ port, name: user, host });

function rest(door: Door, path: string, type: string, body: string, expects: number): HttpTarget {
  const headers = {
    authorization: basicAuth(door.name, SECRET),
    'content-type': type,
    ...(door.host !== undefined && { Host: door.host }),
  };
  return { port: door.port, path, headers, body, expects };
}

/** A message to the recipient at a domain. */
export function message(door: Door, format: 'JSON' | 'XML', domain: string = PLAIN, text: string = TEXT): HttpTarget {
  const to = `${RECIPIENT}@${domain}`;
  return format === 'JSON'
    ? rest(door, '/rest', JSON_TYPE, JSON.stringify({ kind: 'message', type: 'chat', to, body: text }), 202)
    : rest(door, '/rest', XML_TYPE, `<message type='chat' to='${to}'><body>${text}</body></message>`, 202);
}

/** The same message, to be shown and not sent. */
export function echo(door: Door, format: 'JSON' | 'XML'): HttpTarget {
  return { ...message(door, format), path: '/rest/echo', expects: 200 };
}

/** A ping (XEP-0199) of a domain. */
export function ping(door: Door, to: string): HttpTarget {
  return rest(door, '/rest', JSON_TYPE, JSON.stringify({ kind: 'iq', type: 'get', to, ping: true }), 200);
}

/** The last 100 messages of the sender's archive (XEP-0313). */
export function archive(door: Door, queryid: string): HttpTarget {
  const page = "<set xmlns='http://jabber.org/protocol/rsm'><max>100</max><before/></set>";
  const query = `<query xmlns='urn:xmpp:mam:2' queryid='q${queryid}'>${page}</query>`;
  return rest(door, '/rest', XML_TYPE, `<iq type='set' to='${RECIPIENT}@${ARCHIVE}'>${query}</iq>`, 200);
}

/** A message through ejabberd's own API. */
export function sendMessage(port: number): HttpTarget {
  const [from, to] = [`${SENDER}@${PLAIN}`, `${RECIPIENT}@${PLAIN}`];
  const body = JSON.stringify({ type: 'chat', from, to, subject: '', body: TEXT });
  return { port, path: '/api/send_message', headers: { 'content-type': JSON_TYPE }, body, expects: 200 };
}

/** The message to a server that only parses it. */
export function bare(port: number): HttpTarget {
  return message({ port, name: `${SENDER}@${EMBEDDED}` }, 'JSON', EMBEDDED);
}
