/**
 * The grammar that all messages of SCRAM share (RFC 5802 §5.1, §7).
 *
 * Decides what an attribute, a nonce, a name and a list of extensions look like. Which attributes a message has is decided
 * in `scram-message.ts` for the client's and in `scram-answer.ts` for the server's.
 */

const ATTRIBUTE = /^([A-Za-z])=([^,\0]+)$/;
const NONCE = /^[\x21-\x2B\x2D-\x7E]+$/;

/** Attributes that the grammar gives a place; an extension of such a name would be a second one. */
const KNOWN = new Set('anmrcsipve');

/** Reads `letter=value`; `undefined` when it is none. */
export function readAttribute(text: string | undefined): readonly [name: string, value: string] | undefined {
  const [, name, value] = ATTRIBUTE.exec(text ?? '') ?? [];
  return name === undefined || value === undefined ? undefined : [name, value];
}

/** Whether a text can be a nonce: printable ASCII without commas. */
export function isNonce(text: string): boolean {
  return NONCE.test(text);
}

/**
 * What is wrong with the attributes behind those that have a place: each must be an attribute, and none may repeat another
 * or be the one that says that it must be understood.
 *
 * @returns a sentence, or `undefined` when nothing is wrong
 */
export function extensionProblem(extensions: readonly string[]): string | undefined {
  const seen = new Set(KNOWN);
  for (const extension of extensions) {
    const [name] = readAttribute(extension) ?? [];
    if (name === undefined) return 'an extension is not an attribute';
    if (seen.has(name)) return 'an attribute is there twice or out of its place';
    seen.add(name);
  }
  return undefined;
}

/** Escapes a name as `saslname`. */
export function escapeName(text: string): string {
  return text.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** Undoes the escapes of `saslname`: `=2C` for a comma, `=3D` for an equals sign, and no other; `undefined` for those. */
export function unescapeName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined;
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
