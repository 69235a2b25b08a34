/**
 * Files of certificates and of their keys that the configuration names.
 *
 * Decides what is said, before anything starts, of a file that cannot be read or that holds nothing of use. Which certificates can
 * be used is decided where connections are made.
 */
import { faultOfOwn, type OwnCertificate } from '../link/own-certificate.ts';
import { trusting } from '../link/tls-client.ts';
import { FileError, readText } from './files.ts';
import { keyOf, type Problem, printable } from './problem.ts';
import type { Entry } from './settings.ts';
import { certificatesFile, ownCertificateFile, privateKeyFile } from './values.ts';

/** Bytes; all authorities that a system knows take less than half a megabyte. */
const LIMIT = 16 * 1024 * 1024;

/** A fault, and the entry that it belongs to. */
interface Fault {
  readonly entry: Entry;
  readonly reason: string;
}

/** What is wrong with the files of certificates and keys among the values. */
export async function certificateFaults(entries: readonly Entry[]): Promise<Problem[]> {
  const faults: Fault[] = [];
  for (const entry of entries) {
    if (entry.row.form === certificatesFile) faults.push(...(await authorityFaults(entry)));
    if (entry.row.form === ownCertificateFile) faults.push(...(await ownFaults(entry, keyBeside(entry, entries))));
  }
  return faults.map(({ entry: { path, source }, reason }) => ({ source, key: keyOf(path), reason }));
}

async function authorityFaults(entry: Entry): Promise<readonly Fault[]> {
  const text = await textOf(entry);
  if (typeof text !== 'string') return [text];
  try {
    trusting(text);
    return [];
  } catch (error) {
    return [unusable(entry, error instanceof Error ? error.message : String(error))];
  }
}

/** The file of the key that belongs to a certificate of ours; the rules say that there is one. */
function keyBeside({ path }: Entry, entries: readonly Entry[]): Entry | undefined {
  const group = keyOf(path.slice(0, -1));
  return entries.find(({ row, path: other }) => row.form === privateKeyFile && keyOf(other.slice(0, -1)) === group);
}

async function ownFaults(certificate: Entry, key: Entry | undefined): Promise<readonly Fault[]> {
  if (key === undefined) return [];
  const [shown, secret] = [await textOf(certificate), await textOf(key)];
  if (typeof shown !== 'string') return [shown];
  if (typeof secret !== 'string') return [secret];
  const fault = faultOfOwn({ certificate: shown, key: secret });
  const entries: Readonly<Record<keyof OwnCertificate, Entry>> = { certificate, key };
  return fault === undefined ? [] : [unusable(entries[fault.part], fault.reason)];
}

async function textOf(entry: Entry): Promise<string | Fault> {
  const file = String(entry.value);
  try {
    const text = await readText(file, LIMIT);
    return text === '' ? { entry, reason: 'the file is empty' } : text;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { entry, reason: `the file cannot be read: ${error.message} (${printable(file)})` };
  }
}

function unusable(entry: Entry, reason: string): Fault {
  return { entry, reason: `the file cannot be used: ${reason}` };
}
