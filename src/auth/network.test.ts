/**
 * Which addresses are one client.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { networkOf } from './network.ts';

const CASES: readonly (readonly [address: string, network: string])[] = [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['1:2:3::4:5:192.0.2.7', '1:2:3:0::/64'],
  ['', ''],
  ['not an address', 'not an address'],
];

for (const [address, network] of CASES) {
  test(`${JSON.stringify(address)} counts as ${JSON.stringify(network)}`, () =>
    assert.equal(networkOf(address), network));
}

test('however an IPv6 address is written, its first four groups decide', () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const groups = fc.array(group, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(groups, groups, groups, (network, one, other) => {
      const written = (host: readonly number[]) => [...network, ...host].map(part => part.toString(16)).join(':');
      // The URL parser shortens an address as much as it can be.
      const shortened = (host: readonly number[]) => new URL(`http://[${written(host)}]`).hostname.slice(1, -1);
      const expected = `${network.map(part => part.toString(16)).join(':')}::/64`;
      for (const host of [one, other]) {
        assert.equal(networkOf(written(host)), expected);
        assert.equal(networkOf(shortened(host)), expected);
      }
    }),
  );
});
