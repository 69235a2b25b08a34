/**
 * A log that keeps its lines for the test to look at.
 */
import type { Log } from '../../src/log.ts';

/** The fields of a line, with its level and message. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Keeps every line. */
export class MemoryLog implements Log {
  readonly lines: LogLine[] = [];

  debug(fields: object, message: string): void {
    this.lines.push({ level: 'debug', message, ...fields });
  }

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', message, ...fields });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', message, ...fields });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', message, ...fields });
  }

  /** The lines with this message. */
  with(message: string): readonly LogLine[] {
    return this.lines.filter(line => line['message'] === message);
  }
}
