/**
 * What a run took place on, so that its figures can be judged.
 */
import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { PACKAGE_NAMES } from './needs.ts';

/** The machine and the versions. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** How many programs wanted a processor in the last minute. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Looks at the machine. */
export function describeMachine(): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `Linux ${release()}`,
    load: loadavg()[0] ?? Number.NaN,
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(PACKAGE_NAMES.map(name => [name, versionOf(name)])),
    },
  };
}

/** The version of a Debian package. */
function versionOf(name: string): string {
  const { status, stdout } = spawnSync('dpkg-query', ['-W', `--showformat=\${Version}`, name], { encoding: 'utf8' });
  return status === 0 ? stdout : 'unknown';
}
