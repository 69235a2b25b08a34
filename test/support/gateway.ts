/**
 * The gateway under test, as its own process: what a user starts is what is tested.
 *
 * Decides how it is started (a configuration file in a private folder, free ports), how its addresses are learnt (from its
 * log), and what must hold at the end of every test that ran it: exit code 0 after SIGTERM, nothing on standard error, one
 * JSON object per line of log, and none of the secrets of the configuration in any line. A test that wants to start it again
 * on the same data, or to kill it, says so.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { Folder } from './folder.ts';
import { Child, describeExit } from './process.ts';

/** A callback of the configuration, as docs/config.md describes it. */
export interface CallbackConfig {
  readonly url: string;
  readonly secret?: string;
  readonly old_secret?: string;
  readonly bearer?: string;
  readonly [key: string]: unknown;
}

/** Where callbacks can stand. */
interface Receiving {
  readonly callback?: CallbackConfig;
  readonly callbacks?: Readonly<Record<string, CallbackConfig>>;
}

/** One entry of the configuration's `hosts`, as docs/config.md describes it. */
export interface HostConfig extends Receiving {
  readonly oauth?: Readonly<Record<string, unknown>>;
  readonly component?: { readonly server: string; readonly secret: string };
  readonly embedded?: { readonly c2s: string; readonly accounts: Readonly<Record<string, string>> };
  readonly virtualhost?: {
    readonly server: string;
    readonly tls: string;
    readonly ca_file?: string;
    readonly idle?: number;
    readonly max_sessions?: number;
  };
  readonly accounts?: Readonly<Record<string, Receiving & (ByPassword | ByCertificate)>>;
}

interface ByPassword {
  readonly password: string;
}

interface ByCertificate {
  readonly certificate_file: string;
  readonly key_file: string;
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

/** What a test may want otherwise. */
export interface GatewayOptions {
  /** Where the data is; it is the caller's, and outlives the gateway. */
  readonly data?: string;
  /** The least level of its log. */
  readonly level?: string;
  /** What must not stand in its log, besides what is secret in the configuration. */
  readonly secrets?: readonly string[];
}

/** Starts the gateway for these hosts; it takes requests when this returns, though links may still be connecting. */
export async function startGateway(
  hosts: Hosts,
  { data, level = 'trace', secrets = [] }: GatewayOptions = {},
): Promise<Gateway> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await Folder.make());
  const config = { listen: '127.0.0.1:0', data: data ?? join(folder.path, 'data'), log: { level }, hosts };
  const file = await folder.write('restanza.yaml', stringify(config));
  const args = [join(ROOT, 'src/main.ts'), 'start', '--config', file];
  const child = undo.use(new Child({ command: process.execPath, args, cwd: folder.path }));
  const url = field(await child.line(['"msg":"listening"'], START), 'url');
  const embedded = Object.keys(hosts).filter(domain => hosts[domain]?.embedded !== undefined);
  const addresses = await Promise.all(embedded.map(async domain => [domain, await c2sOf(child, domain)] as const));
  undo.move();
  return new Gateway({ child, folder, url, c2s: new Map(addresses), secrets: [...secretsOf(hosts), ...secrets] });
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
  return Object.values(hosts).flatMap(host => [
    ...(host.component === undefined ? [] : [host.component.secret]),
    ...Object.values(host.embedded?.accounts ?? {}),
    ...Object.values(host.accounts ?? {}).flatMap(account => [
      ...('password' in account ? [account.password] : []),
      ...keysOf(account),
    ]),
    ...keysOf(host),
  ]);
}

function keysOf({ callback, callbacks = {} }: Receiving): readonly string[] {
  const all = [...(callback === undefined ? [] : [callback]), ...Object.values(callbacks)];
  return all.flatMap(({ secret, old_secret: oldSecret, bearer }) =>
    [secret ?? [], oldSecret ?? [], bearer ?? []].flat(),
  );
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

  /** Resolves when a line of log with all these texts has come since it was asked for last. */
  async logged(texts: readonly string[], within: number = START): Promise<void> {
    await this.#running.child.line(texts, within);
  }

  /** Its process. */
  get pid(): number | undefined {
    return this.#running.child.pid;
  }

  /** SIGKILL, as a crash; nothing is asked of it any more. */
  kill(): Promise<void> {
    this.#stopped ??= this.#kill();
    return this.#stopped;
  }

  async #kill(): Promise<void> {
    const { child, folder } = this.#running;
    child.kill();
    await child.exited;
    await folder[Symbol.asyncDispose]();
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
      assert.equal(leaked, -1, `a line of log holds secret number ${leaked}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
