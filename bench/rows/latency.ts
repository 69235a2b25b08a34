/**
 * From the moment a message is due to its arrival at the recipient, in milliseconds, at rates that do not depend on how fast
 * the answers are.
 */
import { delivered, type Sent } from '../delivery.ts';
import type { Field, Site } from '../field.ts';
import { asText, type HttpTarget, tryOnce } from '../http-target.ts';
import { EMBEDDED, PLAIN } from '../names.ts';
import type { OpenLoopOutcome } from '../peers/open-loop.ts';
import type { Latencies } from '../peers/recipient.ts';
import { STAMP, STAMP_PLACE } from '../peers/stamp.ts';
import type { Contender, Row, Sample } from '../row.ts';
import { readyMade } from './messages.ts';
import { componentDoor, message, peerDoor, userDoor } from './requests.ts';

/** Messages per second of the steady row, and the share of the capacity in the other one. */
const STEADY = 500;
const SHARE = 0.8;

/** Medians of messages per second, by the id of a row and of a contender. */
export type Capacity = (row: string, contender: string) => number;

/** Who is compared: where it stands among the rows of messages, and what is asked of it. */
interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly capacity: readonly [row: string, contender: string];
  readonly target: HttpTarget;
  readonly recipient: Site['recipient'];
}

const BODY = `${STAMP}${STAMP_PLACE} Hello! The train leaves at 10:24 from platform 7.`;

function candidates({ prosody, ejabberd, embedded }: Field): readonly Candidate[] {
  const component = (site: Site): Candidate => ({
    id: `component-${site.name}`,
    name: `Restanza component on ${site.name}`,
    capacity: [`messages-${site.name.toLowerCase()}`, 'component-json'],
    target: message(componentDoor(site.gateway.port), 'JSON', PLAIN, BODY),
    recipient: site.recipient,
  });
  const peer = (http: number): Candidate => ({
    id: 'peer',
    name: 'mod_rest on Prosody, plain passwords',
    capacity: ['messages-prosody', 'peer'],
    target: message(peerDoor(http, PLAIN), 'JSON', PLAIN, BODY),
    recipient: prosody.recipient,
  });
  const own: Candidate = {
    id: 'embedded',
    name: 'Restanza embedded',
    capacity: ['messages-embedded', 'embedded-json'],
    target: message(userDoor(embedded.gateway.port, EMBEDDED), 'JSON', EMBEDDED, BODY),
    recipient: embedded.recipient,
  };
  return [component(prosody), ...(prosody.http === undefined ? [] : [peer(prosody.http)]), component(ejabberd), own];
}

/** The rows; to be made when the capacities are known. */
export function latencyRows(field: Field, capacity: Capacity): readonly Row[] {
  const all = candidates(field);
  const unit = 'ms (p99)';
  return [
    {
      id: 'latency-steady',
      title: `Latency at ${STEADY} messages/s`,
      unit,
      warmUp: false,
      contenders: [
        ...all.map(candidate => timed(candidate, STEADY, field)),
        limit(field.prosody),
        limit(field.ejabberd),
      ],
    },
    {
      id: 'latency-capacity',
      title: `Latency at ${SHARE * 100} % of the capacity`,
      unit,
      warmUp: false,
      contenders: all.map(candidate => timed(candidate, Math.round(SHARE * capacity(...candidate.capacity)), field)),
    },
  ];
}

function timed({ id, name, target, recipient }: Candidate, rate: number, { openLoop }: Field): Contender {
  const load = async (seconds: number): Promise<Sent> => {
    const order = { port: target.port, request: asText(target), rate, seconds };
    const { accepted, refused } = await openLoop.ask<OpenLoopOutcome>(order);
    return { accepted, faults: refused };
  };
  const check = async () => {
    if (!(rate > 0)) throw new Error('its capacity is not known');
    await tryOnce(target);
  };
  return { id, name, check, run: seconds => latencyOf(recipient, seconds, load) };
}

/** The same stanzas, ready-made: what the server and the machine take by themselves. */
function limit({ name, source, recipient }: Site): Contender {
  const load = async (seconds: number): Promise<Sent> => {
    const accepted = await source.ask<number>({ what: 'pace', text: readyMade(BODY), rate: STEADY, seconds });
    return { accepted, faults: {} };
  };
  const run = (seconds: number) => latencyOf(recipient, seconds, load);
  return { id: `limit-${name}`, name: `limit: ready-made, component socket of ${name}`, run };
}

async function latencyOf(
  recipient: Site['recipient'],
  seconds: number,
  load: (seconds: number) => Promise<Sent>,
): Promise<Sample> {
  await recipient.ask({ what: 'latencies' });
  const { figure, faults = {} } = await delivered(recipient, seconds, () => load(seconds));
  const { p50, p99 } = await recipient.ask<Latencies>({ what: 'latencies' });
  return { figure: p99, faults, beside: { 'p50 ms': p50, 'messages/s': figure } };
}
