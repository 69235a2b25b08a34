/**
 * The configuration of a process, from all of its sources.
 *
 * Decides which file is read, that the environment wins over it, that a host `localhost` is served when none is configured,
 * and that every fault is reported before anything starts.
 */
import { dirname, resolve } from 'node:path';
import { type Branch, childOf, newBranch, type Reading } from './branch.ts';
import { certificateFaults } from './certificate-files.ts';
import type { Config } from './config.ts';
import { type Environment, overlayEnvironment } from './environment.ts';
import { FileError, isWorldReadable, readText } from './files.ts';
import { ConfigError, type Problem, type Source } from './problem.ts';
import { faultsIn, secretFilesIn, warningsIn } from './rules.ts';
import { includeSecretFiles } from './secret-files.ts';
import { type Entry, type Folders, settle } from './settings.ts';
import { readYaml } from './yaml.ts';

export type {
  AccountConfig,
  CallbackConfig,
  ComponentConfig,
  Config,
  EmbeddedConfig,
  HostConfig,
  VirtualHostConfig,
} from './config.ts';

/** The file that is read when none is named and it exists. */
export const DEFAULT_FILE = 'restanza.yaml';

/** Enough for a thousand hosts; YAML of this size is read within a second, whatever is in it. */
const FILE_LIMIT = 256 * 1024;

/** The host that is served when none is configured. */
const DEMO_HOST = 'localhost';

/** Where to look. */
export interface Sources {
  /** The file that `--config` names. */
  readonly file?: string | undefined;
  readonly environment: Environment;
  /** The working directory, as an absolute path. */
  readonly folder: string;
}

/** A configuration that can be used. */
export interface Loaded {
  readonly config: Config;
  /** Every key with its value and source, in the order of the table. */
  readonly entries: readonly Entry[];
  readonly warnings: readonly Problem[];
}

/**
 * Finds and reads the configuration.
 *
 * @throws ConfigError with everything that is wrong with it
 */
export async function loadConfig({ file, environment, folder }: Sources): Promise<Loaded> {
  const found = await findFile(file, folder);
  const folders: Folders = { file: dirname(resolve(folder, found?.name ?? DEFAULT_FILE)), working: folder };
  const { root, problems } = found === undefined ? nothingSet() : readYaml(found.text, found.name);
  const later = [...overlayEnvironment(root, environment), ...(await includeSecretFiles(root, folders))];
  const demo = isDemo(root);
  if (demo) addDemoHost(root);
  const settled = settle(root, folders);
  refuse([...problems, ...later, ...settled.problems]);
  const { values, entries } = settled;
  refuse([...faultsIn(values, entries), ...(await certificateFaults(entries))]);
  const warnings = warningsIn(values, entries, await worldReadable(secretFilesIn(entries), folder));
  return { config: { ...values, demo }, entries, warnings };
}

interface Found {
  /** As the operator named it. */
  readonly name: string;
  readonly text: string;
}

async function findFile(file: string | undefined, folder: string): Promise<Found | undefined> {
  const name = file ?? DEFAULT_FILE;
  try {
    return { name, text: await readText(resolve(folder, name), FILE_LIMIT) };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (file === undefined && error.code === 'ENOENT') return undefined;
    const source: Source = { from: 'file', file: name, line: 1, column: 1 };
    throw new ConfigError([{ source, key: '', reason: error.message }]);
  }
}

function nothingSet(): Reading {
  return { root: newBranch({ from: 'default' }), problems: [] };
}

/** Whether no host is configured. The environment may still say where the one that is served then listens. */
function isDemo(root: Branch): boolean {
  const hosts = [...(root.children.get('hosts')?.children ?? [])];
  return hosts.every(([domain, { source, children }]) => {
    const isOurs = domain === DEMO_HOST && source.from === 'environment';
    const isOther = children.has('component') || children.has('virtualhost');
    return isOurs && !isOther && !children.get('embedded')?.children.has('accounts');
  });
}

function addDemoHost(root: Branch): void {
  const source: Source = { from: 'default' };
  childOf(childOf(childOf(root, 'hosts', source), DEMO_HOST, source), 'embedded', source);
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ConfigError(problems.toSorted(byPlace));
}

/** The order of the file, and then everything else as it was found. */
function byPlace({ source: a }: Problem, { source: b }: Problem): number {
  if (a.from !== 'file' || b.from !== 'file') return Number(a.from !== 'file') - Number(b.from !== 'file');
  return a.line - b.line || a.column - b.column;
}

async function worldReadable(files: ReadonlySet<string>, folder: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const file of files) if (await isWorldReadable(resolve(folder, file))) found.add(file);
  return found;
}
