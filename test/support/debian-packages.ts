/**
 * Programs that are not of npm, as packages of Debian.
 *
 * Decides that what is missing is installed when that can be done without asking (root on Debian), and otherwise only said,
 * with the command that installs it. No system service is started by an installation.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Names of packages, each with how to see that it is there. */
export type Packages = Readonly<Record<string, () => boolean>>;

/** A script that, while it exists, tells Debian's packages not to start their services. */
const POLICY = '/usr/sbin/policy-rc.d';
/** Milliseconds for each step of an installation. */
const INSTALLATION = 300_000;

/**
 * Sees to it that packages are there.
 *
 * @param what who needs them, such as `These tests need`
 * @returns what is to be said to the user when some are missing still; `undefined` when all are there
 */
export function providePackages(packages: Packages, what: string): string | undefined {
  const absent = missingOf(packages);
  if (absent.length > 0 && mayInstall()) install(absent);
  const names = missingOf(packages);
  if (names.length === 0) return undefined;
  const command = `apt-get install --no-install-recommends ${names.join(' ')}`;
  return `${what}: ${names.join(', ')}\nOn Debian, install them with: ${command}`;
}

/** Whether a command ends with exit code 0. */
export function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function missingOf(packages: Packages): readonly string[] {
  return Object.entries(packages).flatMap(([name, present]) => (present() ? [] : [name]));
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') && existsSync('/etc/debian_version');
}

/** Installs packages with their services kept from starting. */
function install(names: readonly string[]): void {
  console.log(`installing ${names.join(', ')}`);
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptGet('update');
    aptGet('install', '-y', '--no-install-recommends', ...names);
  } finally {
    if (ours) rmSync(POLICY);
  }
}

function aptGet(...args: readonly string[]): void {
  const { status, error } = spawnSync('/usr/bin/apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: INSTALLATION,
  });
  if (status !== 0) console.error(`apt-get ${args[0]} failed${error === undefined ? '' : `: ${error.message}`}`);
}
