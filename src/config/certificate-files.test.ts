import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Issued, TestAuthority } from '../../test/support/certificates.ts';
import { loadWritten } from '../../test/support/configuration.ts';
import { valueTable } from './report.ts';

describe('a file of certificates', () => {
  const yaml = 'hosts: { a.example: { virtualhost: { ca_file: ca.pem } } }\n';
  const key = 'restanza.yaml:1:47: hosts.a.example.virtualhost.ca_file';

  for (const [content, reason] of [
    ['', 'the file is empty'],
    ['not a certificate', 'the file cannot be used: there is no certificate in it; it has to be in PEM'],
  ] as const) {
    it(`is refused where it holds ${JSON.stringify(content)}`, async () => {
      assert.deepEqual((await loadWritten({ yaml, files: { 'ca.pem': content } })).lines, [`${key}: ${reason}`]);
    });
  }
});

describe('the certificate of an account', () => {
  const yaml = `
hosts:
  a.example:
    virtualhost:
    accounts:
      bot: { certificate_file: c.pem, key_file: k.pem }
`;
  const at = (column: number, key: string) => `restanza.yaml:6:${column}: hosts.a.example.accounts.bot.${key}`;
  let authority: TestAuthority;
  let own: Issued;
  before(async () => {
    authority = await TestAuthority.make();
    own = await authority.issue({ accounts: ['bot@a.example'] });
  });

  it('is taken with its key, of which nothing is shown', async () => {
    const { loaded, lines, warnings } = await loadWritten({ yaml, files: { 'c.pem': own.cert, 'k.pem': own.key } });
    assert.deepEqual([...lines, ...warnings], []);
    assert.doesNotMatch(valueTable(loaded?.entries ?? []), /PRIVATE/);
  });

  it('has a key of which one is warned when everybody may read it', {
    skip: process.platform === 'win32',
  }, async () => {
    const { warnings } = await loadWritten({ yaml, files: { 'c.pem': own.cert, 'k.pem': own.key }, mode: 0o644 });
    assert.deepEqual(warnings, [
      '$FOLDER/k.pem:1:1: every user of this machine can read the secrets in it; run chmod 600 on it',
    ]);
  });

  it('is refused when a file is not there, or empty, or something else', async () => {
    const gone = (name: string) => `the file cannot be read: there is no such file ($FOLDER/${name})`;
    const none = (what: string) => `the file cannot be used: there is no ${what} in it; it has to be in PEM`;
    for (const [files, line] of [
      [{ 'k.pem': own.key }, `${at(32, 'certificate_file')}: ${gone('c.pem')}`],
      [{ 'c.pem': own.cert }, `${at(49, 'key_file')}: ${gone('k.pem')}`],
      [{ 'c.pem': '', 'k.pem': own.key }, `${at(32, 'certificate_file')}: the file is empty`],
      [{ 'c.pem': own.key, 'k.pem': own.key }, `${at(32, 'certificate_file')}: ${none('certificate')}`],
      [{ 'c.pem': own.cert, 'k.pem': own.cert }, `${at(49, 'key_file')}: ${none('private key')}`],
    ] as const) {
      assert.deepEqual((await loadWritten({ yaml, files })).lines, [line]);
    }
  });

  it('is refused when the key is of another one', async () => {
    const { key } = await authority.issue({ accounts: ['bot@a.example'] });
    const { lines } = await loadWritten({ yaml, files: { 'c.pem': own.cert, 'k.pem': key } });
    assert.match(lines.join(), /key_file: the file cannot be used: it is not the key of the certificate/);
  });
});
