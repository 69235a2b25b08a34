/**
 * The log: one JSON line per event on standard output, by pino.
 *
 * Decides what may never be written: values under the names of secrets are replaced, whatever object they sit in to the
 * depth that we log. Messages are constants; everything that came from outside stands in a field, where JSON escapes it,
 * so one event is one line.
 */
import { type DestinationStream, pino } from 'pino';

/** What the rooms of the house need of a log. A pino logger is one; so is Fastify's `request.log`. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The names under which a secret could reach a log line. */
const SECRET_NAMES = ['password', 'secret', 'authorization', 'cookie', 'token', 'privateKey'] as const;

/** `name` at the top of a line, and one and two levels below: our lines are no deeper. */
const REDACTED = SECRET_NAMES.flatMap(name => [name, `*.${name}`, `*.*.${name}`]);

/** The levels that the configuration key `log.level` takes, from most to least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Opens the log.
 *
 * @param level the least level that is written
 * @param destination where lines go; standard output when absent
 */
export function createLog(level: LogLevel, destination?: DestinationStream): pino.Logger {
  const options = { level, base: null, redact: { paths: REDACTED, censor: '[redacted]' } };
  return destination === undefined ? pino(options) : pino(options, destination);
}
