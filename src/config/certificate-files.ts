/**
 * Files of certificates that the configuration names.
 *
 * Decides what is said, before anything starts, of a file that cannot be read or holds no certificates. Which certificates
 * can be used is decided where connections are made.
 */
import { trusting } from '../link/tls-client.ts';
import { FileError, readText } from './files.ts';
import { keyOf, type Problem, printable } from './problem.ts';
import type { Entry } from './settings.ts';
import { certificatesFile } from './values.ts';

/** Bytes; all authorities that a system knows take less than half a megabyte. */
const LIMIT = 16 * 1024 * 1024;

/** What is wrong with the files of certificates among the values. */
export async function certificateFaults(entries: readonly Entry[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { path, row, value, source } of entries) {
    if (row.form !== certificatesFile) continue;
    const reason = await faultOf(String(value));
    if (reason !== undefined) problems.push({ source, key: keyOf(path), reason });
  }
  return problems;
}

async function faultOf(file: string): Promise<string | undefined> {
  try {
    const text = await readText(file, LIMIT);
    if (text === '') return 'the file is empty';
    trusting(text);
    return undefined;
  } catch (error) {
    if (error instanceof FileError) return `the file cannot be read: ${error.message} (${printable(file)})`;
    return `the file cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}
