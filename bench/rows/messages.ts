/**
 * Messages per second, from the request to the recipient.
 *
 * Decides who is compared at each server, and with which limit: the same stanzas written ready-made to a component's socket;
 * for the embedded host, a bare HTTP server that answers as soon as it has parsed the body.
 */
import { type Worker, workOf } from '../cpu.ts';
import { delivered, type Sent } from '../delivery.ts';
import type { Field, Site } from '../field.ts';
import { type HttpTarget, tryOnce } from '../http-target.ts';
import { EMBEDDED, HASHED, PLAIN, RECIPIENT, SOURCE } from '../names.ts';
import type { Peer } from '../peers/process.ts';
import type { RecipientOrder } from '../peers/recipient.ts';
import type { Flooded } from '../peers/source.ts';
import type { Contender, Row } from '../row.ts';
import { runWrk } from '../wrk.ts';
import { bare, componentDoor, message, peerDoor, sendMessage, TEXT, userDoor } from './requests.ts';

/** Stanzas that are followed by one ping, and how many such lots may be unanswered. */
const LOT = 64;
const LOTS = 64;

/** Restanza's rows and their limit carry the same names everywhere. */
const JSON_CONTENDER = { id: 'component-json', name: 'Restanza component, JSON' };
const XML_CONTENDER = { id: 'component-xml', name: 'Restanza component, XML' };
const USER_CONTENDER = { id: 'user', name: 'Restanza user session, JSON' };

/** The rows. */
export function messageRows(field: Field): readonly Row[] {
  const { prosody, ejabberd, embedded } = field;
  const unit = 'messages/s';
  const own = (site: Site) => [
    sending(JSON_CONTENDER, message(componentDoor(site.gateway.port), 'JSON'), site.recipient, field, site.gateway),
    sending(XML_CONTENDER, message(componentDoor(site.gateway.port), 'XML'), site.recipient, field, site.gateway),
    sending(
      USER_CONTENDER,
      message(userDoor(site.sessions.port, site.users), 'JSON'),
      site.recipient,
      field,
      site.sessions,
    ),
    raw(site),
  ];
  const user = userDoor(embedded.gateway.port, EMBEDDED);
  const through = (format: 'JSON' | 'XML') => message(user, format, EMBEDDED);
  return [
    {
      id: 'messages-prosody',
      title: 'Messages, sent → received, Prosody',
      unit,
      contenders: [...own(prosody), ...peersOn(prosody, field)],
    },
    {
      id: 'messages-ejabberd',
      title: 'Messages, sent → received, ejabberd',
      unit,
      contenders: [
        ...own(ejabberd),
        sending(
          { id: 'peer', name: 'mod_http_api send_message' },
          sendMessage(ejabberd.http ?? 0),
          ejabberd.recipient,
          field,
        ),
      ],
    },
    {
      id: 'messages-embedded',
      title: 'Messages, sent → received, embedded host',
      unit,
      contenders: [
        sending(
          { id: 'embedded-json', name: 'Restanza embedded, JSON' },
          through('JSON'),
          embedded.recipient,
          field,
          embedded.gateway,
        ),
        sending(
          { id: 'embedded-xml', name: 'Restanza embedded, XML' },
          through('XML'),
          embedded.recipient,
          field,
          embedded.gateway,
        ),
        answering({ id: 'limit', name: 'limit: bare Fastify POST, 202 only' }, bare(field.bare.port), field, {
          worker: field.bare,
        }),
      ],
    },
  ];
}

function peersOn({ http, recipient }: Site, field: Field): readonly Contender[] {
  if (http === undefined) return [];
  const at = (host: string) => message(peerDoor(http, host), 'JSON');
  return [
    sending({ id: 'peer', name: 'mod_rest, plain passwords' }, at(PLAIN), recipient, field),
    sending({ id: 'peer-hashed', name: 'mod_rest, hashed passwords' }, at(HASHED), recipient, field),
  ];
}

type Named = Pick<Contender, 'id' | 'name'>;

/** Messages by HTTP, counted at the recipient. */
export function sending(
  named: Named,
  target: HttpTarget,
  recipient: Peer<RecipientOrder>,
  { folder }: Pick<Field, 'folder'>,
  worker?: Worker,
): Contender {
  const load = async (seconds: number): Promise<Sent> => {
    const { requests, faults } = await runWrk(target, seconds, folder);
    return { accepted: requests - (faults['status'] ?? 0), faults };
  };
  return {
    ...named,
    check: () => tryOnce(target),
    run: seconds => delivered(recipient, seconds, () => load(seconds), worker),
  };
}

/** Requests by HTTP, counted by their answers. */
export function answering(
  named: Named,
  target: HttpTarget,
  { folder }: Pick<Field, 'folder'>,
  { connections, worker }: { readonly connections?: number; readonly worker?: Worker } = {},
): Contender {
  return {
    ...named,
    check: () => tryOnce(target),
    async run(seconds) {
      const run = () => runWrk(target, seconds, folder, connections);
      const { result, beside } = await workOf(worker, run, ({ requests }) => requests);
      return { figure: result.rate, faults: result.faults, beside };
    },
  };
}

/** The same stanzas, ready-made. */
function raw({ source, recipient }: Site): Contender {
  const lot = readyMade(TEXT).repeat(LOT) + pingFrom(SOURCE);
  const load = async (seconds: number): Promise<Sent> => {
    const order = { what: 'flood', texts: [lot], answer: '<iq', window: LOTS, seconds } as const;
    const { written, errors } = await source.ask<Flooded>(order);
    return { accepted: written * LOT, faults: errors === 0 ? {} : { bounced: errors } };
  };
  return {
    id: 'limit',
    name: 'limit: ready-made, on a component socket',
    run: seconds => delivered(recipient, seconds, () => load(seconds)),
  };
}

/** The message as the source writes it. */
export function readyMade(text: string): string {
  return `<message type='chat' to='${RECIPIENT}@${PLAIN}' from='${SOURCE}' id='0123456789abcdef'><body>${text}</body></message>`;
}

/** A ping of the server (XEP-0199). */
export function pingFrom(from: string): string {
  return `<iq type='get' to='${PLAIN}' from='${from}' id='p'><ping xmlns='urn:xmpp:ping'/></iq>`;
}
