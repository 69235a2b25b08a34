/**
 * The package as it is published: compiled, in a folder of its own, with the dependencies of the checkout.
 *
 * Decides that this is what is measured, because Node's stripping of types costs memory and time at the start.
 */
import { spawnSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Milliseconds for the compiler. */
const BOUND = 120_000;

/**
 * Compiles the package into a folder.
 *
 * @returns the module to start
 * @throws Error with the compiler's output when it found something wrong
 */
export async function build(folder: string): Promise<string> {
  const out = join(folder, 'dist');
  const args = ['--project', join(ROOT, 'tsconfig.build.json'), '--outDir', out];
  const options = { cwd: ROOT, encoding: 'utf8', timeout: BOUND } as const;
  const { status, stdout, error } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), args, options);
  if (status !== 0) throw error ?? new Error(`the package does not compile:\n${stdout}`);
  for (const name of ['node_modules', 'package.json']) await symlink(join(ROOT, name), join(folder, name));
  return join(out, 'main.js');
}
