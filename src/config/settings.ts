/**
 * From what was set to the values that hold.
 *
 * Decides what each key's value is: what was written, else the default; that a key without a default must be set where its
 * group is, unless it is optional; and that of groups which exclude each other exactly one is there. Reads no file and no
 * environment.
 */
import { type Branch, newBranch } from './branch.ts';
import type { Config } from './config.ts';
import { keyOf, type Problem, type Source } from './problem.ts';
import type { Row } from './row.ts';
import { type Place, SCHEMA } from './schema.ts';
import { expectation, parseValue, type Raw } from './values.ts';

/** Where relative paths start. */
export interface Folders {
  /** For paths in the file and for defaults: the folder of the file, or the working directory when there is none. */
  readonly file: string;
  /** For paths in the environment. */
  readonly working: string;
}

/** One key with its value. */
export interface Entry {
  readonly path: readonly string[];
  readonly row: Row;
  readonly value: unknown;
  readonly source: Source;
  /** Where the group of a default was set. */
  readonly group?: Source;
}

/** The values with their keys, or what is wrong with them. */
export interface Settled {
  /** To be used only when there are no problems. */
  readonly values: Omit<Config, 'demo'>;
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
}

/** A value as one would write it; a secret is not shown. */
export function valueText({ row, value }: Entry): string {
  return row.form.print(value);
}

/** Whether a value, or a part of it, is shown to nobody. */
export function isSecret({ row, value }: Entry): boolean {
  return row.secret ?? row.form.holdsSecret?.(value) ?? false;
}

/** Where a value was set; for a default, where its group was. */
export function setAt({ source, group }: Entry): Source {
  return source.from === 'default' ? (group ?? source) : source;
}

/** A problem with a key or with a group, at the place where it or the first key of it was set. */
export function problemAt(path: readonly string[], entries: readonly Entry[], reason: string): Problem {
  const entry = entries.find(found => path.every((word, index) => found.path[index] === word));
  return { source: entry === undefined ? { from: 'default' } : setAt(entry), key: keyOf(path), reason };
}

/** The folder from which a path that stands at a place starts. */
export function baseOf(source: Source, folders: Folders): string {
  return source.from === 'environment' ? folders.working : folders.file;
}

/** Gives every key its value. */
export function settle(root: Branch, folders: Folders): Settled {
  const settling = new Settling(folders);
  // What comes out has the shape of the schema, and `Config` is that shape as a type.
  const values = settling.valueAt(SCHEMA, root, []) as Omit<Config, 'demo'>;
  return { values, entries: settling.entries, problems: settling.problems };
}

/** The recursion here goes as deep as the longest key of our table, whatever was set. */
class Settling {
  readonly entries: Entry[] = [];
  readonly problems: Problem[] = [];
  readonly #folders: Folders;

  constructor(folders: Folders) {
    this.#folders = folders;
  }

  /** The map of names, or the object of groups and keys, at a level that is no key. */
  valueAt(place: Place, branch: Branch, path: readonly string[]): unknown {
    const { named } = place;
    if (named === undefined) return this.#groupAt(place, branch, path);
    const names = [...branch.children.keys()];
    return new Map(names.map(name => [name, this.#below(named.place, name, place, branch, path)]));
  }

  #groupAt(place: Place, branch: Branch, path: readonly string[]): unknown {
    const { words, choice } = place;
    const present = choice.filter(word => branch.children.has(word));
    if (choice.length > 0) this.#requireOne(present, choice, branch, path);
    const wanted = [...words].filter(([word, { row }]) => {
      return row?.contentOf === undefined && (present.includes(word) || !choice.includes(word));
    });
    return Object.fromEntries(wanted.map(([word, below]) => [word, this.#below(below, word, place, branch, path)]));
  }

  #requireOne(present: readonly string[], choice: readonly string[], branch: Branch, path: readonly string[]): void {
    if (present.length > 1) this.#refuse(branch.source, path, `set only one of ${present.join(', ')} below it`);
    if (present.length === 0 && !branch.faulty) {
      this.#refuse(branch.source, path, `set one of ${choice.join(', ')} below it`);
    }
  }

  /** What stands at `place`, which is `word` in `group`. */
  #below(place: Place, word: string, group: Place, branch: Branch, groupPath: readonly string[]): unknown {
    const path = [...groupPath, word];
    const below = branch.children.get(word);
    if (below === undefined && place.optional) return undefined;
    if (place.row === undefined) return this.valueAt(place, below ?? newBranch(branch.source), path);
    if (below !== undefined) return this.#written(place.row, below, path);
    if (place.row.default !== undefined) {
      return this.#parsed(place.row, place.row.default, { from: 'default' }, path, branch.source);
    }
    const files = [...group.words]
      .filter(([, { row }]) => row?.contentOf === word)
      .map(([other]) => `, or set ${other}`);
    const reason = ['missing; ', expectation(place.row), ...files].join('');
    return branch.faulty ? undefined : this.#refuse(branch.source, path, reason);
  }

  #written(row: Row, { raw = null, source, faulty }: Branch, path: readonly string[]): unknown {
    return faulty ? undefined : this.#parsed(row, raw, source, path);
  }

  #parsed(row: Row, raw: Raw, source: Source, path: readonly string[], group?: Source): unknown {
    const parsed = parseValue(row, raw, baseOf(source, this.#folders));
    if ('reason' in parsed) return this.#refuse(source, path, parsed.reason);
    this.entries.push({ path, row, value: parsed.value, source, ...(group && { group }) });
    return parsed.value;
  }

  #refuse(source: Source, path: readonly string[], reason: string): undefined {
    this.problems.push({ source, key: keyOf(path), reason });
  }
}
