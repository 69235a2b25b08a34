/**
 * What the black-box tests stand on: a gateway, the XMPP server behind it, and two clients who see what arrives.
 *
 * Decides how a test posts, how it finds its stanza at the peer, and how it knows that nothing else was on the wire. The
 * back ends differ only in what `Backend` says; no test asks which one it has.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { childNamed, type Element, textOf } from '../../src/xml/element.ts';
import type { Gateway } from '../support/gateway.ts';
import { type Connect, having, type Login, type Peer, until } from '../support/peer.ts';
import { type Credentials, JSON_TYPE, type Post, post, type Reply, XML } from '../support/rest-client.ts';

/** A gateway with something behind it. */
export interface Backend extends AsyncDisposable {
  readonly gateway: Gateway;
  /** Who posts. */
  readonly sender: Credentials;
  /** The address that stanzas come from when they name none. */
  readonly from: string;
  /** Another address that the sender may send from. */
  readonly alsoFrom: string;
  /** Addresses that it may not send from. */
  readonly notFrom: readonly string[];
  /** The domain of the clients, which is the address of their server. */
  readonly domain: string;
  /** Where a client of the domain logs in, and how. */
  login(user: 'bob' | 'carol'): Login;
  /** What a client receives for a text that the gateway has sent as it is: not every server keeps all of it. */
  relayed(text: string): string;
}

/** A kind of back end: its name in the report, how to start it, and which clients to use. */
export interface Contract {
  readonly name: string;
  readonly backend: () => Promise<Backend>;
  readonly peer: Connect;
}

/** Everything that a black-box test uses. */
export class House implements AsyncDisposable {
  readonly backend: Backend;
  /** The one that stanzas are sent to. */
  readonly bob: Peer;
  /** Another one, on the same server. */
  readonly carol: Peer;
  readonly #owned: AsyncDisposableStack;

  private constructor(backend: Backend, bob: Peer, carol: Peer, owned: AsyncDisposableStack) {
    this.backend = backend;
    this.bob = bob;
    this.carol = carol;
    this.#owned = owned;
  }

  /** Starts and connects all of it; stanzas flow when this returns. */
  static async open({ backend: start, peer: connect }: Contract): Promise<House> {
    await using undo = new AsyncDisposableStack();
    const backend = undo.use(await start());
    const bob = undo.use(await connect(backend.login('bob')));
    const carol = undo.use(await connect(backend.login('carol')));
    return new House(backend, bob, carol, undo.move());
  }

  /** Posts just what it is told. */
  request(request: Post): Promise<Reply> {
    return post(this.backend.gateway.url, request);
  }

  /** Posts as the sender, unless `options` say otherwise. */
  post(body: Post['body'], type: string, options: Partial<Post> = {}): Promise<Reply> {
    return this.request({ as: this.backend.sender, ...options, type, body });
  }

  /** Posts a value as JSON. */
  json(value: unknown, options?: Partial<Post>): Promise<Reply> {
    return this.post(JSON.stringify(value), JSON_TYPE, options);
  }

  /** Posts a stanza as XML. */
  xml(stanza: string, options?: Partial<Post>): Promise<Reply> {
    return this.post(stanza, XML, options);
  }

  /** The stanza with this id, once it has come to bob. */
  arrived(id: string): Promise<Element> {
    return this.bob.next(having({ id }), `the stanza ${id}`);
  }

  /**
   * All that came to bob since he was asked last, his own presence left out. A message sent now follows what was sent
   * before on every stream, so whatever has not come before it does not come.
   */
  async allArrived(): Promise<readonly Element[]> {
    const id = newId();
    const reply = await this.json({ kind: 'message', to: this.bob.jid, id, body: 'the last one' });
    assert.equal(reply.status, 202, reply.text);
    const stanzas = await until(this.bob, id);
    return stanzas.slice(0, -1).filter(({ attrs }) => attrs['from'] !== this.bob.jid);
  }

  /** Fails when anything came to bob that nobody took. */
  async nothingElse(): Promise<void> {
    assert.deepEqual(await this.allArrived(), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** An id that no other stanza has. */
export function newId(): string {
  return randomUUID();
}

/** The text of a child of the stanza, in the stanza's own namespace. */
export function childText(stanza: Element, name: string): string | undefined {
  const child = childNamed(stanza, name);
  return child && textOf(child);
}
