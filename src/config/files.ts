/**
 * Reading the files of a configuration: the only input and output in this room.
 *
 * Decides how much is read, that it is UTF-8, and what is said of a file that cannot be read.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** A file could not be read; the message says why and does not name the file. */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** The code of the operating system, where it was that which refused. */
  readonly code: string | undefined;

  constructor(reason: string, code?: string) {
    super(reason);
    this.code = code;
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EISDIR', 'this is a folder'],
  ['EACCES', 'this user may not read it; change its owner or mode'],
]);

/**
 * Reads a whole text file.
 *
 * @param limit bytes that it may have at most
 * @throws FileError
 */
export async function readText(path: string, limit: number): Promise<string> {
  const bytes = await readBytes(path, limit + 1);
  if (bytes.byteLength > limit) throw new FileError(`it is larger than ${limit} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FileError('it is not UTF-8 text');
  }
}

/** The first bytes of a file. A stream, because what a shell hands over as a file may be a pipe. */
async function readBytes(path: string, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: most - 1 })) chunks.push(chunk);
  } catch (error) {
    const code = codeOf(error);
    throw new FileError(REASONS.get(code) ?? `the system says ${code}`, code);
  }
  return Buffer.concat(chunks);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/** Whether every user of the machine may read a file; `false` where the system cannot say. */
export async function isWorldReadable(path: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (found.mode & 0o004) !== 0;
}
