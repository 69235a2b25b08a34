/**
 * Which addresses a call may connect to.
 *
 * Decides, for an IP address, what network it belongs to (the special-purpose registries of RFC 6890, and addresses that
 * hold an IPv4 address inside), and for a target, which networks its own URL asks for: an address that stands in the URL is
 * the operator's will, a name of the local network may lead into private networks, and any other name may not, whatever DNS
 * says today. The caller asks at each connection. Pure.
 */
import { BlockList, isIP } from 'node:net';
import { canonicalHost } from './url.ts';

/** What an address is for. `link-local` has the metadata services of cloud machines in it. */
export type Network =
  | 'public'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link-local'
  | 'unspecified'
  | 'multicast'
  | 'reserved';

/** How far calls of a target may go. */
export type Reach = 'public' | 'own-network' | 'anywhere';

const REACHES: Readonly<Record<Reach, readonly Network[] | 'all'>> = {
  public: ['public'],
  'own-network': ['public', 'loopback', 'private', 'shared'],
  anywhere: 'all',
};

/** Networks by their class; the first that fits counts. What is in none of them, and of IPv6 in 2000::/3, is public. */
const NETWORKS: readonly (readonly [Exclude<Network, 'public'>, readonly string[]])[] = [
  // Two of them are addresses of machines' hosts that lie in other ranges.
  ['link-local', ['169.254.0.0/16', 'fe80::/10', '168.63.129.16/32', 'fd00:ec2::254/128']],
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
  ['shared', ['100.64.0.0/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['reserved', ['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24']],
  ['reserved', ['203.0.113.0/24', '240.0.0.0/4', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']],
];

const LISTS: readonly (readonly [Network, BlockList])[] = NETWORKS.map(([network, ranges]) => [
  network,
  listOf(ranges),
]);
const GLOBAL_UNICAST = listOf(['2000::/3']);
/** IPv4 inside IPv6: mapped (RFC 4291 §2.5.5.2), compatible (§2.5.5.1), translated (RFC 6052 §2.1, RFC 2765 §2.1). */
const EMBEDDING = listOf(['::ffff:0:0/96', '::/96', '64:ff9b::/96', '::ffff:0:0:0/96']);

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

/**
 * What network an address belongs to.
 *
 * @param address in any spelling that sockets take; anything else is `reserved`
 */
export function networkOf(address: string): Network {
  const [plain = ''] = address.split('%', 1);
  const version = isIP(plain);
  if (version === 0) return 'reserved';
  if (version === 4) return listed(plain, 'ipv4') ?? 'public';
  const known = listed(plain, 'ipv6');
  if (known === 'unspecified' || known === 'loopback') return known;
  const inner = embedded(plain);
  if (inner !== undefined) return listed(inner, 'ipv4') ?? 'public';
  return known ?? (GLOBAL_UNICAST.check(plain, 'ipv6') ? 'public' : 'reserved');
}

function listed(address: string, family: 'ipv4' | 'ipv6'): Network | undefined {
  return LISTS.find(([, list]) => list.check(address, family))?.[0];
}

/** The IPv4 address inside one of IPv6. */
function embedded(address: string): string | undefined {
  if (!EMBEDDING.check(address, 'ipv6')) return undefined;
  // The URL parser writes any spelling in groups; the last two of them are the four bytes.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map(group => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Last labels of names that DNS does not give to anybody, and that resolvers of local networks use. */
const LOCAL_NAMES = /(?:^|\.)(?:localhost|local|internal|lan|home\.arpa)$/;

/**
 * How far calls may go for a URL.
 *
 * @param hostname of the URL, without brackets
 * @param allowPrivate what the operator says about private networks, if anything
 */
export function reachOf(hostname: string, allowPrivate?: boolean): Reach {
  if (allowPrivate === false) return 'public';
  if (isIP(hostname) !== 0) return 'anywhere';
  const name = canonicalHost(hostname);
  return allowPrivate === true || !name.includes('.') || LOCAL_NAMES.test(name) ? 'own-network' : 'public';
}

/** Whether a call that may go so far may connect to an address. */
export function mayReach(address: string, reach: Reach): boolean {
  const networks = REACHES[reach];
  return networks === 'all' || networks.includes(networkOf(address));
}
