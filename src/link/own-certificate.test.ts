import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { before, describe, it } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { type Issued, TestAuthority, type Wish } from '../../test/support/certificates.ts';
import { portOf } from '../../test/support/port-of.ts';
import { parseJid } from '../xmpp/jid.ts';
import { faultOfOwn, namesOnly } from './own-certificate.ts';
import { securing, trusting } from './tls-client.ts';

const DOMAIN = parseJid('example.com');
const ACCOUNT = 'bot@example.com';

let authority: TestAuthority;
let own: Issued;
let server: Issued;
before(async () => {
  authority = await TestAuthority.make();
  own = await authority.issue({ accounts: [ACCOUNT] });
  server = await authority.issue({ names: [DOMAIN] });
});

function encrypted(type: 'pkcs8' | 'sec1'): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }));
}

/** Connects with the certificate, and returns the names in what the server was shown. */
async function shown({ cert, key }: Issued, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string | undefined> {
  await using stack = new AsyncDisposableStack();
  const ca = authority.cert;
  const tls = createServer({ ...server, ca, requestCert: true, rejectUnauthorized: true, maxVersion });
  stack.defer(() => void tls.close());
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');
  const client = securing(DOMAIN, trusting(ca, { certificate: cert, key }))(connect(portOf(tls), '127.0.0.1'));
  stack.defer(() => void client.destroy());
  const [peer] = (await once(tls, 'secureConnection')) as [TLSSocket];
  stack.defer(() => void peer.destroy());
  return peer.getPeerX509Certificate()?.subjectAltName;
}

describe('a certificate of ours', () => {
  it('is shown to a server that asks for it', async () => {
    assert.equal(faultOfOwn({ certificate: own.cert, key: own.key }), undefined);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      assert.equal(await shown(own, version), `othername:XmppAddr:${ACCOUNT}`);
    }
  });

  it('says by itself whose it is when it names one account', async () => {
    const account = parseJid(ACCOUNT);
    for (const [wish, alone] of [
      [{ accounts: [ACCOUNT] }, true],
      [{ accounts: [ACCOUNT], names: ['example.com'] }, true],
      [{ accounts: [ACCOUNT, 'alice@example.com'] }, false],
      [{ accounts: ['alice@example.com'] }, false],
      [{ accounts: [`x, othername:XmppAddr:${ACCOUNT}`] }, false],
      [{ names: ['example.com'] }, false],
      [{ cn: ACCOUNT }, false],
    ] satisfies [Wish, boolean][]) {
      const { cert, key } = await authority.issue(wish);
      assert.equal(namesOnly({ certificate: cert, key }, account), alone, JSON.stringify(wish));
    }
  });

  it('may have others behind it', () => {
    assert.equal(faultOfOwn({ certificate: own.cert + authority.cert, key: own.key }), undefined);
  });

  it('is refused when it stands behind that of its authority', () => {
    for (const before of ['', 'subject=CN = Test Authority\n']) {
      const fault = faultOfOwn({ certificate: before + authority.cert + own.cert, key: own.key });
      assert.deepEqual(fault, {
        part: 'certificate',
        reason: "the account's own certificate has to stand first in it",
      });
    }
  });

  it('is refused when its key is that of another, or of another kind', async () => {
    const { key } = await authority.issue({ accounts: [ACCOUNT] });
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    for (const other of [key, String(pem)]) {
      const fault = faultOfOwn({ certificate: own.cert, key: other });
      assert.equal(fault?.part, 'key');
      assert.match(fault.reason, /not the key of the certificate/);
    }
  });

  it('is refused when its key has a passphrase, and what takes that off is told', () => {
    for (const type of ['pkcs8', 'sec1'] as const) {
      const fault = faultOfOwn({ certificate: own.cert, key: encrypted(type) });
      assert.equal(fault?.part, 'key');
      assert.match(fault.reason, /protected by a passphrase; take that off: openssl pkey -in/);
    }
  });

  it('is refused when a file holds something else', () => {
    for (const text of ['', 'not PEM', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      assert.equal(faultOfOwn({ certificate: text, key: own.key })?.part, 'certificate');
      assert.equal(faultOfOwn({ certificate: own.cert, key: text })?.part, 'key');
    }
    assert.equal(faultOfOwn({ certificate: own.key, key: own.cert })?.part, 'certificate');
  });

  it('is refused when TLS does not take it', () => {
    const broken = `${own.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`;
    assert.match(
      String(faultOfOwn({ certificate: broken, key: own.key })?.reason),
      /^TLS refuses it \(.+\); make a new one$/,
    );
  });
});
