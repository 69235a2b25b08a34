/**
 * Whom an IP address stands for.
 *
 * Decides what counts as one client where clients are counted. Of an IPv6 address it is the network of 64 bits (RFC 4291
 * §2.5.4): whoever has one address of it has them all. An IPv4 address that is written as one of IPv6 (§2.5.5.2) is itself.
 */
import { isIP, isIPv6 } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** Groups of 16 bits in an address, and in the half that names the network. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * The client that an address belongs to, in one spelling.
 *
 * @param address as the socket or a header names it; what is no IPv6 address is returned unchanged
 */
export function networkOf(address: string): string {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':') || !isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1).join('').split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const left = Array<string>(Math.max(0, GROUPS - before.length - after.length)).fill('0');
  const network = [...before, ...left, ...after].slice(0, NETWORK_GROUPS);
  return `${network.map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** Whether a text is an IP address. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** The groups of one side of `::`; a dotted end, which stands for the last two of all, is never in the network. */
function groupsOf(text: string): readonly string[] {
  if (text === '') return [];
  return text.split(':').flatMap(group => (group.includes('.') ? ['0', '0'] : [group]));
}
