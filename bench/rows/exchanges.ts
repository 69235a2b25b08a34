/**
 * What is answered: pings, callbacks, the echo and pages of an archive, per second.
 */
import { type Worker, workOf } from '../cpu.ts';
import type { Field, Site } from '../field.ts';
import { tryOnce } from '../http-target.ts';
import { ARCHIVE, BOT, EMBEDDED, PEER_BOT, PLAIN, RECIPIENT, SOURCE } from '../names.ts';
import type { Flood, Flooded } from '../peers/source.ts';
import type { Contender, Row } from '../row.ts';
import { CONNECTIONS, UNIQUE } from '../wrk.ts';
import { answering, pingFrom } from './messages.ts';
import { archive, componentDoor, type Door, echo, peerDoor, ping, TEXT, userDoor } from './requests.ts';

/** Senders whose messages are answered by callbacks, and how many messages of all may be unanswered. */
const SENDERS = 64;
const UNANSWERED = 256;
/** Requests at once for pages of an archive. */
const READERS = 8;
const PAGE = 100;

/** Pings of the server, from the request to its answer. */
export function pingRow(field: Field): Row {
  const { prosody, ejabberd, embedded } = field;
  const own = ({ name, gateway }: Site) =>
    answering(
      { id: `component-${name}`, name: `Restanza component on ${name}` },
      ping(componentDoor(gateway.port), PLAIN),
      field,
      { worker: gateway },
    );
  const peers =
    prosody.http === undefined
      ? []
      : [
          answering(
            { id: 'peer', name: 'mod_rest on Prosody, plain passwords' },
            ping(peerDoor(prosody.http, PLAIN), PLAIN),
            field,
          ),
        ];
  return {
    id: 'pings',
    title: 'Pings of the server, request → answer',
    unit: 'pings/s',
    contenders: [
      own(prosody),
      ...peers,
      rawPings(prosody),
      own(ejabberd),
      rawPings(ejabberd),
      answering(
        { id: 'embedded', name: 'Restanza embedded' },
        ping(userDoor(embedded.gateway.port, EMBEDDED), EMBEDDED),
        field,
        { worker: embedded.gateway },
      ),
    ],
  };
}

/** Pings that are written ready-made, as many at once as there are connections elsewhere. */
function rawPings({ name, source }: Site): Contender {
  const flood = { texts: [pingFrom(SOURCE)], answer: '<iq', window: CONNECTIONS };
  return flooding({ id: `limit-${name}`, name: `limit: ready-made, component socket of ${name}` }, source, flood);
}

function flooding(
  named: Pick<Contender, 'id' | 'name'>,
  source: Site['source'],
  flood: Omit<Flood, 'seconds'>,
  worker?: Worker,
): Contender {
  return {
    ...named,
    async run(seconds) {
      const run = () => source.ask<Flooded>({ what: 'flood', seconds, ...flood });
      const { result, beside } = await workOf(worker, run, outcome => outcome.answered);
      const { rate, written, answered, errors } = result;
      const faults = {
        ...(errors > 0 && { bounced: errors }),
        ...(written > answered && { lost: written - answered }),
      };
      return { figure: rate, faults, beside };
    },
  };
}

/** Messages that come in, are brought to a callback, and whose answer reaches the sender. */
export function callbackRow({ prosody, ejabberd }: Field): Row {
  const called = (named: Pick<Contender, 'id' | 'name'>, { source }: Site, to: string, worker?: Worker) => {
    const texts = Array.from(
      { length: SENDERS },
      (_, sender) =>
        `<message type='chat' to='bot@${to}' from='user${sender}@${SOURCE}' id='m'><body>${TEXT}</body></message>`,
    );
    return flooding(named, source, { texts, answer: '</body>', window: UNANSWERED }, worker);
  };
  return {
    id: 'callbacks',
    title: `Messages answered by a callback, ${SENDERS} senders`,
    unit: 'messages/s',
    contenders: [
      called(
        { id: 'component-Prosody', name: 'Restanza component on Prosody, with journal' },
        prosody,
        BOT,
        prosody.gateway,
      ),
      ...(prosody.http === undefined
        ? []
        : [called({ id: 'peer', name: 'mod_rest on Prosody, without' }, prosody, PEER_BOT)]),
      called(
        { id: 'component-ejabberd', name: 'Restanza component on ejabberd, with journal' },
        ejabberd,
        BOT,
        ejabberd.gateway,
      ),
    ],
  };
}

/** A message that is only shown: the work of HTTP, credentials and formats. */
export function echoRow(field: Field): Row {
  const { http, gateway } = field.prosody;
  const doors: readonly (readonly [id: string, name: string, door: Door, worker?: Worker])[] = [
    ['component', 'Restanza', componentDoor(gateway.port), gateway],
    ...(http === undefined ? [] : [['peer', 'mod_rest, plain passwords', peerDoor(http, PLAIN)] as const]),
  ];
  const formats = ['JSON', 'XML'] as const;
  return {
    id: 'echo',
    title: 'Echo of a message',
    unit: 'requests/s',
    contenders: doors.flatMap(([id, name, door, worker]) =>
      formats.map(format =>
        answering(
          { id: `${id}-${format.toLowerCase()}`, name: `${name}, ${format}` },
          echo(door, format),
          field,
          worker === undefined ? {} : { worker },
        ),
      ),
    ),
  };
}

/** Pages of 100 messages out of Prosody's archive. */
export function archiveRow(field: Field): Row {
  const { http, sessions, source } = field.prosody;
  const asking = (named: Pick<Contender, 'id' | 'name'>, door: Door): Contender => ({
    ...answering(named, archive(door, UNIQUE), field, { connections: READERS }),
    async check() {
      const answer = await tryOnce(archive(door, 'first'));
      const found = answer.split('<forwarded').length - 1;
      if (found !== PAGE) throw new Error(`it answers with ${found} messages of the archive`);
    },
  });
  const own = asking({ id: 'user', name: 'Restanza user session' }, userDoor(sessions.port, ARCHIVE, RECIPIENT));
  return {
    id: 'archive',
    title: `Archive queries of ${PAGE} messages, Prosody`,
    unit: 'requests/s',
    contenders: [
      // The archive is filled before the first one is tried.
      { ...own, check: () => fill(source).then(own.check) },
      ...(http === undefined
        ? []
        : [asking({ id: 'peer', name: 'mod_rest, plain passwords' }, peerDoor(http, ARCHIVE, RECIPIENT))]),
    ],
  };
}

async function fill(source: Site['source']): Promise<void> {
  const one = (number: number) =>
    `<message type='chat' to='${RECIPIENT}@${ARCHIVE}' from='${SOURCE}' id='a${number}'><body>${TEXT}</body></message>`;
  const text = Array.from({ length: PAGE }, (_, number) => one(number)).join('') + pingFrom(SOURCE);
  await source.ask({ what: 'flood', texts: [text], answer: '<iq', window: 1, seconds: 0 });
}
