/**
 * A peer made of slixmpp, a client library that others have written (Debian's `python3-slixmpp`).
 *
 * Decides how the Python program beside this file is spoken to: JSON lines both ways. Stanzas come as values, not as XML
 * text, so that what slixmpp has read reaches the test without being written and parsed once more.
 */
import { fileURLToPath } from 'node:url';
import type { Element } from '../../src/xml/element.ts';
import { Arrivals } from './arrivals.ts';
import type { Login, Peer } from './peer.ts';
import { Child } from './process.ts';

const PROGRAM = fileURLToPath(new URL('slixmpp-peer.py', import.meta.url));
/** Debian's own Python: its packages are not seen by others that may stand before it in PATH. */
const PYTHON = '/usr/bin/python3';

/** What the program tells; the keys are described in it. */
interface Told {
  readonly online?: string;
  readonly stanza?: Element;
  readonly ignoring?: string;
  readonly failed?: string;
}

/** Milliseconds between SIGTERM and SIGKILL for a program that shall be gone. */
const GRACE = 5_000;

/** Logs a slixmpp client in; it is available when this returns. */
export async function connectSlixmpp(login: Login): Promise<Peer> {
  const peer = new SlixmppPeer();
  try {
    await peer.login(login);
    return peer;
  } catch (error) {
    await peer.close();
    throw error;
  }
}

class SlixmppPeer implements Peer {
  readonly #child: Child;
  readonly #stanzas: Arrivals<Element>;
  readonly #answers: Arrivals<Told>;
  #jid = '';

  constructor() {
    const describe = () => this.#child.transcript();
    this.#stanzas = new Arrivals<Element>(describe);
    this.#answers = new Arrivals<Told>(describe);
    const program = { command: PYTHON, args: ['-u', PROGRAM], cwd: '/' };
    this.#child = new Child(program, line => this.#hear(JSON.parse(line)));
    void this.#child.exited.then(() => this.#end(new Error('the client has ended')));
  }

  #hear(told: Told): void {
    if (told.stanza !== undefined) this.#stanzas.push(told.stanza);
    else if (told.failed !== undefined) this.#end(new Error(told.failed));
    else this.#answers.push(told);
  }

  #end(reason: Error): void {
    this.#stanzas.end(reason);
    this.#answers.end(reason);
  }

  async login(login: Login): Promise<void> {
    this.#child.write(JSON.stringify(login));
    const { online } = await this.#answers.take(told => told.online !== undefined, `the login of ${login.user}`);
    this.#jid = online ?? '';
  }

  get jid(): string {
    return this.#jid;
  }

  send(xml: string): void {
    this.#child.write(JSON.stringify({ send: xml }));
  }

  next(wanted: (stanza: Element) => boolean, what: string, within?: number): Promise<Element> {
    return this.#stanzas.take(wanted, `${what} at ${this.#jid}`, within);
  }

  takeAll(): readonly Element[] {
    return this.#stanzas.takeAll();
  }

  async ignore(ns: string): Promise<void> {
    this.#child.write(JSON.stringify({ ignore: ns }));
    await this.#answers.take(told => told.ignoring === ns, 'the agreement to ignore requests');
  }

  async close(): Promise<void> {
    this.#child.write(JSON.stringify({ close: true }));
    const bound = setTimeout(() => this.#child.kill(), GRACE);
    await this.#child.exited;
    clearTimeout(bound);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
