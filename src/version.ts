/**
 * The version of this program.
 *
 * Decides nothing: `package.json` does, and everything that says a version reads it there.
 */
import { readFile } from 'node:fs/promises';

/** The version in `package.json`, which stands one folder above both `src/` and `dist/`. */
export async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  return String(version);
}
