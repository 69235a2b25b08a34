/**
 * What each scope permits.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../errors.ts';
import {
  isScope,
  narrowed,
  type Permission,
  parseScopes,
  permissionsOf,
  permits,
  requirePermission,
  type Scope,
  ScopeError,
  scopeFor,
} from './scopes.ts';

/** Every scope with all that it permits. */
const PERMITTED: Readonly<Record<Scope, readonly Permission[]>> = {
  send: ['send'],
  query: ['query', 'account-read', 'account-write'],
  receive: ['receive'],
  archive: ['archive'],
  admin: ['admin'],
  'xmpp:account:read': ['account-read'],
  'xmpp:account:write': ['account-write'],
  'xmpp:client:normal': ['send', 'query', 'account-read', 'account-write', 'archive', 'receive'],
  xmpp: ['send', 'query', 'account-read', 'account-write', 'archive', 'receive', 'account-control'],
};

/** The scope to ask for. */
const ASKED: Readonly<Record<Permission, Scope>> = {
  send: 'send',
  query: 'query',
  'account-read': 'xmpp:account:read',
  'account-write': 'xmpp:account:write',
  'account-control': 'xmpp',
  archive: 'archive',
  receive: 'receive',
  admin: 'admin',
};

for (const [scope, permissions] of Object.entries(PERMITTED)) {
  test(`${scope} permits ${permissions.join(', ')} and nothing else`, () => {
    assert.ok(isScope(scope));
    assert.deepEqual(permissionsOf([scope]), new Set(permissions));
  });
}

for (const [permission, scope] of Object.entries(ASKED)) {
  test(`for ${permission} the scope to ask for is ${scope}`, () => {
    const known = Object.keys(ASKED).find((name): name is Permission => name === permission);
    assert.ok(known !== undefined);
    assert.equal(scopeFor(known), scope);
  });
}

test('several scopes permit what each does', () => {
  const both = new Set<Scope>(['send', 'receive']);
  assert.deepEqual([...permissionsOf(both)].sort(), ['receive', 'send']);
  assert.ok(permits(both, 'send'));
  assert.ok(!permits(both, 'query'));
});

test('without scopes everything is permitted, with none of them nothing', () => {
  assert.ok(permits(undefined, 'admin'));
  assert.ok(!permits(new Set(), 'send'));
});

test('a list of scopes is words with spaces between them; names of objects are none', () => {
  assert.deepEqual(parseScopes('  send xmpp:client:normal openid send toString '), {
    scopes: new Set(['send', 'xmpp:client:normal']),
    unknown: ['openid', 'toString'],
  });
  assert.deepEqual(parseScopes(''), { scopes: new Set(), unknown: [] });
});

test('narrowing only takes away', () => {
  assert.deepEqual(narrowed(['send', 'admin', 'xmpp'], ['xmpp']), new Set(['send', 'xmpp']));
  assert.deepEqual(narrowed(['xmpp', 'xmpp:account:read'], ['query', 'send']), new Set(['xmpp:account:read']));
  assert.deepEqual(narrowed(['send'], []), new Set());
});

test('one of several permissions is enough, and the first is what is asked for', () => {
  requirePermission(new Set(['archive']), ['send', 'archive']);
  requirePermission(undefined, ['admin']);
  assert.throws(
    () => requirePermission(new Set(['receive']), ['archive', 'send']),
    (error: unknown) => {
      assert.ok(error instanceof ScopeError);
      assert.deepEqual([error.code, error.scope, error.row.status], ['scope-insufficient', 'archive', 403]);
      assert.equal(error.message, `${ERRORS['scope-insufficient'].text}: use a token with the scope archive`);
      return true;
    },
  );
});
