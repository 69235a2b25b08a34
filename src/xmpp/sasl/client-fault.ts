/**
 * Why a login as a client did not come about (RFC 6120 §6.5, RFC 5802, XEP-0388 §2.6).
 *
 * Decides, per reason, who has to do something before a repeat makes sense: what the server says in a failure, and what
 * we find out about it ourselves. Whether and when to repeat is decided by the link.
 */
import type { SaslCondition } from './conditions.ts';

/**
 * Who has to do something:
 * - `credentials`: these credentials do not log in. Kept keys and tokens are to be forgotten, and the password may be
 *   tried; a password is wrong, and every repeat brings the account closer to being locked.
 * - `temporary`: nobody; the server may take the same credentials later.
 * - `setup`: the operator, of this program or of the server, because both sides do not go together.
 * - `server`: whoever answered broke the protocol or did not prove that it knows the account. It may be somebody in between.
 * - `ours`: we said something that the server could not read.
 */
export type Blame = 'credentials' | 'temporary' | 'setup' | 'server' | 'ours';

/** The conditions with which a server ends a login. */
const REFUSED: Readonly<Record<SaslCondition, Blame>> = {
  aborted: 'temporary',
  'account-disabled': 'credentials',
  'credentials-expired': 'credentials',
  'encryption-required': 'setup',
  'incorrect-encoding': 'ours',
  'invalid-authzid': 'setup',
  'invalid-mechanism': 'setup',
  'malformed-request': 'ours',
  'mechanism-too-weak': 'setup',
  'not-authorized': 'credentials',
  'temporary-auth-failure': 'temporary',
};

/** What we find out ourselves. */
const FOUND = {
  /** The credentials are nothing that could be sent, such as a password with a control character. */
  'credentials-unusable': 'credentials',
  /** The account's salt or iterations are not those of the kept keys. */
  'keys-outdated': 'credentials',
  /** The server refused with a condition that no document defines. It may mean a wrong password, so nothing is repeated. */
  'undefined-condition': 'credentials',
  /** The server offers nothing that goes with the credentials. */
  'no-mechanism': 'setup',
  /** What goes with the credentials would show them to whoever reads the stream. */
  unencrypted: 'setup',
  /** The server wants a second step, such as a one-time password or a new password (XEP-0388 §2.6.3). */
  'interaction-required': 'setup',
  /** The account's iterations are fewer than is safe or more than we compute for a stranger. */
  'iterations-out-of-bounds': 'setup',
  /** What is on offer has been weakened on its way. */
  downgraded: 'server',
  /** The server did not prove that it knows the account. */
  'server-unproven': 'server',
  /** The server logged somebody else in. */
  'wrong-identity': 'server',
  /** What the server said has not the form that it must have. */
  'malformed-answer': 'server',
  /** The server said something that had no place there. */
  'unexpected-answer': 'server',
} as const satisfies Record<string, Blame>;

/** Why a login did not come about. */
export type SaslReason = SaslCondition | keyof typeof FOUND;

const REASONS: Readonly<Record<SaslReason, Blame>> = { ...REFUSED, ...FOUND };

/** The end of a login that did not come about. The message is for people and quotes no secret and nothing that came in. */
export class SaslFault extends Error {
  override readonly name = 'SaslFault';
  readonly reason: SaslReason;
  /** What the server said for people, cut to 256 characters; a stranger's text, for a field of the log only. */
  readonly serverText: string | undefined;

  constructor(reason: SaslReason, text: string, serverText?: string) {
    super(text);
    this.reason = reason;
    this.serverText = serverText?.slice(0, 256).toWellFormed();
  }

  /** Who has to do something. */
  get blame(): Blame {
    return REASONS[this.reason];
  }
}

/** Whether a name is a defined condition of a SASL failure. */
export function isSaslCondition(name: string): name is SaslCondition {
  return Object.hasOwn(REFUSED, name);
}
