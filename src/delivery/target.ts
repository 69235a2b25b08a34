/**
 * The target: one HTTP service that gets stanzas.
 *
 * Decides what is known of a target, as plain data, and what holds where the configuration says nothing. Which stanzas it
 * gets is decided by its rule (`host/routes.ts`); the other files of this room each use a part of it.
 */
import type { Rule, StanzaEvent } from '../host/routes.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { UrlTemplate } from './url.ts';

/** How a stanza is written for a target: a media type, or the JSON of Prosody's mod_component_http. */
export const FORMATS = [
  'application/xmpp+xml',
  'application/json',
  'application/x-www-form-urlencoded',
  'application/cbor',
  'component_http',
] as const;
export type Format = (typeof FORMATS)[number];

/** A service that is called. It holds secrets; log only its name and `url.shown`. */
export interface Target extends Rule {
  /** Unique in the gateway, over restarts too, because the journal keeps it: `rest.example.net/callback`. */
  readonly name: string;
  /** The address of the link whose stanzas it gets. */
  readonly link: Jid;
  readonly url: UrlTemplate;
  /** What it is sent until its answer to the probe says otherwise. */
  readonly format: Format;
  /** `retry` tries again by the schedule of `policy.ts`; `bounce` tries once, as mod_rest does. */
  readonly delivery: 'retry' | 'bounce';
  /** `accept` answers presence of the link's addresses itself (`presence.ts`) and forwards only what is left. */
  readonly presence: 'forward' | 'accept';
  /** Sent as `Authorization: Bearer`; without one, the login of the URL is sent as Basic. */
  readonly bearer?: string;
  /** Fixed headers by their name in lower case; none that the call itself sets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Keys of signatures, the current one first; none means that calls are not signed. */
  readonly keys: readonly Uint8Array[];
  /** Whether addresses of private networks may be called; without it, only where the URL itself names one. */
  readonly allowPrivate?: boolean;
  /** How long a call may take, to its last byte; in milliseconds. */
  readonly timeout: number;
  /** How many calls may be under way at once. */
  readonly concurrency: number;
  /** Bounds on what may wait for it: stanzas, and bytes of their XML. */
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** What holds where the configuration says nothing. */
export const TARGET_DEFAULTS = {
  stanzas: ['message', 'presence', 'iq'],
  observe: false,
  format: 'application/xmpp+xml',
  delivery: 'retry',
  presence: 'forward',
  headers: {},
  keys: [],
  timeout: 15_000,
  concurrency: 32,
  maxEntries: 100_000,
  maxBytes: 256 * 1024 * 1024,
} as const satisfies Partial<Target>;

/** The forms of address that a target gets by default: of a component and of a domain with users as in mod_rest. */
export const DEFAULT_EVENTS: Readonly<Record<'component' | 'account' | 'domain', readonly StanzaEvent[]>> = {
  component: ['bare', 'full', 'host'],
  account: ['bare', 'full'],
  domain: ['host'],
};
