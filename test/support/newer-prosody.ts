/**
 * A Prosody that is newer than Debian's, with community modules: neither is ours to ship.
 *
 * Decides where they are found: `PROSODY` names the program, `PROSODY_MODULES_DIR` the folder that holds the modules. What needs
 * them is left out without both.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProsodyExtras } from './prosody.ts';

const { PROSODY_MODULES_DIR: folder = '', PROSODY: program = '' } = process.env;

/**
 * Why a test that needs these modules cannot run, or `false`.
 *
 * @throws Error when the folder is named, and one of them is not in it
 */
export function lacking(modules: readonly string[]): string | false {
  if (folder === '') return `PROSODY_MODULES_DIR does not name a folder with ${modules.join(', ')}`;
  if (program === '') return 'PROSODY does not name a Prosody that is newer than 0.12';
  const absent = modules.find(name => !existsSync(join(folder, `mod_${name}`, `mod_${name}.lua`)));
  if (absent === undefined) return false;
  throw new Error(`PROSODY_MODULES_DIR is ${folder}, and there is no mod_${absent}/mod_${absent}.lua in it`);
}

/** What makes a Prosody such a one. @param global further lines of its configuration */
export function newerProsody(modules: readonly string[], global: string): ProsodyExtras {
  return { program, modules, global: `plugin_paths = { ${JSON.stringify(folder)} }\n${global}` };
}
