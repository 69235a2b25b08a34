/**
 * `npm run test:servers`: the tests that need XMPP servers and a client that others have written.
 *
 * Decides that what is missing is installed when that can be done without asking (root on Debian), and that otherwise the
 * run fails and says what to install: a test that did not run is not a test that passed. No system service is started;
 * the tests run private copies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Debian's packages, each with how to see that it is there. */
const PACKAGES: Readonly<Record<string, () => boolean>> = {
  prosody: () => existsSync('/usr/bin/prosody'),
  ejabberd: () => globSync('/usr/lib/*/ejabberd-*/ebin/ejabberd.beam').length > 0,
  'python3-slixmpp': () => succeeds('/usr/bin/python3', ['-c', 'import slixmpp']),
  'python3-flask': () => succeeds('/usr/bin/python3', ['-c', 'import flask']),
  curl: () => existsSync('/usr/bin/curl'),
  'util-linux': () => existsSync('/usr/bin/setpriv'),
};

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A script that, while it exists, tells Debian's packages not to start their services. */
const POLICY = '/usr/sbin/policy-rc.d';
/** Milliseconds for each step of an installation. */
const INSTALLATION = 300_000;

process.exitCode = main();

/** @returns the exit code */
function main(): number {
  const missing = missingPackages();
  if (missing.length > 0 && mayInstall()) install(missing);
  const stillMissing = missingPackages();
  if (stillMissing.length > 0) {
    console.error(`These tests need: ${stillMissing.join(', ')}`);
    console.error(`On Debian, install them with: apt-get install --no-install-recommends ${stillMissing.join(' ')}`);
    return 1;
  }
  // One file at a time: tests under load must not slow each other.
  const args = ['--test', '--test-concurrency=1', 'test/servers/*.test.ts'];
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1;
}

function missingPackages(): readonly string[] {
  return Object.entries(PACKAGES).flatMap(([name, present]) => (present() ? [] : [name]));
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') && existsSync('/etc/debian_version');
}

/** Installs packages with their services kept from starting. */
function install(packages: readonly string[]): void {
  console.log(`installing ${packages.join(', ')}`);
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptGet('update');
    aptGet('install', '-y', '--no-install-recommends', ...packages);
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
