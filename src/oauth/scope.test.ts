/**
 * Scopes of grants: never more than was asked for, registered and granted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiScopes, GRANTABLE, meanings, narrowScope, readScope } from './scope.ts';

test('a request without scope is for all that the user may do, or that the client has registered', () => {
  assert.deepEqual(readScope(undefined, undefined), ['xmpp']);
  assert.deepEqual(readScope(undefined, 'send receive'), ['send', 'receive']);
});

test('what is not known or not to be granted is dropped, and nothing is refused', () => {
  assert.deepEqual(readScope('send prosody:admin admin openid send', undefined), ['send', 'openid']);
  assert.deepEqual(readScope('prosody:restricted prosody:registered prosody:admin', undefined), ['prosody:registered']);
  for (const scope of ['', ' ', 'admin', 'root']) {
    assert.throws(() => readScope(scope, undefined), { code: 'invalid_scope' });
  }
});

test('a client gets no more than it has registered', () => {
  assert.deepEqual(readScope('send query openid', 'send openid'), ['send', 'openid']);
  assert.deepEqual(readScope('send', 'xmpp'), ['send']);
  assert.throws(() => readScope('xmpp', 'send'), { code: 'invalid_scope' });
  assert.throws(() => readScope('prosody:registered', 'send'), { code: 'invalid_scope' });
  assert.deepEqual(readScope('send prosody:registered', 'prosody:registered'), ['send', 'prosody:registered']);
});

test('a refreshed token has no more than was granted', () => {
  assert.deepEqual(narrowScope(undefined, ['xmpp', 'openid']), ['xmpp', 'openid']);
  assert.deepEqual(narrowScope('send', ['xmpp']), ['send']);
  for (const scope of ['send query', 'xmpp', 'openid', 'root', '']) {
    assert.throws(() => narrowScope(scope, ['send']), { code: 'invalid_scope' }, scope);
  }
});

test('the role of every account is all that the account may do', () => {
  assert.deepEqual(apiScopes(['prosody:registered', 'openid']), new Set(['xmpp']));
  assert.deepEqual(meanings(['prosody:member']), meanings(['xmpp']));
  assert.deepEqual(narrowScope('send', ['prosody:member']), ['send']);
});

test('the API knows nothing of the words of OpenID Connect, and a person is told of each', () => {
  assert.deepEqual(apiScopes(['openid', 'send', 'offline_access']), new Set(['send']));
  assert.ok(!GRANTABLE.includes('admin'));
  for (const meaning of meanings(GRANTABLE)) assert.match(meaning, /^[a-z].* /);
});
