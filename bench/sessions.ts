/**
 * What the sessions of users cost: memory, and the time of the first request of each and of the second.
 *
 * Decides the scene: a Prosody with an account for each user, one gateway before it, a program that makes requests over a few
 * connections, each in a process of its own. Some users come first, so that what the gateway needs for any user is not
 * counted. A request is a ping of the own server, which is answered there. Run with `npm run bench:sessions`.
 */
import { parseArgs } from 'node:util';
import { Agent } from 'undici';
import { stringify } from 'yaml';
import { TestAuthority } from '../test/support/certificates.ts';
import { Folder } from '../test/support/folder.ts';
import { startProsody } from '../test/support/prosody.ts';
import { basic } from '../test/support/rest-client.ts';
import { newSecret } from '../test/support/secrets.ts';
import { GatewayChild } from './sessions/child.ts';
import type { Memory } from './sessions/gateway.ts';
import { quantile } from './statistics.ts';

const DOMAIN = 'users.bench';
const PASSWORD = newSecret();
/** Users who come first. */
const WARMING = 200;
/** Requests of each of them: by then the young generation of the heap has the size that it keeps. */
const ROUNDS = 20;
/** Requests that are under way at once. */
const TOGETHER = 16;
const KIB = 1024;
/** Bytes of memory that a session shall need at most. */
const GOAL = 32 * KIB;

/** A way to log in. */
interface Way {
  readonly name: string;
  readonly hasTls: boolean;
  /** Bytes past which the run fails: the goal, or where that cannot be reached, what is known to be needed, and some. */
  readonly bound: number;
  /** What is said when the goal is missed. */
  readonly remains: string;
}

const WAYS: readonly Way[] = [
  { name: 'without TLS', hasTls: false, bound: GOAL, remains: 'nothing is known that needs so much' },
  {
    name: 'with TLS',
    hasTls: true,
    bound: 96 * KIB,
    remains: 'OpenSSL alone keeps 32 KiB for a connection, see docs/performance.md',
  },
];

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '2000' } } });
const count = Number(values.sessions);
for (const way of WAYS) {
  if (!(await bench(way))) process.exitCode = 1;
}

/** Measures once; returns whether a session stays below the bound. */
async function bench(way: Way): Promise<boolean> {
  const { hasTls } = way;
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await Folder.make());
  const authority = await TestAuthority.make();
  const users = Array.from({ length: WARMING + count }, (_, number) => `user${number}`);
  const server = opened.use(
    await startProsody({
      domain: DOMAIN,
      users: Object.fromEntries(users.map(user => [user, PASSWORD])),
      component: { domain: `rest.${DOMAIN}`, secret: newSecret() },
      ...(hasTls && { certificate: await authority.issue({ names: [DOMAIN] }) }),
    }),
  );
  const tls = hasTls ? { tls: 'required', ca_file: await folder.write('ca.pem', authority.cert) } : { tls: 'off' };
  const virtualhost = { server: `xmpp://127.0.0.1:${server.ports.c2s}`, ...tls, idle: 3_600, max_sessions: 100_000 };
  const config = { listen: '127.0.0.1:0', data: `${folder.path}/data`, hosts: { [DOMAIN]: { virtualhost } } };
  const gateway = opened.use(await GatewayChild.start(await folder.write('restanza.yaml', stringify(config))));
  const agent = new Agent({ connections: TOGETHER });
  opened.defer(() => agent.close());
  const ask = (user: string) => ping(gateway.url, user, agent);
  for (let round = 0; round < ROUNDS; round += 1) await timed(users.slice(0, WARMING), ask);
  const base = await gateway.measure();
  const rest = users.slice(WARMING);
  const [first, second] = [await timed(rest, ask), await timed(rest, ask)];
  const full = await gateway.measure();
  return report(way, { first, second, base, full });
}

async function ping(url: string, user: string, dispatcher: Agent): Promise<void> {
  const headers = { authorization: basic({ user: `${user}@${DOMAIN}`, password: PASSWORD }) };
  const { origin, pathname } = new URL(`${url}/rest/ping/${DOMAIN}`);
  const { statusCode, body } = await dispatcher.request({ origin, path: pathname, method: 'GET', headers });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${user} was answered with ${statusCode}: ${text}`);
}

/** Milliseconds that the request of each user took, and of all together. */
interface Times {
  readonly each: readonly number[];
  readonly whole: number;
}

/** Makes a request for each user, a few at once. */
async function timed(users: readonly string[], ask: (user: string) => Promise<void>): Promise<Times> {
  const each: number[] = [];
  const waiting = users.values();
  const begun = performance.now();
  const work = async () => {
    for (const user of waiting) {
      const from = performance.now();
      await ask(user);
      each.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  return { each, whole: performance.now() - begun };
}

interface Result {
  readonly first: Times;
  readonly second: Times;
  readonly base: Memory;
  readonly full: Memory;
}

function report({ name, bound, remains }: Way, { first, second, base, full }: Result): boolean {
  const bytes = (part: keyof Memory) => (full[part] - base[part]) / count;
  const kib = (value: number) => `${(value / KIB).toFixed(1)} KiB`;
  const times = ({ each, whole }: Times) =>
    `p50 ${quantile(each, 0.5).toFixed(1)} ms, p99 ${quantile(each, 0.99).toFixed(1)} ms, ` +
    `${Math.round((count / whole) * 1000)}/s`;
  const [resident, heap] = [bytes('rss'), bytes('heap')];
  const verdict = resident <= GOAL ? 'met' : `missed: ${remains}`;
  console.log(`${count} sessions at Prosody ${name}, ${TOGETHER} requests at once`);
  console.log(`  first request of each user, which logs in: ${times(first)}`);
  console.log(`  second request of each user: ${times(second)}`);
  console.log(`  memory per session: ${kib(resident)} resident; goal: ${kib(GOAL)} at most, ${verdict}`);
  console.log(`  of that, heap of JavaScript: ${kib(heap)}; all else: ${kib(resident - heap)}`);
  if (resident > bound) console.log(`  FAILED: more than ${kib(bound)} is more than is known to be needed`);
  return resident <= bound;
}
