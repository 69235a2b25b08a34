/**
 * What the benchmark needs of the machine beside npm.
 */
import { existsSync, globSync } from 'node:fs';
import { type Packages, providePackages } from '../test/support/debian-packages.ts';

const PACKAGES: Packages = {
  wrk: () => existsSync('/usr/bin/wrk'),
  prosody: () => existsSync('/usr/bin/prosody'),
  ejabberd: () => globSync('/usr/lib/*/ejabberd-*/ebin/ejabberd.beam').length > 0,
  'util-linux': () => existsSync('/usr/bin/setpriv'),
};

/**
 * Installs what is missing where that can be done without asking (root on Debian).
 *
 * @returns what the user has to do, when something is missing still
 */
export function provideNeeds(): string | undefined {
  return providePackages(PACKAGES, 'The benchmark needs');
}

/** The packages whose versions a report names. */
export const PACKAGE_NAMES: readonly string[] = ['prosody', 'ejabberd', 'wrk'];
