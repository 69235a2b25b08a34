/**
 * Which addresses are in which networks.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNetwork, isWithin } from './network-list.ts';

for (const text of ['10.0.0.0/8', '192.0.2.1', '0.0.0.0/0', '::1', '2001:db8::/32', '::/0', '::ffff:10.0.0.1']) {
  test(`${text} is a network`, () => assert.ok(isNetwork(text)));
}

for (const text of [
  '',
  '10.0.0/8',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '::/129',
  'fe80::1%eth0',
  'localhost',
  '127.1',
  '010.0.0.1',
  '1.2.3.4 ',
  '*',
]) {
  test(`'${text}' is none`, () => assert.ok(!isNetwork(text)));
}

const LIST = ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'];
for (const [address, within] of Object.entries({
  '10.255.0.1': true,
  '11.0.0.1': false,
  '192.0.2.7': true,
  '192.0.2.8': false,
  '::ffff:10.1.2.3': true,
  '::FFFF:192.0.2.7': true,
  '::ffff:11.0.0.1': false,
  '2001:db8:ffff::1': true,
  '2001:db9::1': false,
  '::10.0.0.1': false,
  '2001:db8::1%eth0': true,
  '': false,
  nonsense: false,
})) {
  test(`'${address}' is ${within ? '' : 'not '}within`, () => assert.equal(isWithin(LIST, address), within));
}

test('in no networks there is nobody', () => {
  assert.ok(!isWithin([], '10.0.0.1'));
});
