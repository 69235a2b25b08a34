/**
 * How clients of mod_post_msg log in: HTTP Basic with a whole address for a name, whose resource is kept in `from`.
 *
 * Decides that on this route credentials that are wrong or cannot be read are 401, as there. Where the caller has a session
 * of his own on the XMPP server, that has its resource already, and the one in the name counts for nothing.
 */
import { parseBasic } from '../../auth/basic.ts';
import type { Authenticator, Principal } from '../../auth/principal.ts';
import { RestanzaError } from '../../errors.ts';
import { JidError, withResource } from '../../xmpp/jid.ts';

/** The same for whatever is wrong. */
const NEXT_STEP = 'check the name (an account or its whole address) and the password';

/** The same authenticator for whole addresses; what it refuses for the credentials is `login-failed`. */
export function addressLogin(authenticator: Authenticator): Authenticator {
  return {
    challenge: authenticator.challenge,
    async authenticate(credentials) {
      try {
        const { authorization, resource } = withoutResource(credentials.authorization);
        const principal = await authenticator.authenticate({ ...credentials, authorization });
        return resource === undefined ? principal : at(resource, principal);
      } catch (error) {
        throw isWrong(error) ? new RestanzaError('login-failed', NEXT_STEP, { cause: error }) : error;
      }
    },
  };
}

/** Credentials as the other routes take them. */
interface Split {
  readonly authorization: string | undefined;
  readonly resource?: string;
}

function withoutResource(authorization: string | undefined): Split {
  if (authorization === undefined || !/^basic /i.test(authorization)) return { authorization };
  const { name, password } = parseBasic(authorization);
  const slash = name.indexOf('/');
  if (slash === -1) return { authorization };
  const encoded = Buffer.from(`${name.slice(0, slash)}:${password}`).toString('base64');
  return { authorization: `Basic ${encoded}`, resource: name.slice(slash + 1) };
}

function at(resource: string, principal: Principal): Principal {
  const { address, session } = principal;
  return session === undefined ? { ...principal, address: withResource(address, resource) } : principal;
}

function isWrong(error: unknown): boolean {
  const codes: readonly string[] = ['credentials-rejected', 'credentials-malformed'];
  return error instanceof JidError || (error instanceof RestanzaError && codes.includes(error.code));
}
