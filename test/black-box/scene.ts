/**
 * What the tests of receiving stand on: a client at one end, a service over HTTP at the other, the gateway between them.
 *
 * Decides how a test says what its service answers and how its callbacks are configured, and that all it has opened is closed
 * at its end, where the gateway is asked whether it has kept to its own rules.
 */
import type { TestContext } from 'node:test';
import { childElements, childNamed, type Element } from '../../src/xml/element.ts';
import { type Answer, type Call, CallbackReceiver } from '../support/callback-receiver.ts';
import { Folder } from '../support/folder.ts';
import type { CallbackConfig, Gateway } from '../support/gateway.ts';
import type { Connect, Peer } from '../support/peer.ts';
import type { Callbacks, Place } from './places.ts';

/** What a test has in hand. */
export interface Scene {
  readonly place: Place;
  readonly gateway: Gateway;
  readonly receiver: CallbackReceiver;
  readonly bob: Peer;
  /** Starts a gateway on the same data, when the one before has ended. */
  again(): Promise<Gateway>;
}

/** What a test wants. */
export interface Wish {
  /** What the service answers: 202 unless it is said. */
  readonly answer?: (call: Call) => Answer;
  /** Keys of the one callback. */
  readonly keys?: Readonly<Record<string, unknown>>;
  /** Instead of the one, all callbacks. @param url the address of the service */
  readonly callbacks?: (url: string) => Readonly<Record<string, CallbackConfig>>;
}

/** Makes a scene; it ends with the test. */
export type Make = (t: TestContext, wish?: Wish) => Promise<Scene>;

/** Starts a gateway with one callback in JSON for all that the domain gets, unless the test wishes otherwise. */
export async function open(t: TestContext, place: Place, connect: Connect, wish: Wish = {}): Promise<Scene> {
  const owned = new AsyncDisposableStack();
  t.after(() => owned.disposeAsync());
  const folder = owned.use(await Folder.make());
  const receiver = owned.use(await CallbackReceiver.start(wish.answer));
  const callbacks = callbacksOf(receiver, wish);
  const again = async () => owned.use(await place.start(callbacks, { data: folder.path }));
  const gateway = await again();
  const bob = owned.use(await connect(place.login(gateway)));
  // What the server said at the login.
  bob.takeAll();
  return { place, gateway, receiver, bob, again };
}

function callbacksOf({ url }: CallbackReceiver, { keys, callbacks }: Wish): Callbacks {
  if (callbacks !== undefined) return { callbacks: callbacks(url) };
  return { callback: { url: `${url}/stanzas/{kind}?from={from}`, content_type: 'json', ...keys } };
}

/** An answer in JSON. */
export function json(value: object): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** A chat message. @param more further payload, as XML */
export function message(to: string, id: string, more = ''): string {
  return `<message to='${to}' type='chat' id='${id}'><body>hi</body>${more}</message>`;
}

/** Whether a stanza is a message from an address. */
export function messageFrom(address: string): (stanza: Element) => boolean {
  return ({ name, attrs }) => name === 'message' && attrs['from'] === address;
}

/** The condition of an error stanza. */
export function conditionOf(stanza: Element): string | undefined {
  const error = childNamed(stanza, 'error');
  return error && childElements(error)[0]?.name;
}

/** The id of the stanza in the body of a call. */
export function idOf({ body }: Call): string {
  return JSON.parse(body).id;
}
