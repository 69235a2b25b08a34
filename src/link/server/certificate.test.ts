import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import { Folder } from '../../../test/support/folder.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { makeCertificate, obtainCertificate } from './certificate.ts';

const DOMAIN = parseJid('home.example');
const NOW = new Date('2030-01-01T00:00:00Z');
const LATER = new Date('2040-01-02T00:00:00Z');

describe('a certificate', () => {
  it('is in force from the day before for ten years, and names its domain', async () => {
    const parsed = new X509Certificate((await makeCertificate(DOMAIN, NOW)).cert);
    assert.equal(parsed.checkHost('home.example'), 'home.example');
    assert.equal(parsed.checkHost('else.example'), undefined);
    assert.equal(parsed.validFromDate.toISOString(), '2029-12-31T00:00:00.000Z');
    assert.equal(parsed.validToDate.toISOString(), '2040-01-01T00:00:00.000Z');
    assert.equal(parsed.ca, false);
    assert.ok(parsed.verify(parsed.publicKey));
    assert.equal(parsed.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  });

  const NAMES: readonly [domain: string, check: (parsed: X509Certificate) => string | undefined][] = [
    ['bücher.example', parsed => parsed.checkHost('xn--bcher-kva.example')],
    ['127.0.0.1', parsed => parsed.checkIP('127.0.0.1')],
    ['[::1]', parsed => parsed.checkIP('::1')],
    [`${'long.'.repeat(40)}example`, parsed => parsed.checkHost(`${'long.'.repeat(40)}example`)],
  ];
  for (const [domain, check] of NAMES) {
    it(`can be for ${domain.slice(0, 20)}`, async () => {
      await using folder = await Folder.make();
      const { certificate } = await obtainCertificate(folder.path, parseJid(domain), NOW);
      assert.ok(check(new X509Certificate(certificate.cert)));
      assert.equal((await obtainCertificate(folder.path, parseJid(domain), NOW)).made, false);
    });
  }
});

describe('the certificate of a domain', () => {
  it('is made once and kept, for nobody else to read', async () => {
    await using folder = await Folder.make();
    const kept = `${folder.path}/certificates`;
    const first = await obtainCertificate(kept, DOMAIN, NOW);
    const second = await obtainCertificate(kept, DOMAIN, NOW);
    assert.deepEqual([first.made, second.made], [true, false]);
    assert.deepEqual(second.certificate, first.certificate);
    createSecureContext(second.certificate);
    assert.equal((await stat(kept)).mode & 0o777, 0o700);
    assert.equal((await stat(`${kept}/home.example.pem`)).mode & 0o777, 0o600);
  });

  const REASONS: readonly [why: string, spoil: (file: string) => Promise<void>, now: Date][] = [
    ['has expired', async () => {}, LATER],
    ['is not in force yet', async () => {}, new Date('2020-01-01T00:00:00Z')],
    ['names another domain', replaceBy(async () => pem(parseJid('else.example'))), NOW],
    ['does not go with its key', replaceBy(async old => pemOf(old, await pem(DOMAIN))), NOW],
    ['cannot be read', replaceBy(async old => old.replaceAll('A', '')), NOW],
    ['has no key', replaceBy(async old => old.slice(old.indexOf('-----BEGIN CERTIFICATE'))), NOW],
    ['is empty', replaceBy(async () => ''), NOW],
  ];
  for (const [why, spoil, now] of REASONS) {
    it(`is made anew when it ${why}`, async () => {
      await using folder = await Folder.make();
      const { certificate } = await obtainCertificate(folder.path, DOMAIN, NOW);
      await spoil(`${folder.path}/home.example.pem`);
      const next = await obtainCertificate(folder.path, DOMAIN, now);
      assert.equal(next.made, true);
      assert.notEqual(next.certificate.cert, certificate.cert);
      assert.equal((await obtainCertificate(folder.path, DOMAIN, now)).made, false);
    });
  }

  it('is not lost to a fault that has nothing to do with it', async () => {
    await using folder = await Folder.make();
    await folder.makeFolders(['home.example.pem']);
    await assert.rejects(obtainCertificate(folder.path, DOMAIN, NOW), { code: 'EISDIR' });
  });
});

async function pem(domain: ReturnType<typeof parseJid>): Promise<string> {
  const { key, cert } = await makeCertificate(domain, NOW);
  return key + cert;
}

/** The key of one and the certificate of the other. */
function pemOf(one: string, other: string): string {
  const start = (text: string) => text.indexOf('-----BEGIN CERTIFICATE');
  return one.slice(0, start(one)) + other.slice(start(other));
}

function replaceBy(change: (old: string) => Promise<string>) {
  return async (file: string) => writeFile(file, await change(await readFile(file, 'utf8')));
}
