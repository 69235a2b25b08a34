/**
 * Lists of networks (RFC 4632, RFC 4291).
 *
 * Decides which texts name an address or a network, and whether an address is in one of a list.
 */
import { BlockList, isIP } from 'node:net';

const FAMILIES = [
  { version: 4, bits: 32, name: 'ipv4' },
  { version: 6, bits: 128, name: 'ipv6' },
] as const;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: (typeof FAMILIES)[number]['name'];
}

/** Whether a text is an IP address, or a network such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  return readNetwork(text) !== undefined;
}

function readNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const family = FAMILIES.find(({ version }) => version === isIP(address));
  if (family === undefined || more.length > 0 || address.includes('%')) return undefined;
  if (prefix === undefined) return { address, prefix: family.bits, family: family.name };
  if (!/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > family.bits) return undefined;
  return { address, prefix: Number(prefix), family: family.name };
}

/**
 * Whether an address is in one of some networks. An IPv4 address that is written as one of IPv6 is itself.
 *
 * @param networks for each of which `isNetwork` holds
 */
export function isWithin(networks: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const network of networks.flatMap(text => readNetwork(text) ?? [])) {
    list.addSubnet(network.address, network.prefix, network.family);
  }
  const plain = MAPPED.exec(address)?.[1] ?? address.split('%', 1).join('');
  const family = FAMILIES.find(({ version }) => version === isIP(plain));
  return family !== undefined && list.check(plain, family.name);
}
