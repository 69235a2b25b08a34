/**
 * A client with stream management (XEP-0198), for tests of what a server does when its connection breaks.
 *
 * Decides what a client that keeps the rules does: it counts the stanzas that come, keeps those that it sends until they are
 * acknowledged, and sends the rest again when it comes back. It has its own counting, so that the server's is not tested
 * against itself. Time is the test's: nothing here waits for a clock.
 */
import { C2sClient, type Credentials } from './c2s-client.ts';
import { Mailbox } from './mailbox.ts';

const NS = 'urn:xmpp:sm:3';
/** Asks for the server's count. */
export const R = `<r xmlns='${NS}'/>`;
/** Turns stream management on. */
export const ENABLE = `<enable xmlns='${NS}' resume='true'/>`;
/** Tells how many stanzas were handled. */
export const a = (h: number | string) => `<a xmlns='${NS}' h='${h}'/>`;
/** Asks to go on with a session. */
export const resume = (id: string, h: number | string) => `<resume xmlns='${NS}' previd='${id}' h='${h}'/>`;

const THING = /<(message|presence|iq)\b[^>]*?(?:\/>|>[\s\S]*?<\/\1>)|<(?:r|a) [^>]*>/;

/** Logs in up to the features that come after authentication. */
export async function authenticated(address: string, credentials: Credentials): Promise<C2sClient> {
  const client = await C2sClient.connect(address);
  await client.open();
  await client.authenticate(credentials);
  await client.open();
  return client;
}

/** A session. */
export class ManagedClient implements AsyncDisposable {
  readonly #credentials: Credentials;
  #client: C2sClient;
  readonly #connections: C2sClient[] = [];
  #listening: Promise<void>;
  #id = '';
  #handled = 0;
  #unacknowledged: string[] = [];
  #acknowledged = 0;
  #online = true;
  /** The ids of the messages that have come, in order. */
  readonly messages = new Mailbox<string>();

  private constructor(credentials: Credentials, client: C2sClient) {
    this.#credentials = credentials;
    this.#client = client;
    this.#connections.push(client);
    this.#listening = Promise.resolve();
  }

  /** Logs in and turns stream management on. */
  static async begin(address: string, credentials: Credentials): Promise<ManagedClient> {
    const client = await C2sClient.connect(address);
    await client.login(credentials);
    client.send(ENABLE);
    const [enabled] = await client.until(/<enabled [^>]*>/);
    const session = new ManagedClient(credentials, client);
    session.#id = / id='([^']+)'/.exec(enabled)?.[1] ?? '';
    session.#listening = session.#listen(client);
    return session;
  }

  /** The name of the session. */
  get id(): string {
    return this.#id;
  }

  /** How many stanzas were sent and not acknowledged. */
  get open(): number {
    return this.#unacknowledged.length;
  }

  async #listen(client: C2sClient): Promise<void> {
    for (;;) {
      const [thing] = (await client.until(THING).catch(() => undefined)) ?? [];
      if (thing === undefined) return;
      this.#take(client, thing);
    }
  }

  #take(client: C2sClient, thing: string): void {
    if (thing.startsWith('<r ')) client.send(a(this.#handled));
    else if (thing.startsWith('<a ')) this.#prune(Number(/ h='(\d+)'/.exec(thing)?.[1]));
    else {
      this.#handled += 1;
      if (thing.startsWith('<message')) this.messages.put(/ id='([^']*)'/.exec(thing)?.[1] ?? '');
    }
  }

  #prune(h: number): void {
    this.#unacknowledged.splice(0, h - this.#acknowledged);
    this.#acknowledged = h;
  }

  /** Sends a stanza, now or once there is a connection again. */
  send(stanza: string): void {
    this.#unacknowledged.push(stanza);
    if (this.#online) this.#client.send(stanza + (this.open % 8 === 0 ? R : ''));
  }

  /** Breaks the connection, or leaves it as it is; what has come until then counts. */
  async break(how: 'reset' | 'finish' | 'leave'): Promise<void> {
    this.#online = false;
    if (how === 'leave') this.#client.pause();
    else {
      this.#client[how]();
      await this.#listening;
    }
  }

  /** Comes back on a new connection. */
  async return(address: string): Promise<void> {
    const client = await authenticated(address, this.#credentials);
    client.send(resume(this.#id, this.#handled));
    const [resumed] = await client.until(/<resumed [^>]*>/);
    this.#prune(Number(/ h='(\d+)'/.exec(resumed)?.[1]));
    this.#client = client;
    this.#connections.push(client);
    this.#online = true;
    client.send(this.#unacknowledged.join('') + R);
    this.#listening = this.#listen(client);
  }

  /** Asks for the server's count. */
  ask(): void {
    this.#client.send(R);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#connections) await client[Symbol.asyncDispose]();
  }
}
