/**
 * What a case of the conformance suite is: a request in the dialect of mod_rest and mod_post_msg, and the answers to it.
 *
 * Decides how requests and answers are written down as data. Texts may name what differs from run to run in braces:
 * `{rest}` and `{msg}` are the base paths, `{domain}` the XMPP domain, `{me}` the user's bare address, `{peer}` the peer's.
 */

/**
 * What a JSON value must look like. Other keys may stand beside those of an object, but not one that is `undefined` here;
 * an array must have an item for each shape, in any order and beside others.
 */
export type Shape =
  | null
  | boolean
  | number
  | string
  | RegExp
  | undefined
  | readonly Shape[]
  | { readonly [key: string]: Shape };

/** What a body must be; it says the media type too. */
export type Body =
  | { readonly json: Shape }
  | { readonly cbor: Shape }
  /** A stanza. An attribute whose value is `*` may have any value. */
  | { readonly xml: string }
  /** A stream error (RFC 6120 §4.9), with which mod_rest says in XML what is wrong: the name of its condition. */
  | { readonly fault: string }
  | { readonly form: Readonly<Record<string, string | RegExp>> }
  /** A page for people. */
  | { readonly html: true };

/** What an implementation answers. */
export interface Answer {
  readonly status: number;
  /** Absent: the body is empty, or the request is a `HEAD`. */
  readonly body?: Body;
  /** Header fields by their names in lower case. */
  readonly headers?: Readonly<Record<string, RegExp>>;
}

/** An answer of mod_rest or mod_post_msg. */
export interface Original extends Answer {
  /** Which versions or builds answer so; absent where all do. */
  readonly of?: string;
}

/** What Restanza answers on purpose. */
export interface Mended extends Answer {
  /** The first cell of the row of `docs/compatibility.md` that explains it. */
  readonly row: string;
}

/** Whose credentials a request has. */
export type Login =
  | 'user'
  /** The user's whole address for a name, as mod_post_msg asks. */
  | 'address'
  /** The same with a resource. */
  | 'full-address'
  /** The user's name without its domain. */
  | 'localpart'
  | 'none'
  | 'wrong-password'
  | 'address-wrong-password'
  | 'address-unknown-user'
  /** What belongs to Basic, under the name of another scheme. */
  | 'address-other-scheme'
  | 'unknown-user'
  | 'no-colon'
  | 'no-base64'
  | 'lower-case-scheme'
  | 'unknown-scheme'
  | 'unknown-token';

/** A body that is written as CBOR (RFC 8949). */
export interface CborBody {
  readonly cbor: Readonly<Record<string, string>>;
}

/** An HTTP request. */
export interface Exchange {
  /** `POST` when absent. */
  readonly method?: string;
  readonly path: string;
  /** `Content-Type`. */
  readonly type?: string;
  readonly accept?: string;
  readonly body?: string | CborBody;
  /** Further header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `user` when absent. */
  readonly login?: Login;
}

/** What a case cannot do without. */
export type Need = 'peer' | 'msg';

/** One row of the suite. */
export interface Case {
  readonly name: string;
  readonly needs?: readonly Need[];
  readonly request: Exchange;
  /** Any of these is right. */
  readonly original: readonly Original[];
  readonly mended?: Mended;
}

export const JSON_TYPE = 'application/json';
export const XML = 'application/xmpp+xml';
export const FORM = 'application/x-www-form-urlencoded';
export const CBOR = 'application/cbor';
export const TEXT = 'text/plain';
