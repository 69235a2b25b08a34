/**
 * SASL messages as the text of an XML element (RFC 6120 §6.4): base64, with `=` for a message of no bytes; and the text
 * inside a message, which is UTF-8.
 *
 * Decides that only the one spelling of RFC 4648 §4 is read: padded, without white space, with no stray bits at the end.
 */

/** Bytes of a message. PLAIN with the longest names and password has 4,096 when they need no preparation. */
export const MESSAGE_BYTES = 8192;

/** Base64 in groups of four; the alternatives differ at their third or fourth character, so it never reads back far. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Reads base64 strictly.
 *
 * @returns the bytes, or `undefined` when the text is not the base64 that these bytes have
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** Writes base64. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/**
 * Reads the text of `<auth/>`, `<challenge/>`, `<response/>` or `<success/>`.
 *
 * @returns the message, `'absent'` when the element is empty, `'incorrect'` when it is not base64; the answer to that is
 *   the condition `incorrect-encoding`
 */
export function decodeMessage(text: string): Uint8Array | 'absent' | 'incorrect' {
  if (text === '') return 'absent';
  return text === '=' ? new Uint8Array() : (decodeBase64(text) ?? 'incorrect');
}

/** Writes a message as the text of its element; `undefined` gives the empty element. */
export function encodeMessage(message: Uint8Array | undefined): string {
  if (message === undefined) return '';
  return message.length === 0 ? '=' : encodeBase64(message);
}

/**
 * Reads a message as UTF-8. A byte order mark stays, to be judged like any other character.
 *
 * @returns the text, or `undefined` when it is not UTF-8
 */
export function decodeText(message: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message);
  } catch {
    return undefined;
  }
}
