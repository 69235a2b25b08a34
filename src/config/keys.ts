/**
 * Every configuration key, as one table.
 *
 * Decides, per key: where it stands in the file, the form of its value, its default, and what it is for. The loader, the
 * environment names, `restanza check`, the type `Settings` and the table in `docs/config.md` all come from these rows, so
 * a new key is one new row. A level in angle brackets is a name that the operator chooses; `NAMES` says which are allowed.
 */
import { LOG_LEVELS } from '../log.ts';
import { BODY_BYTES } from '../xml/limits.ts';
import { domainOf, type Jid, JidError, parseJid, prepareLocalpart } from '../xmpp/jid.ts';
import {
  componentServer,
  type Form,
  file,
  folder,
  listenAddress,
  oneOf,
  requestRate,
  seconds,
  secret,
  stanzaBytes,
  urlPath,
} from './values.ts';

/** What there is to say about a key. */
export interface Row {
  readonly form: Form<unknown>;
  /** As one would write it. Without one, the key must be set where its group is. */
  readonly default?: string;
  /** One or two sentences for the documentation. */
  readonly doc: string;
  /** A value as one would write it. */
  readonly example: string;
  /** The value is shown to nobody. */
  readonly secret?: true;
  /** The key names a file; its content is the value of this key beside it. */
  readonly contentOf?: string;
}

/** The keys. */
export const KEYS = {
  listen: {
    form: listenAddress,
    default: '127.0.0.1:5280',
    doc: 'Where the HTTP API listens. Port 0 takes any free port.',
    example: '127.0.0.1:5280',
  },
  data: {
    form: folder,
    default: './data',
    doc: 'The folder that holds what must survive a restart: accounts, certificates and the answers to requests with an `Idempotency-Key`. It is made when missing.',
    example: '/var/lib/restanza',
  },
  'log.level': {
    form: oneOf(LOG_LEVELS),
    default: 'info',
    doc: 'The least level that is logged.',
    example: 'debug',
  },
  iq_timeout: {
    form: seconds,
    default: '120',
    doc: 'How long a request waits for the answer to its iq.',
    example: '60',
  },
  iq_max_timeout: {
    form: seconds,
    default: '300',
    doc: 'The longest wait that a request may ask for.',
    example: '300',
  },
  stanza_size_limit: {
    form: stanzaBytes,
    default: String(BODY_BYTES),
    doc: 'The largest body of a request. Keep it below the limit of the XMPP server: XML is larger than JSON.',
    example: '131072',
  },
  request_rate: {
    form: requestRate,
    default: '0',
    doc: 'How many requests per second each user or component may make; more are answered with 429. 0 is no bound.',
    example: '50',
  },
  'paths.rest': {
    form: urlPath,
    default: '/rest',
    doc: 'Where the routes of mod_rest are.',
    example: '/xmpp',
  },
  'paths.msg': {
    form: urlPath,
    default: '/msg',
    doc: 'Where the route of mod_post_msg is.',
    example: '/xmpp/msg',
  },
  'hosts.<domain>.component.server': {
    form: componentServer,
    doc: 'The component port of the XMPP server. The port is 5347 when left out.',
    example: 'xmpp://127.0.0.1:5347',
  },
  'hosts.<domain>.component.secret': {
    form: secret,
    secret: true,
    doc: 'The secret that the XMPP server has for this component.',
    example: 'a long random text',
  },
  'hosts.<domain>.component.secret_file': {
    form: file,
    contentOf: 'secret',
    doc: 'A file that holds the secret, instead of `secret`. One line end after it is not part of it.',
    example: '/run/secrets/component',
  },
  'hosts.<domain>.embedded.c2s': {
    form: listenAddress,
    default: '127.0.0.1:5222',
    doc: 'Where XMPP clients log in to this domain.',
    example: '127.0.0.1:5222',
  },
  'hosts.<domain>.embedded.accounts.<localpart>': {
    form: secret,
    secret: true,
    doc: 'An account and its password. The account is made when missing; a stored password that differs is replaced.',
    example: 'a long random text',
  },
} as const satisfies Readonly<Record<string, Row>>;

/** How the operator's names are brought into the one form in which they are compared. They throw JidError. */
export const NAMES = {
  domain: (text: string): Jid => {
    const address = parseJid(text);
    if (domainOf(address) !== address) throw new JidError('domainpart', 'must stand alone, such as rest.example.net');
    return address;
  },
  localpart: prepareLocalpart,
} as const satisfies Readonly<Record<string, (text: string) => string>>;

/** What a host can be. */
const HOST_KINDS = ['component', 'embedded'] as const;

/** Levels where exactly one of several groups must be set. */
export const CHOICES: ReadonlyMap<string, readonly string[]> = new Map([['hosts.<domain>', HOST_KINDS]]);

type Keys = typeof KEYS;
type ValueOf<R> = R extends { readonly form: Form<infer T> } ? T : never;
type Values = { readonly [P in keyof Keys as Keys[P] extends { contentOf: string } ? never : P]: ValueOf<Keys[P]> };

type Head<P> = P extends `${infer First}.${string}` ? First : P;
type Below<V, H extends string> = { readonly [P in keyof V as P extends `${H}.${infer Rest}` ? Rest : never]: V[P] };
type At<V, H extends string> = H extends keyof V ? V[H] : Tree<Below<V, H>>;
type Named<V, N extends keyof typeof NAMES> = ReadonlyMap<ReturnType<(typeof NAMES)[N]>, At<V, `<${N}>`>>;

/** The dots of the keys become levels: a fixed word is a property, a name is a key of a map. */
type Tree<V> =
  Head<keyof V> extends `<${infer N extends keyof typeof NAMES}>`
    ? Named<V, N>
    : { readonly [H in Head<keyof V> & string]: At<V, H> };

/** The values of all keys, in the shape of the file, as if no group excluded another. */
type Settings = Tree<Values>;
type HostSettings = Settings['hosts'] extends ReadonlyMap<Jid, infer H> ? H : never;

export type ComponentConfig = HostSettings['component'];
export type EmbeddedConfig = HostSettings['embedded'];

type HostKind = (typeof HOST_KINDS)[number];
type Without<Others extends HostKind> = Omit<HostSettings, Others> & { readonly [O in Others]?: undefined };

/** A host: exactly one of its kinds is there. */
export type HostConfig = { [K in HostKind]: Without<Exclude<HostKind, K>> }[HostKind];

/** A whole configuration. The names are those of the file. */
export interface Config extends Omit<Settings, 'hosts'> {
  readonly hosts: ReadonlyMap<Jid, HostConfig>;
  /** No host was configured: `localhost` is served so that one can try, and its first accounts are made up. */
  readonly demo: boolean;
}
