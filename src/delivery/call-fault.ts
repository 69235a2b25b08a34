/**
 * What can go wrong with a call before there is an answer, as one table.
 *
 * Decides for each fault what it says, what error the sender of an iq or of a bounced stanza gets, and whether it speaks of
 * the whole receiver (`unwell`), only of this call (`failed`), or of us alone (`none`). A fault is `suspect` where the stanza itself may be the
 * reason: a receiver that dies of one stanza must not stay closed to all others.
 */
import type { ErrorType } from '../errors.ts';
import type { StanzaCondition } from '../xmpp/conditions.ts';

/** One row: what a fault means. */
export interface FaultRow {
  readonly text: string;
  readonly scope: 'unwell' | 'failed' | 'none';
  readonly suspect: boolean;
  readonly type: ErrorType;
  readonly condition: StanzaCondition;
}

const UNREACHED = { scope: 'unwell', suspect: false, type: 'wait', condition: 'recipient-unavailable' } as const;
const BROKEN = { scope: 'failed', suspect: true, type: 'cancel', condition: 'internal-server-error' } as const;

/** The faults. mod_rest answers `recipient-unavailable` to all of them, or waits for ever. */
export const FAULTS = {
  refused: { ...UNREACHED, text: 'the receiver cannot be connected to' },
  unresolved: { ...UNREACHED, text: 'the name of the receiver cannot be resolved' },
  forbidden: {
    ...UNREACHED,
    text: 'the name of the receiver leads to a private or reserved address, where calls of this URL may not go',
  },
  tls: { ...UNREACHED, text: 'the receiver has no TLS that can be trusted' },
  reset: { ...UNREACHED, suspect: true, text: 'the receiver ended the connection before its answer' },
  timeout: { ...UNREACHED, suspect: true, condition: 'remote-server-timeout', text: 'the answer did not come in time' },
  malformed: { ...BROKEN, text: 'the answer is not HTTP, or has too many headers' },
  encoded: { ...BROKEN, text: 'the answer is compressed, although the request forbids it' },
  'too-large': { ...BROKEN, text: 'the answer is too long' },
  stopped: { ...UNREACHED, scope: 'none', text: 'the gateway is stopping' },
} as const satisfies Record<string, FaultRow>;

/** The name of a fault. */
export type FaultName = keyof typeof FAULTS;

/** By the code, or the name, of an error of Node or of the HTTP client. What is not here is told by `PREFIXES`. */
const CODES: ReadonlyMap<string, FaultName> = new Map<string, FaultName>([
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'refused'],
  ['ENETUNREACH', 'refused'],
  ['EHOSTDOWN', 'refused'],
  ['EADDRNOTAVAIL', 'refused'],
  ['EACCES', 'refused'],
  ['EMFILE', 'refused'],
  ['UND_ERR_CONNECT_TIMEOUT', 'refused'],
  ['ETIMEDOUT', 'refused'],
  ['ENOTFOUND', 'unresolved'],
  ['EAI_AGAIN', 'unresolved'],
  ['EAI_FAIL', 'unresolved'],
  ['ENODATA', 'unresolved'],
  ['EPROTO', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['HTTPParserError', 'malformed'],
  ['UND_ERR_HEADERS_OVERFLOW', 'malformed'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'malformed'],
]);

const PREFIXES: readonly (readonly [string, FaultName])[] = [
  ['ERR_TLS', 'tls'],
  ['ERR_SSL', 'tls'],
  ['CERT_', 'tls'],
  ['UNABLE_TO_', 'tls'],
  ['HPE_', 'malformed'],
];

/** The fault that an error's code stands for; a connection that ended, where the code says nothing. */
export function faultOfCode(code: string): FaultName {
  return CODES.get(code) ?? PREFIXES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'reset';
}
