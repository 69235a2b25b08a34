/**
 * The time that a client has.
 *
 * Decides how long a login may take, when a client that says nothing is asked whether it is there, and when it counts as gone: a
 * connection whose other end has vanished can look up for hours. Owns the one timer of a session.
 */
import type { Clock } from '../clock.ts';

/** From the connection to the bound resource, in milliseconds. */
export const LOGIN_TIME = 30_000;
/** A client of which nothing was heard for this long, and at most twice as long, is asked; in milliseconds. */
export const SILENCE = 60_000;
/** How long it may take to say something then. */
export const ANSWER_TIME = 30_000;

/** What the watch asks of its owner. */
export interface WatchEvents {
  /** Ask the client whether it is there. */
  ask(): void;
  /** The client's time is up; why, in words. The watch does nothing more. */
  over(text: string): void;
}

/** The watch over one client. It begins with the login. */
export class Watch implements Disposable {
  readonly #clock: Clock;
  readonly #events: WatchEvents;
  #timer: Disposable;
  #heard = false;
  #deaf = false;

  constructor(clock: Clock, events: WatchEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#timer = clock.after(LOGIN_TIME, () => events.over('the login took too long'));
  }

  /** Something has come from the client. */
  hear(): void {
    this.#heard = true;
  }

  /** Whether the client is not read at the moment: then its silence says nothing. */
  set deaf(deaf: boolean) {
    this.#deaf = deaf;
    this.#heard ||= !deaf;
  }

  /** The login is over: from now on only silence counts. */
  listen(): void {
    this.#next(SILENCE, () => this.#ask());
  }

  #ask(): void {
    this.#events.ask();
    this.#next(ANSWER_TIME, () => this.#events.over('there was no answer to a ping'));
  }

  #next(ms: number, silent: () => void): void {
    this.#heard = false;
    this.#timer[Symbol.dispose]();
    this.#timer = this.#clock.after(ms, () => {
      if (this.#heard || this.#deaf) this.listen();
      else silent();
    });
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
