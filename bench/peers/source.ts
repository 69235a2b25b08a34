/**
 * The source: a component that writes ready-made stanzas, as a process of its own.
 *
 * Decides the flow. In a flood, texts are written one after the other, in a circle; each is answered by one occurrence of a text
 * in what comes back, and only so many are unanswered at once. So a server is kept busy, and what it has not handled stays
 * bounded. At a pace, a text is written when it is due, with the time in it.
 */
import type { Socket } from 'node:net';
import { now, serveOrders } from './process.ts';
import { stamped } from './stamp.ts';
import { type ComponentLogin, Occurrences, openComponent } from './stream.ts';

/** What is written, and for how long. */
export interface Flood {
  /** What is written, in turn. */
  readonly texts: readonly string[];
  /** What comes back once for each. */
  readonly answer: string;
  /** How many may be unanswered. */
  readonly window: number;
  /** Seconds to write for; what is unanswered then is waited for. */
  readonly seconds: number;
}

/** What is written at a fixed rate. */
export interface Pace {
  /** With a place for a stamp. */
  readonly text: string;
  /** Texts per second. */
  readonly rate: number;
  readonly seconds: number;
}

/** What a source is told to do. */
export type SourceOrder =
  | { readonly what: 'login'; readonly login: ComponentLogin }
  | ({ readonly what: 'flood' } & Flood)
  | ({ readonly what: 'pace' } & Pace);

/** What came of a flood; the rate leaves its first quarter out. */
export interface Flooded {
  readonly written: number;
  readonly answered: number;
  /** Answers per second. */
  readonly rate: number;
  /** Stanzas of type `error` that came back. */
  readonly errors: number;
}

/** The share of the time that is not counted. */
const WARM = 0.25;
/** Milliseconds in which the last answers must be there. */
const GRACE = 10_000;

let socket: Socket | undefined;
let take: (chunk: Buffer) => void = () => {};

async function flood({ texts, answer, window, seconds }: Flood): Promise<Flooded> {
  const [start, answers, errors] = [now(), new Occurrences(answer), new Occurrences("type='error'")];
  const [warm, end] = [start + seconds * 1000 * WARM, start + seconds * 1000];
  let [written, answered, refused, before, inTime] = [0, 0, 0, 0, 0];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const write = () => {
    let text = '';
    for (; written - answered < window; written += 1) text += texts[written % texts.length] ?? '';
    if (text !== '') socket?.write(text);
  };
  take = chunk => {
    const [time, found] = [now(), answers.in(chunk)];
    refused += errors.in(chunk);
    answered += found;
    if (time < warm) before = answered;
    if (time < end) {
      inTime = answered;
      write();
    } else if (answered >= written) resolve();
  };
  const bound = setTimeout(resolve, seconds * 1000 + GRACE);
  write();
  await done;
  clearTimeout(bound);
  take = () => {};
  return { written, answered, rate: ((inTime - before) * 1000) / (end - warm), errors: refused };
}

/** @returns how many were written */
async function pace({ text, rate, seconds }: Pace): Promise<number> {
  const [start, total] = [now(), Math.floor(rate * seconds)];
  let written = 0;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const tick = setInterval(() => {
    const wanted = Math.min(total, ((now() - start) * rate) / 1000);
    for (; written < wanted; written += 1) socket?.write(stamped(text, now()));
    if (written >= total) resolve();
  }, 1);
  await done;
  clearInterval(tick);
  return written;
}

if (process.send !== undefined) {
  serveOrders<SourceOrder>(async order => {
    if (order.what === 'flood') return flood(order);
    if (order.what === 'pace') return pace(order);
    socket = await openComponent(order.login, chunk => take(chunk));
  });
}
