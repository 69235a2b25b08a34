/**
 * Secrets that stand in files of their own.
 *
 * Decides how a key such as `secret_file` is replaced: by the key whose value the file holds, set at line 1 of that file.
 * Setting both is a fault.
 */
import { type Branch, newBranch } from './branch.ts';
import { FileError, readText } from './files.ts';
import { keyOf, type Problem } from './problem.ts';
import type { Row } from './row.ts';
import { type Place, SCHEMA } from './schema.ts';
import { baseOf, type Folders } from './settings.ts';
import { parseValue } from './values.ts';

/** Far more than a secret may have, so that what is too long is said by the key and not by the file. */
const LIMIT = 64 * 1024;

/** A key that names a file. */
interface Reference {
  readonly row: Row;
  /** The key whose value the file holds. */
  readonly target: string;
  /** What was set for the key, the group where it stands, and its levels. */
  readonly branch: Branch;
  readonly group: Branch;
  readonly path: readonly string[];
}

/**
 * Puts the contents of the files that the tree names into the tree.
 *
 * @param root what was set; it is changed
 * @returns what is wrong with the files
 */
export async function includeSecretFiles(root: Branch, folders: Folders): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const reference of referencesIn(root)) {
    const { branch, group, path } = reference;
    const reason = await include(reference, folders);
    if (reason === undefined || branch.faulty) continue;
    group.faulty = true;
    problems.push({ source: branch.source, key: keyOf(path), reason });
  }
  return problems;
}

/** All keys of the tree that name files. */
function referencesIn(root: Branch): Reference[] {
  const open: { place: Place; branch: Branch; path: readonly string[] }[] = [{ place: SCHEMA, branch: root, path: [] }];
  const found: Reference[] = [];
  for (let level = open.pop(); level !== undefined; level = open.pop()) {
    for (const [word, branch] of level.branch.children) {
      const place = level.place.named?.place ?? level.place.words.get(word);
      const path = [...level.path, word];
      if (place === undefined) continue;
      open.push({ place, branch, path });
      const { row } = place;
      if (row?.contentOf !== undefined) found.push({ row, target: row.contentOf, branch, group: level.branch, path });
    }
  }
  return found;
}

/** @returns what is wrong, if anything; it does not name the file, for someone may have put the secret there */
async function include({ row, target, branch, group }: Reference, folders: Folders): Promise<string | undefined> {
  if (group.children.has(target)) return `${target} is set too; keep one of them`;
  const base = baseOf(branch.source, folders);
  const parsed = parseValue(row, branch.raw ?? null, base);
  if ('reason' in parsed) return parsed.reason;
  const file = String(parsed.value);
  try {
    const text = (await readText(file, LIMIT)).replace(/\r?\n$/, '');
    if (text === '') return 'the file is empty';
    const source = { from: 'file', file, line: 1, column: 1 } as const;
    group.children.set(target, { ...newBranch(source), raw: text });
    return undefined;
  } catch (error) {
    if (error instanceof FileError)
      return `the file cannot be read: ${error.message} (relative paths start at ${base})`;
    throw error;
  }
}
