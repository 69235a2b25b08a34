/**
 * The log of what fails for many at once.
 *
 * Decides that a server which is away, a service that talks nonsense or a full disk cannot fill the log through all those who
 * come upon it: of each message, so many lines are written in a while; the rest stands at `debug`, and the next line that is
 * written says how many those were.
 */
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';

/** Lines of one message in one while. */
const LINES = 20;
/** Milliseconds of a while. */
const WHILE = 10_000;

/** What was written of one message. */
interface Written {
  /** When the while began. */
  since: number;
  lines: number;
  /** Lines that stand at `debug`, since the last one that was written. */
  left: number;
}

/** Hands lines on to another log, at its pace. Messages are constants, so there are few of them. */
export class PacedLog implements Log {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #written = new Map<string, Written>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  debug(fields: object, message: string): void {
    this.#log.debug(fields, message);
  }

  info(fields: object, message: string): void {
    this.#pace('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#pace('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#pace('error', fields, message);
  }

  #pace(level: 'info' | 'warn' | 'error', fields: object, message: string): void {
    const written = this.#of(message);
    if (written.lines === LINES) {
      written.left += 1;
      this.#log.debug(fields, message);
      return;
    }
    this.#log[level](written.left === 0 ? fields : { ...fields, left: written.left }, message);
    written.lines += 1;
    written.left = 0;
  }

  #of(message: string): Written {
    const now = this.#clock.now();
    const known = this.#written.get(message);
    if (known !== undefined && now - known.since < WHILE) return known;
    const written = { since: now, lines: 0, left: known?.left ?? 0 };
    this.#written.set(message, written);
    return written;
  }
}
