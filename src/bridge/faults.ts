/**
 * From what the inner rooms say about a bad body to the error that the HTTP client gets.
 *
 * Decides the code for each fault of XML, of the mapping and of a stanza; every codec uses it, so that the same mistake has
 * the same answer in every format.
 */
import { type ErrorCode, RestanzaError } from '../errors.ts';
import { MappingError } from '../mapping/json.ts';
import { XmlError } from '../xml/xml-error.ts';
import { StanzaError, type StanzaFault } from '../xmpp/stanza.ts';

const STANZA_FAULTS: Readonly<Record<StanzaFault, ErrorCode>> = {
  namespace: 'namespace-invalid',
  kind: 'kind-invalid',
  type: 'stanza-type-invalid',
  to: 'to-invalid',
  from: 'from-invalid',
};

/** Keys whose wrong value makes the whole object no stanza at all; mod_rest answers 400 to them. */
const KEY_FAULTS: ReadonlyMap<string, ErrorCode> = new Map([['kind', 'body-malformed']]);

/**
 * Runs a conversion and turns the faults that it may throw into errors for the client.
 *
 * @param xmlFault the code for a fault of XML: the body's when it is read, a value's when it is written
 * @throws RestanzaError for every fault of the body; other errors are ours and pass unchanged
 */
export function explained<Result>(convert: () => Result, xmlFault: ErrorCode = 'body-malformed'): Result {
  try {
    return convert();
  } catch (error) {
    throw explain(error, xmlFault);
  }
}

function explain(error: unknown, xmlFault: ErrorCode): unknown {
  if (error instanceof XmlError) return new RestanzaError(xmlFault, error.message, { cause: error });
  if (error instanceof StanzaError)
    return new RestanzaError(STANZA_FAULTS[error.fault], error.message, { cause: error });
  if (error instanceof MappingError) {
    return new RestanzaError(KEY_FAULTS.get(error.path) ?? 'value-invalid', error.message, { cause: error });
  }
  return error;
}
