/**
 * A foreign XMPP server that a test runs for itself.
 *
 * Decides what all of them have in common: a private folder and private ports on 127.0.0.1, an unprivileged user, and
 * starting and ending them as often as a test likes. What a server's configuration says is decided in `prosody.ts` and
 * `ejabberd.ts`.
 */
import { readFile } from 'node:fs/promises';
import { Folder, type Owner } from './folder.ts';
import { freePorts } from './ports.ts';
import { Child, describeExit, type Program } from './process.ts';

/** What a server shall serve. */
export interface Serving {
  /** The domain of the users. */
  readonly domain: string;
  /** Passwords by user name. */
  readonly users: Readonly<Record<string, string>>;
  /** The certificate and its key, as PEM; without them, there is no TLS. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** The external component that may connect (XEP-0114). */
  readonly component: { readonly domain: string; readonly secret: string };
}

/** Where a server listens on 127.0.0.1. */
export interface ServerPorts {
  readonly c2s: number;
  readonly component: number;
}

/** How to run one kind of server. */
export interface ServerKind {
  readonly name: string;
  /** The system user that its package has made for it. */
  readonly user: string;
  /** Writes the configuration; returns what to start. */
  configure(folder: Folder, ports: ServerPorts, serving: Serving): Promise<Program>;
  /** Texts that stand in lines of its output once it is ready, in any order. */
  ready(ports: ServerPorts): readonly string[];
}

/** Milliseconds that a server may take to start. */
const START = 60_000;

/** A server that is running or, between `stop` and `start`, is not. */
export class XmppServer implements AsyncDisposable {
  readonly ports: ServerPorts;
  readonly #kind: ServerKind;
  readonly #folder: Folder;
  readonly #program: Program;
  #child: Child | undefined;

  private constructor(kind: ServerKind, ports: ServerPorts, folder: Folder, program: Program) {
    this.#kind = kind;
    this.ports = ports;
    this.#folder = folder;
    this.#program = program;
  }

  /** Configures a server and starts it; it is ready when this returns. */
  static async start(kind: ServerKind, serving: Serving): Promise<XmppServer> {
    await using undo = new AsyncDisposableStack();
    const owner = await ownerFor(kind.user);
    const folder = undo.use(await Folder.make(owner));
    const [c2s = 0, component = 0] = await freePorts(2);
    const ports = { c2s, component };
    const program = asUser(await kind.configure(folder, ports, serving), owner);
    const server = undo.use(new XmppServer(kind, ports, folder, program));
    await server.start();
    undo.move();
    return server;
  }

  /**
   * Starts it with the data and on the ports that it had before.
   *
   * @returns milliseconds that it took
   */
  async start(): Promise<number> {
    const before = performance.now();
    const child = new Child(this.#program);
    this.#child = child;
    await Promise.all(this.#kind.ready(this.ports).map(text => child.line([text], START)));
    return Math.round(performance.now() - before);
  }

  /** The first line of its output that holds all these texts and was not taken before. */
  async printed(texts: readonly string[]): Promise<string> {
    if (this.#child === undefined) throw new Error(`${this.#kind.name} does not run`);
    return this.#child.line(texts);
  }

  /** Asks it to end and waits until it has. */
  async stop(): Promise<void> {
    const exit = await this.#child?.stop();
    this.#child = undefined;
    if (exit?.signal === 'SIGKILL') throw new Error(`${this.#kind.name} did not end: ${describeExit(exit)}`);
  }

  /** Ends it without a warning, as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill();
    await this.#child?.exited;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child?.[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** The ids of a system user when we are root and must become it; otherwise the server runs as whoever runs the test. */
async function ownerFor(user: string): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map(line => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === user) ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error(`there is no system user ${user}; is its package installed?`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** The same program without root's rights, and ended by the kernel when the test's process is gone. */
function asUser(program: Program, owner: Owner | undefined): Program {
  const become = owner === undefined ? [] : ['--reuid', `${owner.uid}`, '--regid', `${owner.gid}`, '--clear-groups'];
  const args = ['--pdeathsig', 'KILL', ...become, '--', program.command, ...program.args];
  return { ...program, command: '/usr/bin/setpriv', args };
}
