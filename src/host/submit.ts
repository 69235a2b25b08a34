/**
 * What a caller may send, and as whom.
 *
 * Decides, without sending anything, whether a stanza from HTTP can go out for a principal, and stamps what it lacks:
 * sender, id and, for a user, his own account as the address. mod_rest has the same rules; the refusals are its refusals.
 */
import { permissionFor } from '../auth/permission.ts';
import { mayActAs, type Principal } from '../auth/principal.ts';
import { requirePermission } from '../auth/scopes.ts';
import { RestanzaError } from '../errors.ts';
import { bareOf, type Jid, localOf } from '../xmpp/jid.ts';
import { isRequest, newId, type Stanza } from '../xmpp/stanza.ts';

/** A stanza that is ready for a link. */
export type Prepared = Stanza & { readonly from: Jid; readonly id: string };

/**
 * Prepares a stanza for sending.
 *
 * @throws RestanzaError `from-forbidden`, `to-invalid`, `iq-type-invalid`, `iq-payload-invalid`, `scope-insufficient`
 */
export function prepare(principal: Principal, stanza: Stanza): Prepared {
  const addressed = address(principal, stanza);
  requireSendable(stanza);
  const to = stanza.to ?? ownAccount(stanza, addressed.from);
  const prepared = { ...addressed, ...(to !== undefined && { to }) };
  requirePermission(principal.scopes, [permissionFor(prepared)]);
  return prepared;
}

/**
 * Stamps sender and id, and leaves everything else as it is.
 *
 * @throws RestanzaError `from-forbidden`
 */
export function address(principal: Principal, stanza: Stanza): Prepared {
  const from = stanza.from ?? principal.address;
  if (!mayActAs(principal, from)) {
    const remedy = principal.session === undefined ? "leave 'from' out or add a resource to it" : "leave 'from' out";
    throw new RestanzaError('from-forbidden', `you are ${principal.address}; ${remedy}`);
  }
  return { ...stanza, from, id: stanza.id ?? newId() };
}

function requireSendable(stanza: Stanza): void {
  if (stanza.kind !== 'iq') return;
  if (!isRequest(stanza)) throw new RestanzaError('iq-type-invalid', 'answers to an iq cannot be sent this way');
  if (stanza.payload.length !== 1)
    throw new RestanzaError('iq-payload-invalid', `this one has ${stanza.payload.length}`);
}

/**
 * Where a stanza without address goes (RFC 6120 §8.1.1.1): to the sender's own account, but for a presence, which the
 * server broadcasts. A component has no account.
 */
function ownAccount(stanza: Stanza, from: Jid): Jid | undefined {
  if (localOf(from) === undefined)
    throw new RestanzaError('to-invalid', "'to' is missing; a component must name the recipient");
  return stanza.kind === 'presence' ? undefined : bareOf(from);
}
