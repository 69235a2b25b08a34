/**
 * Stream management on a bound stream (XEP-0198 §3, §4), as steps of its state machine.
 *
 * Decides what the elements of the protocol may do once a resource is bound, and in which order. What is counted is kept by
 * `managed-session.ts`; sessions are gone back to before a resource is bound, which is a step of `negotiation.ts`.
 */
import type { Element } from '../../xml/element.ts';
import { StreamFault } from '../../xmpp/header.ts';
import { failedElement, readClientManagement } from '../../xmpp/stream-management-server.ts';
import { type Advance, type Command, type Online, send } from './stream-states.ts';

/**
 * What an element of stream management does on a bound stream.
 *
 * @returns `undefined` when it is none, or not one that has a meaning here
 * @throws StreamFault `policy-violation` when stream management is turned on twice, `bad-format` for an element without a count
 */
export function manage(state: Online, received: Element): Advance | undefined {
  const said = readClientManagement(received);
  switch (said?.name) {
    case 'enable':
      return enable(state, said.resumable);
    case 'resume':
      // §6 calls such an error recoverable: the session that the client has is as good as it was.
      return { state, commands: [send(failedElement('unexpected-request'))] };
    case 'r':
      return whileManaged(state, { do: 'tell' });
    case 'a':
      return whileManaged(state, { do: 'acknowledge', h: said.h });
    case undefined:
      return undefined;
  }
}

/** §3: once in a stream; a second time ends it. */
function enable(state: Online, resumable: boolean): Advance {
  if (state.managed) throw new StreamFault('policy-violation', 'stream management is on already');
  return { state: { ...state, managed: true }, commands: [{ do: 'manage', resumable }] };
}

function whileManaged(state: Online, command: Command): Advance | undefined {
  return state.managed ? { state, commands: [command] } : undefined;
}
