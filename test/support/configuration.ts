/**
 * Loading a configuration in a test: a file in a folder of its own, and the problems as the lines that are printed.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Loaded, loadConfig } from '../../src/config/load.ts';
import { ConfigError, problemLine } from '../../src/config/problem.ts';
import { Folder } from './folder.ts';

/** What a test writes and sets. */
export interface Written {
  /** The content of `restanza.yaml`; without one there is no such file. */
  readonly yaml?: string | Uint8Array;
  /** Other files beside it, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Who may read all these files; their owner alone when absent. */
  readonly mode?: number;
}

/** What came of it. `lines` are the problems, with the folder's path as `$FOLDER`. */
export interface Result {
  readonly folder: string;
  readonly loaded?: Loaded;
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

/** Loads a configuration that stands in a folder of its own. */
export async function loadWritten({ yaml, files = {}, environment = {}, mode = 0o600 }: Written): Promise<Result> {
  await using folder = await Folder.make();
  const written = { ...files, ...(yaml !== undefined && { 'restanza.yaml': yaml }) };
  for (const [name, content] of Object.entries(written)) {
    await writeFile(join(folder.path, name), content);
    await chmod(join(folder.path, name), mode);
  }
  const shown = (text: string) => text.replaceAll(folder.path, '$FOLDER');
  try {
    const loaded = await loadConfig({ environment, folder: folder.path });
    return { folder: folder.path, loaded, lines: [], warnings: loaded.warnings.map(problemLine).map(shown) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { folder: folder.path, lines: shown(error.message).split('\n'), warnings: [] };
  }
}
