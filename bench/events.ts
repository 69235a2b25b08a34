/**
 * What stalled readers of `/events` cost the others: latency of 1,000 healthy streams beside 1,000 that take nothing,
 * and without those before they came and after they were cut; the memory that they cost, and how many were cut.
 *
 * Run with `npm run bench:events`. The server is this process, the readers are another one; both are on this machine, so
 * the figures hold for both together. It takes about a minute. Until the system's own buffers of a connection are full
 * (some megabytes), a stalled stream costs the writes of a healthy one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { basic } from '../src/auth/basic.ts';
import { Throttle, throttled } from '../src/auth/throttle.ts';
import { createApp } from '../src/http/app.ts';
import { IdempotencyStore } from '../src/journal/idempotency-store.ts';
import { SqliteJournal } from '../src/journal/sqlite-journal.ts';
import type { Log } from '../src/log.ts';
import { element } from '../src/xml/element.ts';
import { parseJid } from '../src/xmpp/jid.ts';
import { NS } from '../src/xmpp/ns.ts';

/** Streams of each sort. */
const WANTED = 1_000;
/** What comes in: how many events, how many of them in a second, and the characters of each body. */
interface Load {
  readonly events: number;
  readonly rate: number;
  readonly size: number;
}
/** What is measured, and what comes after it until those who stall owe enough to be cut. */
const STEADY: Load = { events: 110, rate: 10, size: 2_000 };
const FLOOD: Load = { events: 100, rate: 8, size: 64_000 };
/** Milliseconds that the last of them may take to be cut. */
const PATIENCE = 8_000;
/** Descriptors that are needed beside those of the streams. */
const SPARE = 200;

const COMPONENT = parseJid('rest.example');
const PASSWORD = 'bench';
/** Stands in each event before the time at which it was handed in. */
const MARK = 'sent=';

type Order =
  | { readonly what: 'open'; readonly port: number; readonly count: number; readonly reads: boolean }
  | { readonly what: 'report' };
interface Report {
  readonly events: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

/** Milliseconds since 1970 with a fraction; two processes of one machine agree on it. */
const now = () => performance.timeOrigin + performance.now();

// ---- the process of the readers ----

const latencies: number[] = [];

async function open(port: number, reads: boolean): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const authorization = `Basic ${Buffer.from(`${COMPONENT}:${PASSWORD}`).toString('base64')}`;
  socket.write(
    `GET /events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\nAuthorization: ${authorization}\r\n\r\n`,
  );
  await once(socket, 'data');
  if (reads) socket.on('data', measure);
  else socket.pause();
  return socket;
}

function measure(chunk: Buffer): void {
  const time = now();
  for (let at = chunk.indexOf(MARK); at !== -1; at = chunk.indexOf(MARK, at + MARK.length)) {
    const sent = Number(chunk.toString('latin1', at + MARK.length, at + MARK.length + 17));
    if (!Number.isNaN(sent)) latencies.push(time - sent);
  }
}

function report(): Report {
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  const result = { events: latencies.length, p50: at(0.5), p99: at(0.99), worst: at(1) };
  latencies.length = 0;
  return result;
}

function serveOrders(): void {
  const sockets: Socket[] = [];
  process.on('message', async (order: Order) => {
    if (order.what === 'report') process.send?.(report());
    else {
      for (let left = order.count; left > 0; left -= 50) {
        const opening = Array.from({ length: Math.min(50, left) }, () => open(order.port, order.reads));
        sockets.push(...(await Promise.all(opening)));
      }
      process.send?.(sockets.length);
    }
  });
  process.on('disconnect', () => process.exit());
}

// ---- the process of the server ----

/** How many files this process may open, where the system says so. */
function descriptors(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1_024);
  } catch {
    return 1_024;
  }
}

async function ask<Answer>(child: ChildProcess, order: Order): Promise<Answer> {
  child.send(order);
  const [answer] = await once(child, 'message');
  return answer;
}

