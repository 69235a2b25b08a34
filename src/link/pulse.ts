/**
 * When a stream is asked whether it is alive.
 *
 * Decides the times: when a probe leaves after the last one while all is quiet, after the first stanza that none has
 * followed, when it is repeated, and when no answer means that the stream is dead. That nobody hears an answer while we do
 * not read is decided here too. What is unconfirmed, and what a probe is, is for others.
 */
import type { Clock } from './clock.ts';
import type { WindowPhase } from './window.ts';

/** Milliseconds in each phase until a probe leaves: after the last one when all is quiet, after the first stanza, again. */
export const PROBE_AFTER: Readonly<Record<WindowPhase, number>> = { idle: 60_000, gathering: 200, probing: 10_000 };
/** How often a probe is sent. A repeat is for a server that handed the first to a connection that is no more. */
const PROBE_TRIES = 3;
/** Milliseconds without an answer after which a stream is dead. */
export const PROBE_WAIT = PROBE_AFTER.probing * PROBE_TRIES;

/** What a pulse asks of its owner. */
export interface PulseEvents {
  /** Time for a new probe, though nobody is in a hurry. */
  due(): void;
  /** Send a probe: a new one, or the same `again`. */
  probe(again: boolean): void;
  /** How many repeats more than usual are due, where much stands before the probe that is out. */
  patience(): number;
  /** No probe came back for `PROBE_WAIT`, and for the repeats that were due. */
  dead(): void;
}

/** The timer of one stream. */
export class Pulse implements Disposable {
  readonly #events: PulseEvents;
  readonly #clock: Clock;
  #phase: WindowPhase = 'idle';
  #tries = 0;
  #paused = false;
  #timer: Disposable | undefined;

  constructor(clock: Clock, events: PulseEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** The phase for which the timer is set. */
  get phase(): WindowPhase {
    return this.#phase;
  }

  /** Sends a new probe. */
  probe(): void {
    this.#tries = 0;
    this.#ask();
  }

  #ask(): void {
    this.#tries += 1;
    this.#events.probe(this.#tries > 1);
    this.set('probing');
  }

  /** Sets the timer for a phase. */
  set(phase: WindowPhase): void {
    this.#timer?.[Symbol.dispose]();
    this.#phase = phase;
    // While we do not read, an answer cannot be seen; not reading is our doing and says nothing about the server.
    const deaf = this.#paused && phase === 'probing';
    this.#timer = deaf ? undefined : this.#clock.after(PROBE_AFTER[phase], () => this.#ring());
  }

  /** A sign of life: whatever is awaited has all of its time once more. */
  hear(phase: WindowPhase): void {
    this.#tries = 1;
    this.set(phase);
  }

  #ring(): void {
    if (this.#phase !== 'probing') this.#events.due();
    else if (this.#tries < PROBE_TRIES + this.#events.patience()) this.#ask();
    else this.#events.dead();
  }

  /** The stream is not read for now. */
  pause(): void {
    this.#paused = true;
    if (this.#phase === 'probing') this.set('probing');
  }

  /** The stream is read again: an answer has all of its time once more. */
  resume(): void {
    this.#paused = false;
    if (this.#phase === 'probing') this.hear('probing');
  }

  /** Stops the timer; the stream that comes next, if one does, is read from its start. */
  [Symbol.dispose](): void {
    this.#paused = false;
    this.#timer?.[Symbol.dispose]();
  }
}
