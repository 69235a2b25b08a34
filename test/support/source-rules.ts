/**
 * The walls of the house as functions over source text: which room may import which, and how a source file looks.
 *
 * Decides nothing about the rooms; `test/architecture.test.ts` says which there are and in which order they stand. Each
 * rule takes made-up sources as readily as real ones and gives back a sentence per fault.
 */

/** An import as it stands in a source. */
export interface Import {
  readonly specifier: string;
  /** Whether only types come over it, so that nothing is left of it when the program runs. */
  readonly typeOnly: boolean;
}

/** Source files by their path below `src/`. */
export type Sources = ReadonlyMap<string, string>;

const STATIC = /^(?:import|export)\s+(?:(type)\s+(?!from\b))?(?:[^;'"`]*?\bfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;

/** Every import of a source: static, dynamic, and by re-export. */
export function importsOf(source: string): readonly Import[] {
  const fixed = [...source.matchAll(STATIC)].map(([, type, specifier = '']) => ({
    specifier,
    typeOnly: type === 'type',
  }));
  const dynamic = [...source.matchAll(DYNAMIC)].map(([, specifier = '']) => ({ specifier, typeOnly: false }));
  return [...fixed, ...dynamic];
}

/** The path below `src/` that a relative import means, or undefined for a package or a module of Node. */
export function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

/** The room of a file: its first folder, or its own name when it stands in the hall. */
export function roomOf(path: string): string {
  return path.split('/')[0]?.replace(/\.ts$/, '') ?? path;
}

/**
 * Imports go one way: to a room further left, or within the room.
 *
 * @param order the rooms from left to right; rooms in one list are siblings, which never import each other
 */
export function orderFaults(sources: Sources, order: readonly (readonly string[])[]): readonly string[] {
  const rank = (path: string) => order.findIndex(rooms => rooms.includes(roomOf(path)));
  return eachImport(sources, (path, { specifier }) => {
    const target = targetOf(path, specifier);
    if (rank(path) === -1) return `${path}: the room '${roomOf(path)}' has no place in the order`;
    if (target === undefined || roomOf(target) === roomOf(path) || rank(target) < rank(path)) return undefined;
    return `${path} imports ${target}, which is not to its left`;
  });
}

/** A module that only some files may use. */
export interface Privilege {
  readonly modules: readonly string[];
  /** Whether a file may import them; types are open to all. */
  readonly allows: (path: string) => boolean;
}

/** Sockets, databases and the like stay in the rooms that own them. */
export function privilegeFaults(sources: Sources, privileges: readonly Privilege[]): readonly string[] {
  return eachImport(sources, (path, { specifier, typeOnly }) => {
    const denied = privileges.some(({ modules, allows }) => modules.includes(specifier) && !allows(path));
    return denied && !typeOnly ? `${path} must not import ${specifier}` : undefined;
  });
}

function eachImport(sources: Sources, faultOf: (path: string, one: Import) => string | undefined): readonly string[] {
  return [...sources].flatMap(([path, source]) =>
    importsOf(source).flatMap(one => {
      const fault = faultOf(path, one);
      return fault === undefined ? [] : [fault];
    }),
  );
}

/** No file imports itself by way of others: files without imports are taken away until none is left, or a cycle is. */
export function cycleFaults(sources: Sources): readonly string[] {
  const targets = (path: string, source: string) =>
    importsOf(source).flatMap(({ specifier }) => targetOf(path, specifier) ?? []);
  const left = new Map([...sources].map(([path, source]) => [path, targets(path, source)]));
  for (let before = Number.POSITIVE_INFINITY; left.size < before; ) {
    before = left.size;
    for (const [path, list] of left) if (!list.some(target => left.has(target))) left.delete(path);
  }
  return left.size === 0 ? [] : [`there is an import cycle among, or behind, ${[...left.keys()].join(', ')}`];
}

const GRAB_BAGS = /^(?:utils?|helpers?|types|common-utils|misc)$/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/;
const MOST_LINES = 300;
const OPENING = /^(?:#!.*\n)?\/\*\*\n((?: \*.*\n)+?) \*\/\n/;

/** How a source file is named, how long it is, and how it opens. */
export function fileFaults(path: string, source: string): readonly string[] {
  const name = path.split('/').at(-1) ?? path;
  const lines = source.split('\n').length - 1;
  const opening =
    OPENING.exec(source)?.[1]
      ?.split('\n')
      .filter(line => /\w/.test(line)) ?? [];
  const faults: readonly (readonly [wrong: boolean, what: string])[] = [
    [!KEBAB_CASE.test(name), 'has a name that is not in kebab case'],
    [
      path
        .replace(/\.ts$/, '')
        .split('/')
        .some(part => GRAB_BAGS.test(part)),
      'has a name that says nothing',
    ],
    [lines > MOST_LINES, `has ${lines} lines, more than ${MOST_LINES}`],
    [opening.length < 2, 'does not open with a paragraph of two lines or more'],
  ];
  return faults.flatMap(([wrong, what]) => (wrong ? [`${path} ${what}`] : []));
}

const EXPORTED_FUNCTION =
  /^export (?:default )?(?:(?:async )?function\s*\*?\s*(\w+)|const (\w+)(?:: [^=\n]+)? = (?:async )?(?:function\b|(?:\([^)]*\)|\w+)(?:: [^=\n]+)? =>))/gm;

/** Every exported function has its docstring directly before it; the overloads of one share it. */
export function docstringFaults(path: string, source: string): readonly string[] {
  const documented = new Set<string>();
  return [...source.matchAll(EXPORTED_FUNCTION)].flatMap(({ 1: declared, 2: assigned, index }) => {
    const name = declared ?? assigned ?? 'default';
    if (source.slice(0, index).endsWith('*/\n')) documented.add(name);
    return documented.has(name) ? [] : [`${path}: ${name} has no docstring`];
  });
}
