/**
 * The checker of fault runs: what was sent, what came, and what went wrong between.
 *
 * Decides what a numbered payload, `run-pair-seq`, has become of: each was sent once, by the sender of its pair, in the order of
 * the seqs. Of each three logs are kept: whether it was acknowledged, each time that it came, and whether its sender was told
 * that it does not. It says nothing about which classes a fault may leave behind.
 */

/** What can become of a payload. A payload can be duplicate or inverted besides `ok`. */
export const CLASSES = ['ok', 'lost', 'unknown', 'refused', 'repeated', 'resent', 'inverted', 'phantom'] as const;
/**
 * - `ok`: it came
 * - `lost`: it was acknowledged, it did not come, and its sender was not told
 * - `unknown`: it did not come, and nobody has said that it would
 * - `refused`: its sender was told, and it did not come
 * - `repeated`: it came once more under the id that it had come under: a call that was made again
 * - `resent`: it came once more under another id: taken for something new
 * - `inverted`: it came first after one that was sent after it
 * - `phantom`: it came and was never sent, or came although its sender was told that it would not
 */
export type Class = (typeof CLASSES)[number];

/** How many payloads there are of each class. */
export type Counts = Readonly<Record<Class, number>>;

interface Pair {
  /** How many were sent. */
  sent: number;
  /** How many of those, first to last, were acknowledged. */
  acked: number;
  /** The highest seq that has come. */
  highest: number;
}

/** The logs of one run. */
export class Checker {
  readonly run: string;
  readonly #pairs: Pair[];
  /** The ids under which payloads came. */
  readonly #came = new Map<string, Set<string>>();
  readonly #refused = new Set<string>();
  readonly #extra = { repeated: 0, resent: 0, inverted: 0, phantom: 0 };
  readonly #waiting = new Set<() => void>();

  /**
   * @param run a name without a dash, which no other run has
   * @param pairs how many there are
   */
  constructor(run: string, pairs: number) {
    this.run = run;
    this.#pairs = Array.from({ length: pairs }, () => ({ sent: 0, acked: 0, highest: -1 }));
  }

  /** The next payload of a pair, which is sent with this. */
  send(pair: number): string {
    const { run } = this;
    const of = this.#pair(pair);
    const payload = `${run}-${pair}-${of.sent}`;
    of.sent += 1;
    return payload;
  }

  /** How many payloads were sent. */
  get sent(): number {
    return this.#pairs.reduce((sum, { sent }) => sum + sent, 0);
  }

  /** So many of a pair, first to last, were acknowledged; all that were sent unless it is said. */
  acknowledge(pair: number, count?: number): void {
    const of = this.#pair(pair);
    of.acked = count ?? of.sent;
  }

  /** The sender was told that a payload does not come. */
  refuse(payload: string): void {
    this.#refused.add(payload);
    this.#changed();
  }

  /** A payload came. @param id under which it came; what is one thing for the receiver has one id */
  deliver(payload: string, id: string): void {
    const [pair, seq] = this.#read(payload);
    const ids = this.#came.get(payload) ?? new Set();
    if (pair === undefined || seq >= pair.sent) this.#extra.phantom += 1;
    else if (ids.size > 0) this.#extra[ids.has(id) ? 'repeated' : 'resent'] += 1;
    else if (seq < pair.highest) this.#extra.inverted += 1;
    if (pair !== undefined) pair.highest = Math.max(pair.highest, seq);
    this.#came.set(payload, ids.add(id));
    this.#changed();
  }

  /** Whether a payload came. */
  hasCome(payload: string): boolean {
    return this.#came.has(payload);
  }

  /** Whether what was sent last on each pair has come, or was refused: of what comes in order, nothing more will come. */
  get isOver(): boolean {
    return this.#pairs.every(({ sent }, pair) => sent === 0 || this.#isSettled(`${this.run}-${pair}-${sent - 1}`));
  }

  /** Resolves when something holds, which is asked after each arrival, or after some milliseconds. */
  async until(reached: () => boolean, within: number): Promise<void> {
    if (reached()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (reached()) resolve();
    };
    const deadline = setTimeout(resolve, within);
    this.#waiting.add(look);
    await promise;
    clearTimeout(deadline);
    this.#waiting.delete(look);
  }

  /** What has become of all payloads. */
  counts(): Counts {
    const counts: Record<Class, number> = { ok: 0, lost: 0, unknown: 0, refused: 0, ...this.#extra };
    for (const [number, { sent, acked }] of this.#pairs.entries()) {
      for (let seq = 0; seq < sent; seq += 1) {
        const payload = `${this.run}-${number}-${seq}`;
        const isRefused = this.#refused.has(payload);
        if (this.#came.has(payload)) {
          counts.ok += 1;
          if (isRefused) counts.phantom += 1;
        } else if (isRefused) counts.refused += 1;
        else counts[seq < acked ? 'lost' : 'unknown'] += 1;
      }
    }
    return counts;
  }

  #pair(number: number): Pair {
    const pair = this.#pairs[number];
    if (pair === undefined) throw new RangeError(`there is no pair ${number}`);
    return pair;
  }

  /** The pair of a payload, `undefined` for one of another run, and its seq. */
  #read(payload: string): readonly [Pair | undefined, number] {
    const [run, pair, seq] = payload.split('-');
    return [run === this.run ? this.#pairs[Number(pair)] : undefined, Number(seq)];
  }

  #isSettled(payload: string): boolean {
    return this.#came.has(payload) || this.#refused.has(payload);
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }
}

/** The counts as a table of two lines. */
export function table(sent: number, counts: Counts): string {
  const cells = [['sent', sent] as const, ...CLASSES.map(name => [name, counts[name]] as const)];
  const width = (name: string, count: number) => Math.max(name.length, String(count).length);
  const line = (text: (name: string, count: number) => string) =>
    cells.map(([name, count]) => text(name, count).padStart(width(name, count))).join('  ');
  return `${line(name => name)}\n${line((_, count) => String(count))}`;
}
