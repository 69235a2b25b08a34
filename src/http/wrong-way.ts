/**
 * What to tell who finds nothing at a path.
 *
 * Decides whether it is the method that is wrong. The status stays 404, as with mod_rest.
 */

/** Where the routes that take stanzas begin. */
export interface StanzaPaths {
  readonly rest: string;
  readonly msg: string;
}

/** Says what to do, as the rest of a sentence. */
export function wayInstead(method: string, url: string, { rest, msg }: StanzaPaths): string {
  const [path = ''] = url.split('?', 1);
  const sending = `stanzas are sent with POST ${rest}`;
  if (method === 'GET' && path === rest) return `a GET names a query, as in ${rest}/ping/{to}; ${sending}`;
  if (isIn(path, rest)) return `${method} is not a method of ${rest}, which takes POST and GET; ${sending}`;
  if (isIn(path, msg)) return `${method} is not a method of ${msg}, which takes POST`;
  return sending;
}

function isIn(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}
