/**
 * Debian's ejabberd as an Erlang node without a name.
 *
 * Such a node is not distributed, so there is no `epmd`, no cookie and nothing that could stay behind. `ejabberdctl` cannot
 * reach it; what it would do, the node does itself once it is up.
 */
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Folder } from './folder.ts';
import type { Program } from './process.ts';

/** What makes a node. */
export interface EjabberdNode {
  /** The text of its configuration file. */
  readonly configuration: string;
  /** Erlang for when it is up. */
  readonly afterStart: string;
  /** Flags of the Erlang machine. */
  readonly flags?: readonly string[];
}

/**
 * Writes a node into a private folder.
 *
 * @returns how to start it
 * @throws Error when ejabberd is not installed
 */
export async function writeEjabberd(
  folder: Folder,
  { configuration, afterStart, flags = [] }: EjabberdNode,
): Promise<Program> {
  const config = await folder.write('ejabberd.yml', configuration);
  const script = await folder.write('after-start.erl', afterStart);
  const spool = await folder.makeFolders(['spool']);
  return {
    command: '/usr/bin/erl',
    args: [
      ...flags,
      ...['-noinput', '-mnesia', 'dir', `"${spool}"`, '-s', 'ejabberd'],
      ...['-eval', `ok = file:eval("${script}")`],
    ],
    cwd: folder.path,
    env: {
      EJABBERD_CONFIG_PATH: config,
      EJABBERD_LOG_PATH: join(folder.path, 'ejabberd.log'),
      ERL_CRASH_DUMP_BYTES: '0',
      ERL_LIBS: libraries(),
    },
  };
}

/** The folder of Erlang applications that holds ejabberd; it depends on the machine's architecture. */
function libraries(): string {
  const [beam] = globSync('/usr/lib/*/ejabberd-*/ebin/ejabberd.beam');
  if (beam === undefined) throw new Error('ejabberd is not installed; install the package ejabberd');
  return join(dirname(beam), '..', '..');
}
