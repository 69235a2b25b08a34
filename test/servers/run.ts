/**
 * `npm run test:servers`: the tests that need XMPP servers and a client that others have written.
 *
 * Decides that what is missing is installed when that can be done without asking (root on Debian), and that otherwise the
 * run fails and says what to install: a test that did not run is not a test that passed. No system service is started;
 * the tests run private copies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Packages, providePackages, succeeds } from '../support/debian-packages.ts';

/** Debian's packages, each with how to see that it is there. */
const PACKAGES: Packages = {
  prosody: () => existsSync('/usr/bin/prosody'),
  jabberd2: () => existsSync('/usr/sbin/jabberd2-c2s'),
  ejabberd: () => globSync('/usr/lib/*/ejabberd-*/ebin/ejabberd.beam').length > 0,
  'erlang-p1-oauth2': () => globSync('/usr/lib/erlang/lib/p1_oauth2-*/ebin/oauth2.beam').length > 0,
  'python3-slixmpp': () => succeeds('/usr/bin/python3', ['-c', 'import slixmpp']),
  'python3-flask': () => succeeds('/usr/bin/python3', ['-c', 'import flask']),
  'python3-requests-oauthlib': () => succeeds('/usr/bin/python3', ['-c', 'import requests_oauthlib']),
  chromium: () => existsSync('/usr/bin/chromium'),
  curl: () => existsSync('/usr/bin/curl'),
  strace: () => existsSync('/usr/bin/strace'),
  'util-linux': () => existsSync('/usr/bin/setpriv'),
};

/** Tests that count under load: they run one after the other, so that none slows another one. */
const UNDER_LOAD: readonly string[] = ['receiving-faults', 'restart', 'user-sessions'];
/** How many of the other files run at once: they wait for servers to start more than they work. */
const AT_ONCE = 3;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

process.exitCode = main();

/** @returns the exit code */
function main(): number {
  const lacking = providePackages(PACKAGES, 'These tests need');
  if (lacking !== undefined) {
    console.error(lacking);
    return 1;
  }
  const files = globSync('test/servers/*.test.ts', { cwd: ROOT });
  const isLoaded = (file: string) => UNDER_LOAD.some(name => file.endsWith(`${name}.test.ts`));
  const others = files.filter(file => !isLoaded(file));
  return Math.max(run(others, AT_ONCE), run(files.filter(isLoaded), 1));
}

/** @returns the exit code */
function run(files: readonly string[], atOnce: number): number {
  const args = ['--test', `--test-concurrency=${atOnce}`, ...files];
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1;
}
