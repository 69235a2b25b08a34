/**
 * The SASL mechanisms that we speak as a server.
 *
 * Decides which there are and in which order they are offered. A further one is a row here and a file for its states.
 */
import { type Exchange, exchangeFrom, type ServerContext } from './exchange.ts';
import { plain } from './plain.ts';
import { scram } from './scram.ts';

/** One row: a mechanism. */
export interface Mechanism {
  /** As registered with IANA. */
  readonly name: string;
  /** Whoever can read the stream can read the password. */
  readonly clear: boolean;
  /** Begins an attempt to log in. */
  start(context: ServerContext): Exchange;
}

/** The mechanisms, the strongest first. */
export const MECHANISMS: readonly Mechanism[] = [
  { name: 'SCRAM-SHA-256', clear: false, start: context => exchangeFrom(scram('SHA-256', context)) },
  { name: 'SCRAM-SHA-1', clear: false, start: context => exchangeFrom(scram('SHA-1', context)) },
  { name: 'PLAIN', clear: true, start: context => exchangeFrom(plain(context)) },
];

/** The mechanism of a name; `undefined` for one that is not on offer, which is the condition `invalid-mechanism`. */
export function mechanismNamed(name: string): Mechanism | undefined {
  return MECHANISMS.find(mechanism => mechanism.name === name);
}
