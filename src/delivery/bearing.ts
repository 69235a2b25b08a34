/**
 * What the result of a call says about the receiver.
 *
 * Decides, in a table of statuses, between a judgement of the service (`answered`: it has understood, and says yes or no), a
 * failure of this call alone (`failed`), a receiver that is not well and will not take other calls either (`unwell`), and one
 * that wants no more of them (`gone`). A call that we ended ourselves says nothing (`none`). A failure is `suspect` where the stanza itself may be its reason.
 */
import { FAULTS } from './call-fault.ts';
import type { CallResult } from './exchange.ts';

/** What a result means. */
export interface Bearing {
  readonly name: 'answered' | 'failed' | 'unwell' | 'gone' | 'none';
  readonly suspect: boolean;
}

const ANSWERED: Bearing = { name: 'answered', suspect: false };
const FAILED: Bearing = { name: 'failed', suspect: true };
const UNWELL: Bearing = { name: 'unwell', suspect: false };

/** By the first digit. A redirect is not followed; who sends one is not set up yet. */
const HUNDREDS: readonly Bearing[] = [FAILED, FAILED, ANSWERED, FAILED, ANSWERED, FAILED];

/** The statuses that mean something else than their first digit says. */
const STATUSES: ReadonlyMap<number, Bearing> = new Map<number, Bearing>([
  // Time-out and Too Early: the request can be made again as it is.
  [408, FAILED],
  [425, FAILED],
  [429, UNWELL],
  [410, { name: 'gone', suspect: false }],
  // A service that does not know the kind of stanza says so with them; another try would not teach it.
  [501, ANSWERED],
  [505, ANSWERED],
  // What a proxy says of a service that is not there, or that one stanza has ended.
  [502, { name: 'unwell', suspect: true }],
  [503, UNWELL],
  [504, { name: 'unwell', suspect: true }],
]);

/** Reads a result. */
export function bearingOf(result: CallResult): Bearing {
  if (result.name === 'fault') {
    const { scope, suspect } = FAULTS[result.fault];
    return { name: scope, suspect };
  }
  return STATUSES.get(result.status) ?? HUNDREDS[Math.floor(result.status / 100)] ?? FAILED;
}
