/**
 * The gateway under test, as its own process: what a user starts is what is tested.
 *
 * Decides how it is started (a configuration file in a private folder, free ports), how its addresses are learnt (from its
 * log), and what must hold at the end of every test that ran it: exit code 0 after SIGTERM, nothing on standard error, one
 * JSON object per line of log, and none of the secrets of the configuration in any line.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { Folder } from './folder.ts';
import { Child, describeExit } from './process.ts';

/** One entry of the configuration's `hosts`, as docs/config.md describes it. */
export interface HostConfig {
  readonly component?: { readonly server: string; readonly secret: string };
  readonly embedded?: { readonly c2s: string; readonly accounts: Readonly<Record<string, string>> };
}

/** The configuration's `hosts`: what is served under each domain. */
export type Hosts = Readonly<Record<string, HostConfig>>;

/** A place to connect to. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Milliseconds that it may take to listen; the first start makes keys. */
const START = 30_000;
/** Milliseconds that it may take to drain. */
const DRAIN = 20_000;

/** Starts the gateway for these hosts; it takes requests when this returns, though links may still be connecting. */
export async function startGateway(hosts: Hosts): Promise<Gateway> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await Folder.make());
  const config = { listen: '127.0.0.1:0', data: join(folder.path, 'data'), log: { level: 'trace' }, hosts };
  const file = await folder.write('restanza.yaml', stringify(config));
  const args = [join(ROOT, 'src/main.ts'), 'start', '--config', file];
  const child = undo.use(new Child({ command: process.execPath, args, cwd: folder.path }));
  const url = field(await child.line(['"msg":"listening"'], START), 'url');
  const embedded = Object.keys(hosts).filter(domain => hosts[domain]?.embedded !== undefined);
  const addresses = await Promise.all(embedded.map(async domain => [domain, await c2sOf(child, domain)] as const));
  undo.move();
  return new Gateway({ child, folder, url, c2s: new Map(addresses), secrets: secretsOf(hosts) });
}

async function c2sOf(child: Child, domain: string): Promise<Address> {
  const line = await child.line([`"host":"${domain}"`, '"msg":"c2s listening"'], START);
  const { hostname, port } = new URL(`tcp://${field(line, 'address')}`);
  return { host: hostname, port: Number(port) };
}

/** A string out of a line of log. */
function field(line: string, name: string): string {
  const value: unknown = JSON.parse(line)[name];
  assert.ok(typeof value === 'string', `the line has no '${name}': ${line}`);
  return value;
}

function secretsOf(hosts: Hosts): readonly string[] {
  return Object.values(hosts).flatMap(({ component, embedded }) => [
    ...(component === undefined ? [] : [component.secret]),
    ...Object.values(embedded?.accounts ?? {}),
  ]);
}

interface Running {
  readonly child: Child;
  readonly folder: Folder;
  readonly url: string;
  readonly c2s: ReadonlyMap<string, Address>;
  readonly secrets: readonly string[];
}

/** A running gateway. */
export class Gateway implements AsyncDisposable {
  /** Where it takes HTTP requests, as `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly #running: Running;
  #stopped: Promise<void> | undefined;

  constructor(running: Running) {
    this.#running = running;
    this.url = running.url;
  }

  /** Where clients of an embedded host log in. */
  c2s(domain: string): Address {
    const address = this.#running.c2s.get(domain);
    assert.ok(address !== undefined, `${domain} is not an embedded host`);
    return address;
  }

  /** Resolves when the link of this component has come online since it was asked for last. */
  async online(domain: string): Promise<void> {
    await this.#running.child.line([`"domain":"${domain}"`, '"msg":"component link is online"'], START);
  }

  /** SIGTERM; fails unless it drains and has kept to what is said at the top of this file. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { child, folder, secrets } = this.#running;
    const exit = await child.stop(DRAIN);
    await folder[Symbol.asyncDispose]();
    assert.deepEqual(exit, { code: 0, signal: null }, `it ended with ${describeExit(exit)}\n${child.transcript()}`);
    assert.deepEqual(child.stderr, [], 'it wrote to standard error');
    for (const line of child.stdout) {
      assert.doesNotThrow(() => JSON.parse(line), `this line of log is not JSON: ${line}`);
      const leaked = secrets.findIndex(secret => line.includes(secret));
      assert.equal(leaked, -1, `a line of log holds secret number ${leaked} of the configuration`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
