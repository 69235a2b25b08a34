/**
 * The parameters of a request to an endpoint (RFC 6749 §3.1 and §3.2).
 *
 * Decides that each stands there at most once, and that an empty one counts as left out.
 */
import { OAuthError } from './oauth-error.ts';

/** Parameters by name. */
export type Parameters = ReadonlyMap<string, string>;

/**
 * Makes parameters of the names and values of a query string or a form.
 *
 * @throws OAuthError `invalid_request` for one that is repeated
 */
export function parametersOf(pairs: ReadonlyMap<string, readonly string[]>): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, [value = '', ...more]] of pairs) {
    if (more.length > 0) throw new OAuthError('invalid_request', 'a parameter stands there twice');
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
}

/**
 * A parameter that must be there.
 *
 * @throws OAuthError `invalid_request`
 */
export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined) throw new OAuthError('invalid_request', `the parameter ${name} is missing`);
  return value;
}
