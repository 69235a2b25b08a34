/**
 * What was set, level by level, before anyone judged it.
 *
 * Decides the one mutable value of this room: the tree that the file begins, the environment changes and the secret files
 * complete. It has the shape of the schema, and each level knows where it was written.
 */
import type { Problem, Source } from './problem.ts';
import type { Raw } from './values.ts';

/** One level of what was set. */
export interface Branch {
  /** Where the value stands; for a group, where its key stands. */
  source: Source;
  /** The value, where the level is a key and not a group. */
  raw?: Raw;
  /** Something here was refused, so that what is missing here need not be said too. */
  faulty?: true;
  readonly children: Map<string, Branch>;
}

/** A level with nothing in it. */
export function newBranch(source: Source): Branch {
  return { source, children: new Map() };
}

/** The level below another; it is made when nothing was set there. */
export function childOf(branch: Branch, word: string, source: Source): Branch {
  const child = branch.children.get(word) ?? newBranch(source);
  branch.children.set(word, child);
  return child;
}

/** What one reading gave. */
export interface Reading {
  readonly root: Branch;
  readonly problems: readonly Problem[];
}
