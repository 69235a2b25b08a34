/**
 * The names that the operator chooses.
 *
 * Decides, per placeholder of the table of keys, which names are allowed and the one form in which they are compared.
 */
import { domainOf, type Jid, JidError, parseJid, prepareLocalpart } from '../xmpp/jid.ts';

/** A text that cannot be the name; the message says why and does not hold it. */
export class NameError extends Error {
  override readonly name = 'NameError';
}

const CLIENT = /^[A-Za-z0-9_.-]{1,64}$/;
const CALLBACK = /^[a-z0-9_-]{1,32}$/;
/** A token of RFC 9110 §5.6.2, in lower case. */
const FIELD = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** Fields of a callback that are ours to set: they belong to the connection, or say what the body is and who signed it. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
  ...['host', 'content-length', 'content-type', 'content-encoding', 'content-language', 'accept', 'traceparent'],
  ...['webhook-id', 'webhook-timestamp', 'webhook-signature'],
]);

function prepareDomain(text: string): Jid {
  const address = parseJid(text);
  if (domainOf(address) !== address) throw new JidError('domainpart', 'must stand alone, such as rest.example.net');
  return address;
}

function prepareCallback(text: string): string {
  const name = text.toLowerCase();
  if (!CALLBACK.test(name)) throw new NameError('a name has 1 to 32 of the characters a-z, 0-9, _ and -');
  return name;
}

function prepareHeader(text: string): string {
  const name = text.toLowerCase();
  if (!FIELD.test(name)) throw new NameError('this is no name of an HTTP header, such as x-api-key');
  if (OWN_FIELDS.has(name)) throw new NameError('Restanza sets this header itself; remove it');
  return name;
}

function prepareClient(text: string): string {
  if (!CLIENT.test(text)) throw new NameError('an id has 1 to 64 of the characters a-z, A-Z, 0-9, _, . and -');
  return text;
}

/** How names are brought into canonical form. They throw JidError and NameError. */
export const NAMES = {
  domain: prepareDomain,
  localpart: prepareLocalpart,
  name: prepareCallback,
  header: prepareHeader,
  client: prepareClient,
} as const satisfies Readonly<Record<string, (text: string) => string>>;
