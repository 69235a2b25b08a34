/**
 * Why a gateway could not start, in the words of its configuration.
 *
 * Decides which errors of the operating system the operator can do something about, and which key to change. Every other
 * error is a fault of the program.
 */
import { SetupFault } from '../compose/surroundings.ts';
import { printAddress } from '../config/addresses.ts';
import { keyOf, placeOf } from '../config/problem.ts';
import { listenersIn } from '../config/rules.ts';
import { variableOf } from '../config/schema.ts';
import { type Entry, valueText } from '../config/settings.ts';
import { DatabaseError } from '../sqlite.ts';

/** What an error of the system tells about itself. */
interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string;
  /** Where it was to listen: numbers, or the name that could not be resolved. */
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  /** The file or folder. */
  readonly path?: string;
}

/** Why one cannot listen at an address. */
const LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it, or choose another port',
  EACCES: 'this user may not listen there; choose a port above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'that name has no address',
  EAI_AGAIN: 'that name cannot be looked up at the moment',
};

/** Why the data folder cannot be used. */
const STORING: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there; change its owner, or choose another folder',
  EPERM: 'this user may not write there; change its owner, or choose another folder',
  EROFS: 'it cannot be written to; choose another folder',
  ENOSPC: 'the disk is full',
  EEXIST: 'there is a file of that name; choose another folder',
  ENOTDIR: 'a part of the path is a file; choose another folder',
};

/**
 * Says why a gateway could not start.
 *
 * @param entries the configuration that it was to start with
 * @returns a line with the key and what to do, or `undefined` when the error is not one that an operator can cause
 */
export function startFault(error: unknown, entries: readonly Entry[]): string | undefined {
  if (error instanceof SetupFault) return error.message;
  const data = entries.find(({ path }) => keyOf(path) === 'data');
  for (const cause of causesOf(error).filter(isSystemError)) {
    const listener = isListening(cause) ? listenerOf(cause, entries) : undefined;
    if (listener !== undefined) return line(listener, LISTENING[cause.code] ?? cause.message);
    const reason = STORING[cause.code];
    if (data !== undefined && reason !== undefined) return line(data, `${reason} (${cause.message})`);
  }
  const reason = databaseFault(causesOf(error));
  return reason === undefined || data === undefined ? undefined : line(data, reason);
}

/** What was said when a database was opened names the file and says what to do. */
function databaseFault(causes: readonly Error[]): string | undefined {
  const opening = causes.find(cause => cause instanceof DatabaseError);
  const plain = causes.filter(isSystemError).find(({ code }) => code === 'ERR_SQLITE_ERROR');
  return opening?.message ?? (plain && `a database in it cannot be used (${plain.message})`);
}

/** An error and those behind it; no deeper than errors are wrapped here. */
function causesOf(error: unknown): Error[] {
  const found: Error[] = [];
  let cause = error;
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++) {
    found.push(cause);
    cause = cause.cause;
  }
  return found;
}

function isSystemError(error: Error): error is SystemError {
  return 'code' in error && typeof error.code === 'string';
}

function isListening({ syscall }: SystemError): boolean {
  return syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo';
}

/** The key that says where to listen: its host may be a name, where the error has the number. */
function listenerOf({ address = '', port = 0, hostname }: SystemError, entries: readonly Entry[]): Entry | undefined {
  const listeners = listenersIn(entries);
  const whole = printAddress({ host: address, port });
  return (
    listeners.find(entry => valueText(entry) === whole) ??
    listeners.find(entry => valueText(entry).startsWith(`${hostname}:`)) ??
    listeners.find(entry => valueText(entry).endsWith(`:${port}`))
  );
}

function line(entry: Entry, reason: string): string {
  const { path, source } = entry;
  const place = placeOf(source);
  const where = place === '' ? `the default; set it, or ${variableOf(path)}` : place;
  return `${keyOf(path)}: ${valueText(entry)}: ${reason} (${where})`;
}
