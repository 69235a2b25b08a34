/**
 * Which addresses may be connected to (SAFETY: server-side request forgery).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mayReach, type Network, networkOf, type Reach, reachOf } from './guard.ts';

const ADDRESSES: Readonly<Record<Network, readonly string[]>> = {
  public: [
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.1.1',
    '198.17.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450:4001::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ],
  loopback: [
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
  ],
  private: [
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    'fc00::1',
    'fdff::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b::a00:1%eth0',
    '::ffff:0:192.168.0.1',
  ],
  shared: ['100.64.0.1', '100.127.255.255'],
  'link-local': [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '168.63.129.16',
    '64:ff9b::a83f:8110',
  ],
  unspecified: ['0.0.0.0', '0.1.2.3', '::', '::ffff:0.0.0.0'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  reserved: [
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '192.88.99.1',
    '240.0.0.1',
    '255.255.255.255',
    '2001::1',
    '2001:0:7f00:1::',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '64:ff9b:1::1',
    '100::1',
    '4000::1',
    'fec0::1',
    '127.1',
    '0x7f000001',
    'localhost',
    '',
  ],
};

describe('an address', () => {
  for (const [network, addresses] of Object.entries(ADDRESSES)) {
    test(`is ${network}`, () => {
      for (const address of addresses) assert.equal(networkOf(address), network, address);
    });
  }
});

const REACHES: readonly (readonly [hostname: string, allowPrivate: boolean | undefined, reach: Reach])[] = [
  ['127.0.0.1', undefined, 'anywhere'],
  ['::1', undefined, 'anywhere'],
  ['8.8.8.8', undefined, 'anywhere'],
  ['127.0.0.1', false, 'public'],
  ['localhost', undefined, 'own-network'],
  ['localhost.', undefined, 'own-network'],
  ['bot', undefined, 'own-network'],
  ['bot.localhost', undefined, 'own-network'],
  ['printer.local', undefined, 'own-network'],
  ['bot.svc.cluster.local', undefined, 'own-network'],
  ['api.internal', undefined, 'own-network'],
  ['nas.home.arpa', undefined, 'own-network'],
  ['bots.example.com', undefined, 'public'],
  ['localhost.example.com', undefined, 'public'],
  ['local.example', undefined, 'public'],
  ['notlocal', undefined, 'own-network'],
  ['mylocal.example.xn--p1ai', undefined, 'public'],
  ['bots.example.com', true, 'own-network'],
  ['bot', false, 'public'],
];

for (const [hostname, allowPrivate, reach] of REACHES) {
  test(`${hostname} ${allowPrivate === undefined ? '' : `with allow_private ${allowPrivate} `}reaches ${reach}`, () =>
    assert.equal(reachOf(hostname, allowPrivate), reach));
}

test('a name of the own network does not lead to metadata services or to everybody', () => {
  const reachable = Object.entries(ADDRESSES).filter(([, [address = '']]) => mayReach(address, 'own-network'));
  assert.deepEqual(
    reachable.map(([network]) => network),
    ['public', 'loopback', 'private', 'shared'],
  );
});
