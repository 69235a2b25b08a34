/**
 * Which tokens can be of use, by the configuration alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadWritten } from '../../test/support/configuration.ts';
import { readTerms } from '../auth/token-terms.ts';
import { tokenFault } from './api-tokens.ts';

const YAML = `
hosts:
  rest.example: { component: { server: "xmpp://a", secret: x } }
  local.example: { embedded: }
  far.example: { virtualhost: , accounts: { bot: { password: x } } }
  users.example: { virtualhost: }
`;

const CASES: readonly (readonly [jid: string, scope: string, fault: RegExp | undefined])[] = [
  ['any@rest.example', 'send', undefined],
  ['*@rest.example', 'xmpp', undefined],
  ['any@local.example', 'send', undefined],
  ['*@local.example', 'admin', undefined],
  ['bot@far.example', 'xmpp', undefined],
  ['BOT@far.example', 'xmpp', undefined],
  ['*', 'admin', undefined],
  ['*', 'send', /only have the scope admin/],
  ['alice@far.example', 'send', /these are: bot@far\.example\); add it to hosts\.far\.example\.accounts$/],
  ['*@far.example', 'send', /cannot act without a password/],
  ['alice@users.example', 'send', /none is configured/],
  [
    'a@x.rest.example',
    'send',
    /is not served here; served here: rest\.example, local\.example, far\.example, users\.example$/,
  ],
];

for (const [jid, scope, fault] of CASES) {
  test(`a token for ${jid} with ${scope} is ${fault === undefined ? '' : 'not '}of use`, async () => {
    const { loaded, lines } = await loadWritten({ yaml: YAML });
    assert.deepEqual(lines, []);
    assert.ok(loaded !== undefined);
    const found = tokenFault(readTerms({ jid, scopes: [scope] }, 0), loaded.config.hosts);
    if (fault === undefined) assert.equal(found, undefined);
    else assert.match(found ?? '', fault);
  });
}
