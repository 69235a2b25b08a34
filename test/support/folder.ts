/**
 * A folder that exists as long as a test needs it.
 */
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Who files shall belong to; absent means to whoever runs the test. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A private folder under the system's temporary one; it goes with all it holds when it is disposed of. */
export class Folder implements AsyncDisposable {
  readonly path: string;
  readonly #owner: Owner | undefined;

  private constructor(path: string, owner: Owner | undefined) {
    this.path = path;
    this.#owner = owner;
  }

  /** Makes one that only its owner can enter. */
  static async make(owner?: Owner): Promise<Folder> {
    const path = await mkdtemp(join(tmpdir(), 'restanza-test-'));
    if (owner !== undefined) await chown(path, owner.uid, owner.gid);
    return new Folder(path, owner);
  }

  /** Writes a file that only its owner can read; returns its path. */
  async write(name: string, content: string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, content, { mode: 0o600 });
    if (this.#owner !== undefined) await chown(path, this.#owner.uid, this.#owner.gid);
    return path;
  }

  /** Makes folders, each inside the one before; returns the path of the last. */
  async makeFolders(names: readonly string[]): Promise<string> {
    let path = this.path;
    for (const name of names) {
      path = join(path, name);
      await mkdir(path);
      if (this.#owner !== undefined) await chown(path, this.#owner.uid, this.#owner.gid);
    }
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}
