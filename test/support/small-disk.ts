/**
 * A disk that is small enough to be filled: a file system in memory, which root can mount.
 */
import { spawnSync } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Folder } from './folder.ts';

/** Bytes that are written at once; the last ones make sure that nothing is left. */
const STEPS = [65_536, 4_096, 1];

/** Why no disk can be made, or `false`: what `node:test` takes as `skip`. */
export const NO_DISK: string | false = process.getuid?.() === 0 ? false : 'only root can mount a file system';

/** A mounted file system. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;
  readonly #folder: Folder;

  private constructor(folder: Folder) {
    this.path = folder.path;
    this.#folder = folder;
  }

  /**
   * Mounts one.
   *
   * @returns `undefined` where that is not allowed, as in most containers
   */
  static async mount(bytes: number): Promise<SmallDisk | undefined> {
    const folder = await Folder.make();
    const options = ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', folder.path];
    if (spawnSync('mount', options, { stdio: 'ignore' }).status === 0) return new SmallDisk(folder);
    await folder[Symbol.asyncDispose]();
    return undefined;
  }

  /** Takes all the room that is left. */
  async fill(): Promise<void> {
    await using file = await open(join(this.path, 'filler'), 'a');
    for (const step of STEPS) await fillWith(Buffer.alloc(step), bytes => file.write(bytes));
  }

  /** Gives the room back. */
  async free(): Promise<void> {
    await rm(join(this.path, 'filler'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    spawnSync('umount', ['--lazy', this.path], { stdio: 'ignore' });
    await this.#folder[Symbol.asyncDispose]();
  }
}

async function fillWith(bytes: Uint8Array, write: (bytes: Uint8Array) => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write(bytes);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}
