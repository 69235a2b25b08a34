/**
 * Names and addresses that lead where they must not (SAFETY: server-side request forgery).
 */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, test } from 'node:test';
import { callerOf, PATIENCE, POST, Receiver, textOf } from '../../test/support/receiver.ts';
import type { Lookup } from './caller.ts';

/** A resolver that gives one answer after the other, the last one again and again. */
function resolverOf(...answers: readonly (readonly string[])[]): Lookup {
  let asked = 0;
  return (_, __, done) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    const found: LookupAddress[] = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
    done(null, found);
  };
}

describe('a name', () => {
  test('that leads into private networks is forbidden, however the address is written', async () => {
    await using receiver = await Receiver.http((_, response) => response.end());
    const { port } = receiver;
    const inward = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::', '10.0.0.1', '169.254.169.254', 'fe80::1'];
    for (const address of inward) {
      await using caller = callerOf(`http://bots.example.com:${port}/`, resolverOf([address]));
      const result = await caller.call(POST, PATIENCE);
      assert.equal(result.name === 'fault' && result.fault, 'forbidden', address);
    }
    assert.equal(receiver.connections, 0);
  });

  test('of the own network is called there, and an address that may not be is left out', async () => {
    await using receiver = await Receiver.http((_, response) => response.end('here'));
    await using caller = callerOf(`http://bot:${receiver.port}/`, resolverOf(['169.254.169.254', '127.0.0.1']));
    assert.equal(textOf(await caller.call(POST, PATIENCE)), 'here');
  });

  test('is resolved anew for each connection', async () => {
    await using receiver = await Receiver.http((request, response) => {
      request.resume();
      response.writeHead(200, { Connection: 'close' }).end('here');
    });
    await using caller = callerOf(`http://bot:${receiver.port}/`, resolverOf(['127.0.0.1'], ['169.254.169.254']));
    assert.equal(textOf(await caller.call(POST, PATIENCE)), 'here');
    const again = await caller.call(POST, PATIENCE);
    assert.equal(again.name === 'fault' && again.fault, 'forbidden');
    assert.equal(receiver.connections, 1);
  });

  test('without addresses is unresolved', async () => {
    const unknown: Lookup = (_, __, done) => done(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []);
    for (const lookup of [resolverOf([]), unknown]) {
      await using caller = callerOf('http://bots.example.com/', lookup);
      const result = await caller.call(POST, PATIENCE);
      assert.equal(result.name === 'fault' && result.fault, 'unresolved');
    }
  });
});

/** Spellings of addresses that are ours, or nobody's. */
const SPELLINGS = [
  [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '0177.0.0.1',
    '127.000.000.001',
  ],
  ['①②⑦.⓪.⓪.①', '１２７.0.0.1', '127。0。0。1', '127.0.0.1.', '0', '0.0.0.0', '000.000', '0x0'],
  [
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[::ffff:0:127.0.0.1]',
  ],
  [
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[ff02::1]',
  ],
  ['169.254.169.254', '0xa9fea9fe', '2852039166', '[::ffff:a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]', '100.100.100.200'],
  [
    '10.0.0.1',
    '10.1',
    '172.16.0.1',
    '192.168.0.1',
    '192.168.1',
    '100.64.0.1',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
  ],
  [
    '255.255.255.255',
    '0xffffffff',
    '240.0.0.1',
    '203.0.113.1',
    '192.0.2.1',
    '198.51.100.1',
    '192.88.99.1',
    '168.63.129.16',
  ],
].flat();

/** Names, which the resolver of the test leads to us. */
const NAMES = [
  [
    'localhost',
    'LOCALHOST',
    'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
    'localhost.',
    'a.localhost',
    'localtest.me',
    '127.0.0.1.nip.io',
    'xn--ls8h.example',
  ],
  [
    'bot',
    'metadata',
    'metadata.google.internal',
    'instance-data',
    'a.local',
    'bücher.example',
    'example.com',
    '1.example',
  ],
].flat();

test('no address of ours is called where private networks are forbidden: 0 connections', async t => {
  await using receiver = await Receiver.http((_, response) => response.end());
  const { port } = receiver;
  const urls = [...SPELLINGS, ...NAMES].flatMap(host => [`http://${host}:${port}/`, `https://${host}:${port}/{to}`]);
  let calls = 0;
  for (const url of urls) {
    if (!URL.canParse(url)) continue;
    await using caller = callerOf(url, resolverOf(['127.0.0.1', '::1', '::ffff:127.0.0.1']), false);
    const result = await caller.call(POST, PATIENCE);
    assert.equal(result.name === 'fault' ? result.fault : result.status, 'forbidden', url);
    calls += 1;
  }
  t.diagnostic(`${calls} URLs, ${receiver.connections} connections`);
  assert.ok(calls >= 120);
  assert.equal(receiver.connections, 0);
});
