/**
 * The contract of receiving: what holds wherever the gateway stands.
 *
 * Decides which cases there are and that every place runs them all. What holds only at some places is in their own tests.
 */
import { after, before, describe } from 'node:test';
import type { Connect } from '../support/peer.ts';
import { callCases } from './calls.ts';
import { failureCases } from './failures.ts';
import type { Place } from './places.ts';
import { reachCases } from './reach.ts';
import { type Make, open } from './scene.ts';

/** Milliseconds for all cases of one place. */
const WHOLE = 300_000;

/** A kind of place: its name in the report, how to make it, and which client to use. */
export interface ReceivingContract {
  readonly name: string;
  readonly place: () => Promise<Place>;
  readonly peer: Connect;
  /** What holds at this place besides. */
  readonly more?: (make: Make) => void;
}

/** Registers the whole contract for one kind of place; each test has a gateway of its own. */
export function receivingContract({ name, place: begin, peer, more }: ReceivingContract): void {
  describe(`receiving, ${name}`, { timeout: WHOLE }, () => {
    let place: Place | undefined;
    const make: Make = (t, wish) => {
      if (place === undefined) throw new Error('the place is not there');
      return open(t, place, peer, wish);
    };
    before(async () => {
      place = await begin();
    });
    after(async () => {
      await place?.[Symbol.asyncDispose]();
    });
    callCases(make);
    failureCases(make);
    reachCases(make);
    more?.(make);
  });
}