/** Lets events come in at a steady rate; gives the highest resident memory meanwhile, in bytes. */
async function flow(journal: SqliteJournal, { events, rate, size }: Load): Promise<number> {
  let peak = 0;
  const start = performance.now();
  for (let event = 0; event < events; event += 1) {
    await delay(Math.max(0, start + (event * 1_000) / rate - performance.now()));
    const body = `${MARK}${now().toFixed(3)} ${'x'.repeat(size)}`;
    const stanza = { kind: 'message', to: COMPONENT, payload: [element('body', NS.client, {}, [body])] } as const;
    await journal.append([{ link: COMPONENT, event: 'host', stanza, targets: [] }]);
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  await delay(1_000);
  return Math.max(peak, process.memoryUsage.rss());
}

function print(name: string, { events, p50, p99, worst }: Report): void {
  const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(10);
  console.log(`${name.padEnd(44)} p50 ${ms(p50)}  p99 ${ms(p99)}  worst ${ms(worst)}  ${events} events`);
}

async function main(): Promise<void> {
  const streams = Math.min(WANTED, Math.floor((descriptors() - SPARE) / 2));
  if (streams < WANTED) {
    console.log(
      `only ${streams} streams of each sort: raise the limit of open files (ulimit -n) to 2,200 for ${WANTED}`,
    );
  }
  let cut = 0;
  const nothing = () => {};
  const debug = (_fields: object, message: string) => {
    if (message.startsWith('an event stream was cut')) cut += 1;
  };
  const log: Log = { debug, info: nothing, warn: console.warn, error: console.error };

  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'restanza-bench-')), path => rm(path, { recursive: true }));
  const journal = stack.use(SqliteJournal.open(join(folder, 'journal.sqlite'), log));
  const idempotency = stack.use(IdempotencyStore.open(join(folder, 'idempotency.sqlite'), log));
  const verify = async () => ({ address: COMPONENT });
  const app = createApp({
    log,
    authenticator: throttled(basic([{ domain: COMPONENT, names: 'component', verify }]), new Throttle()),
    idempotency,
    hostOf: () => undefined,
    bodyLimit: 1_000,
    paths: { rest: '/rest', msg: '/msg' },
    iqTimeout: 1,
    iqMaxTimeout: 1,
    receiving: { journal, links: [COMPONENT], readers: { perPrincipal: 2 * WANTED, total: 2 * WANTED } },
  });
  stack.defer(() => app.close());
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  const child = stack.adopt(fork(new URL(import.meta.url), ['readers']), one => void one.kill());

  await ask(child, { what: 'open', port, count: streams, reads: true });
  const alone = await flow(journal, STEADY);
  const before = await ask<Report>(child, { what: 'report' });
  await ask(child, { what: 'open', port, count: streams, reads: false });
  const beside = await flow(journal, STEADY);
  const after = await ask<Report>(child, { what: 'report' });
  const flooded = await flow(journal, FLOOD);
  const deadline = performance.now() + PATIENCE;
  while (cut < streams && performance.now() < deadline) await delay(50);
  const during = await ask<Report>(child, { what: 'report' });
  await flow(journal, STEADY);
  const again = await ask<Report>(child, { what: 'report' });

  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  print(`${streams} streams`, before);
  print(`${streams} streams beside ${streams} stalled`, after);
  print(`${FLOOD.size} bytes each, until those are cut`, during);
  print(`${streams} streams, those being cut`, again);
  const without = (before.p99 + again.p99) / 2;
  console.log(`p99 with ÷ without stalled streams    ${(after.p99 / without).toFixed(2)}`);
  console.log(`streams cut                           ${cut} of ${streams} stalled`);
  console.log(`resident memory, highest              ${mib(alone)} without stalled streams`);
  console.log(
    `growth                                ${mib(beside - alone)} with them, ${mib(flooded - alone)} when they are cut`,
  );
}

if (process.argv[2] === 'readers') serveOrders();
else await main();
