/**
 * The domainpart of an address (RFC 7622 §3.2, with erratum 5789).
 *
 * Decides what names a server: a host name, an IPv4 address, or an IPv6 address in brackets, each in one canonical form.
 * International names are mapped and checked by the platform's IDNA (UTS 46), after our own check of every code point,
 * because the platform decodes percent signs, cuts at slashes and reads digits as IPv4 addresses. Names that only resolve
 * locally are let in: an underscore is common in container networks, and a label may be longer than the DNS takes.
 */
import { isIPv6, SocketAddress } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { mapWidth, PreparationError, requireContext, requireIdentifier } from './precis.ts';

/** One ASCII label that is no A-label, as the source of a regular expression that never has two ways to go on. */
export const ASCII_LABEL = '(?!xn--)[a-z0-9_]+(?:-+[a-z0-9_]+)*';

const ASCII_NAME = new RegExp(`^${ASCII_LABEL}(?:\\.${ASCII_LABEL})*$`, 'i');
const NOT_IN_NAMES = /[^a-zA-Z0-9_.\x80-\u{10FFFF}-]/u;

/**
 * Prepares a domainpart: in lower case, without a trailing dot, international labels as U-labels, an IPv6 address as RFC
 * 5952 writes it. The zone of an IPv6 address stays as it is.
 *
 * @throws PreparationError
 */
export function prepareDomain(text: string): string {
  if (text.startsWith('[')) return prepareIpLiteral(text);
  const name = mapWidth(text).replaceAll('\u3002', '.').replace(/\.$/, '');
  return ASCII_NAME.test(name) ? name.toLowerCase() : prepareInternational(name);
}

function prepareIpLiteral(text: string): string {
  const [, address = '', zone = ''] = /^\[([^%\]]*)(%[\w.~-]+)?\]$/.exec(text) ?? [];
  if (!isIPv6(address + zone)) throw new PreparationError('is not an IPv6 address in brackets');
  return `[${new SocketAddress({ address, family: 'ipv6' }).address}${zone}]`;
}

function prepareInternational(name: string): string {
  const stray = NOT_IN_NAMES.exec(name)?.[0];
  if (stray !== undefined) throw new PreparationError(`holds ${JSON.stringify(stray)}, which no host name may hold`);
  requireIdentifier(name);
  const unicode = domainToUnicode(domainToASCII(name));
  if (unicode === '') throw new PreparationError('is not a name by IDNA (RFC 5890)');
  for (const label of unicode.split('.')) checkLabel(label);
  return unicode;
}

/** What UTS 46 leaves open: hyphens, A-labels that it could not decode, and code points that only IDNA 2008 refuses. */
function checkLabel(label: string): void {
  if (label === '') throw new PreparationError('has an empty label between its dots');
  if (/^-|-$/.test(label)) throw new PreparationError('has a label that begins or ends with "-"');
  if (label.startsWith('xn--')) throw new PreparationError('has a label that begins with "xn--" and is no A-label');
  requireIdentifier(label);
  requireContext(label);
}
