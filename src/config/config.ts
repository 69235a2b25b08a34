/**
 * The shape of a configuration, as a type.
 *
 * Decides nothing of its own: it follows from the table of keys. `settings.ts` makes the values.
 */
import type { Jid } from '../xmpp/jid.ts';
import type { CHOICES, KEYS, OPTIONAL_GROUPS } from './keys.ts';
import type { NAMES } from './names.ts';
import type { Form } from './values.ts';

type Keys = typeof KEYS;
type Plain<R> = R extends { readonly form: Form<infer T> } ? T : never;
type ValueOf<R> = R extends { readonly optional: true } ? Plain<R> | undefined : Plain<R>;
type Values = { readonly [P in keyof Keys as Keys[P] extends { contentOf: string } ? never : P]: ValueOf<Keys[P]> };

type Head<P> = P extends `${infer First}.${string}` ? First : P;
type Below<V, H extends string> = { readonly [P in keyof V as P extends `${H}.${infer Rest}` ? Rest : never]: V[P] };
type At<V, H extends string> = H extends keyof V ? V[H] : Group<H, Tree<Below<V, H>>>;
type Group<H extends string, G> = H extends (typeof OPTIONAL_GROUPS)[number] ? G | undefined : G;
type Named<V, N extends keyof typeof NAMES> = ReadonlyMap<ReturnType<(typeof NAMES)[N]>, At<V, `<${N}>`>>;

/** The dots of the keys become levels: a fixed word is a property, a name is a key of a map. */
type Tree<V> =
  Head<keyof V> extends `<${infer N extends keyof typeof NAMES}>`
    ? Named<V, N>
    : { readonly [H in Head<keyof V> & string]: At<V, H> };

/** The values of all keys, in the shape of the file, as if no group excluded another. */
type Settings = Tree<Values>;
type ValueIn<M> = M extends ReadonlyMap<string, infer V> ? V : never;
type HostSettings = ValueIn<Settings['hosts']>;

export type ComponentConfig = HostSettings['component'];
export type EmbeddedConfig = HostSettings['embedded'];
export type VirtualHostConfig = HostSettings['virtualhost'];
/** An account that is always online. */
export type AccountConfig = ValueIn<HostSettings['accounts']>;
/** A callback of a host or an account; what is left out there is `undefined`. */
export type CallbackConfig = ValueIn<HostSettings['callbacks']>;

type HostKind = (typeof CHOICES)['hosts.<domain>'][number];
type Without<Others extends HostKind> = Omit<HostSettings, Others> & { readonly [O in Others]?: undefined };

/** A host: exactly one of its kinds is there. */
export type HostConfig = { [K in HostKind]: Without<Exclude<HostKind, K>> }[HostKind];

/** A whole configuration. The names are those of the file. */
export interface Config extends Omit<Settings, 'hosts'> {
  readonly hosts: ReadonlyMap<Jid, HostConfig>;
  /** No host was configured: `localhost` is served so that one can try, and its first accounts are made up. */
  readonly demo: boolean;
}
