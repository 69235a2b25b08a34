/**
 * The settings that come from environment variables.
 *
 * Decides which variable means which key, and that it replaces what the file says. Between the levels of a key stands `__`,
 * as in `RESTANZA_HOSTS__rest.example.net__COMPONENT__SECRET`; where no level is a name, `_` will do: `RESTANZA_LOG_LEVEL`.
 * The words of the table may have either case. A shell cannot write dots in names, so a name that the file has may also be
 * written with `_` for every character that is not a letter or digit. An empty variable counts as not set.
 */
import { type Branch, childOf, newBranch } from './branch.ts';
import { nearest } from './nearest.ts';
import { type Problem, printable, type Source } from './problem.ts';
import { type Place, PREFIX, type Refusal, SCHEMA, type Step, stepInto, variableOf } from './schema.ts';

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The way to a key from the root: the groups above it, and the key. */
interface Route {
  readonly above: readonly Step[];
  readonly key: Step;
}

/**
 * Sets in a tree what the environment says.
 *
 * @param root what the file says; it is changed
 * @returns what is wrong with the variables' names
 */
export function overlayEnvironment(root: Branch, environment: Environment): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || value === '') continue;
    const source: Source = { from: 'environment', name: printable(name) };
    const route = familiar(name, value) ?? routeOf(name, root);
    const refusal = 'reason' in route ? route : setAt(root, route, value, source);
    if (refusal !== undefined) problems.push({ source, key: '', reason: refusal.reason });
  }
  return problems;
}

/** The keys without a name among their levels, by their variables. */
const FIXED: ReadonlyMap<string, Route> = new Map(fixedRoutes(SCHEMA, []));

/** Recursion goes as deep as the longest key of our table. */
function fixedRoutes(group: Place, above: readonly Step[]): [string, Route][] {
  return [...group.words].flatMap(([word, place]): [string, Route][] => {
    const path = [...above, { word, place }];
    if (place.row === undefined) return fixedRoutes(place, path);
    return [[variableOf(path.map(step => step.word)), { above, key: { word, place } }]];
  });
}

function routeOf(name: string, root: Branch): Route | Refusal {
  const fixed = FIXED.get(name.toUpperCase());
  if (fixed !== undefined) return fixed;
  const levels = name.slice(PREFIX.length).split('__');
  return levels.length > 1 ? routeByLevels(levels, root) : unknown(name, FIXED.keys());
}

/** The key whose levels stand between `__`. */
function routeByLevels(levels: readonly string[], root: Branch): Route | Refusal {
  const above: Step[] = [];
  let place = SCHEMA;
  let branch: Branch | undefined = root;
  for (const [index, level] of levels.entries()) {
    // A name that ends a key is all the rest, because it may hold `__` itself.
    const endsKey = place.named?.place.row !== undefined;
    const text = endsKey ? levels.slice(index).join('__') : level;
    const step = place.named === undefined ? stepByWord(place, text) : stepByName(place, text, branch);
    if (step === undefined) return unknown(join(levels), [...FIXED.keys(), ...corrections(levels, index, place)]);
    if ('reason' in step) return step;
    if (endsKey || (step.place.row !== undefined && index === levels.length - 1)) return { above, key: step };
    above.push(step);
    place = step.place;
    branch = branch?.children.get(step.word);
  }
  return { reason: 'this names a group of keys; add the key after it' };
}

function stepByWord(place: Place, text: string): Step | undefined {
  const word = text.toLowerCase();
  const below = place.words.get(word);
  return below === undefined ? undefined : { word, place: below };
}

/** A name as it is, else the one of the file that looks like it where a shell cannot write it. */
function stepByName(place: Place, text: string, branch: Branch | undefined): Step | Refusal {
  const step = stepInto(place, text);
  const known = [...(branch?.children.keys() ?? [])];
  if ('word' in step && known.includes(step.word)) return step;
  const alike = known.filter(name => shellForm(name) === shellForm(text));
  const [first, second] = alike;
  if (second !== undefined) return { reason: `this could mean ${alike.join(' or ')}; write the name as in the file` };
  return first === undefined ? step : stepInto(place, first);
}

function shellForm(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '_');
}

/** The same name with each word that could stand at the level where it went wrong. */
function corrections(levels: readonly string[], index: number, { words }: Place): string[] {
  return [...words.keys()].map(word => join(levels.with(index, word.toUpperCase())));
}

function join(levels: readonly string[]): string {
  return PREFIX + levels.join('__');
}

/** What Kubernetes sets for each service: https://kubernetes.io/docs/concepts/services-networking/service/ */
const OF_KUBERNETES = /^RESTANZA_(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_.+)?)$/;
const KUBERNETES =
  'unknown variable; Kubernetes sets it for a service that is named restanza: give the service another name, or the pod enableServiceLinks: false';
const PORT = `unknown variable; the port is part of ${PREFIX}LISTEN, such as 127.0.0.1:5280`;

/** Variables that others set, or that many expect. */
function familiar(name: string, value: string): Refusal | undefined {
  const isPort = name === `${PREFIX}PORT`;
  if (OF_KUBERNETES.test(name) || (isPort && /^[a-z]+:\/\//.test(value))) return { reason: KUBERNETES };
  return isPort ? { reason: PORT } : undefined;
}

function unknown(name: string, known: Iterable<string>): Refusal {
  const rest = (variable: string) => variable.slice(PREFIX.length);
  const meant = nearest(rest(name), [...known].map(rest));
  return {
    reason:
      meant === undefined
        ? `unknown variable; known are ${[...FIXED.keys()].join(', ')} and ${PREFIX}HOSTS__…`
        : `unknown variable; did you mean ${PREFIX}${printable(meant)}?`,
  };
}

function setAt(root: Branch, { above, key }: Route, value: string, source: Source): Refusal | undefined {
  const group = above.reduce((branch, { word }) => childOf(branch, word, source), root);
  const before = group.children.get(key.word)?.source;
  if (before?.from === 'environment') return { reason: `this sets the same key as ${before.name}; keep one of them` };
  for (const other of alternativesOf(key, above.at(-1)?.place ?? SCHEMA)) {
    if (group.children.get(other)?.source.from === 'file') group.children.delete(other);
  }
  group.children.set(key.word, { ...newBranch(source), raw: value });
  return undefined;
}

/** A secret and the file that holds it stand for each other: setting one replaces the other. */
function alternativesOf({ word, place }: Step, group: Place): string[] {
  const files = [...group.words].filter(([, { row }]) => row?.contentOf === word).map(([other]) => other);
  return place.row?.contentOf === undefined ? files : [...files, place.row.contentOf];
}
