/**
 * Certificates for tests: an authority, and what it or nobody vouches for.
 *
 * Decides that each authority has its own key and lives as long as the test does. Times are given as days from now, so that
 * a certificate can be of the past or of the future.
 */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key, both as PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface Wish {
  /** DNS names and IP addresses; a wildcard is a DNS name. */
  readonly names?: readonly string[];
  /** SRV names (RFC 4985), such as `_xmpp-client.example.com`. */
  readonly srvNames?: readonly string[];
  /** Addresses of accounts (RFC 6120 §13.7.1.4); the certificate is one for clients then. */
  readonly accounts?: readonly string[];
  /** The common name. */
  readonly cn?: string;
  /** Days from now to the beginning, and to the end. */
  readonly from?: number;
  readonly until?: number;
}

const DAY = 86_400_000;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** `id-on-dnsSRV` of RFC 4985 §2, 1.3.6.1.5.5.7.8.7, as DER. */
const SRV_NAME = Buffer.from('06082b06010505070807', 'hex');
/** `id-on-xmppAddr` of RFC 6120 §13.7.1.4, 1.3.6.1.5.5.7.8.5, as DER. */
const XMPP_ADDRESS = Buffer.from('06082b06010505070805', 'hex');
/** `subjectAltName` and its tag. */
const ALT_NAMES = '2.5.29.17';
const SEQUENCE = 0x30;

/** An authority that signs whatever it is asked to. */
export class TestAuthority {
  /** Its own certificate, as PEM: who trusts it puts it among the roots. */
  readonly cert: string;
  readonly #certificate: x509.X509Certificate;
  readonly #key: CryptoKey;

  private constructor(certificate: x509.X509Certificate, key: CryptoKey) {
    this.#certificate = certificate;
    this.#key = key;
    this.cert = pem(certificate);
  }

  /** Makes one. */
  static async make(name = 'Test Authority'): Promise<TestAuthority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity({}),
      name: [{ CN: [name] }],
      signingAlgorithm: CURVE,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new TestAuthority(certificate, keys.privateKey);
  }

  /** Signs a certificate for a server. */
  async issue(wish: Wish): Promise<Issued> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...content(wish),
      issuer: this.#certificate.subject,
      signingKey: this.#key,
      publicKey: keys.publicKey,
    });
    return { cert: pem(certificate), key: await keyPem(keys) };
  }
}

/** A certificate for a server that nobody but itself vouches for. */
export async function selfSigned(wish: Wish): Promise<Issued> {
  const keys = await newKeys();
  const { subject, ...rest } = content(wish);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({ ...rest, name: subject, keys });
  return { cert: pem(certificate), key: await keyPem(keys) };
}

function content(wish: Wish) {
  const names = alternatives(wish);
  return {
    ...validity(wish),
    subject: wish.cn === undefined ? [] : [{ CN: [wish.cn] }],
    signingAlgorithm: CURVE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage[wish.accounts === undefined ? 'serverAuth' : 'clientAuth'],
      ]),
      ...(names.length === 0
        ? []
        : [new x509.Extension(ALT_NAMES, wish.cn === undefined, der(SEQUENCE, Buffer.concat(names)))]),
    ],
  };
}

/** `GeneralNames` of RFC 5280 §4.2.1.6 as DER: the library has no SRV names. */
function alternatives({ names = [], srvNames = [], accounts = [] }: Wish): readonly Buffer[] {
  const forms = [
    (name: string) => der(0x87, addressBytes(name)),
    (name: string) => der(0x82, Buffer.from(name, 'latin1')),
  ] as const;
  return [
    ...names.map(name => forms[isIP(name) === 0 ? 1 : 0](name)),
    ...srvNames.map(name => otherName(SRV_NAME, der(0x16, Buffer.from(name, 'latin1')))),
    ...accounts.map(address => otherName(XMPP_ADDRESS, der(0x0c, Buffer.from(address)))),
  ];
}

function validity({ from = -1, until = 30 }: Wish) {
  const now = Date.now();
  return {
    serialNumber: randomBytes(16).toString('hex').replace(/^./, '7'),
    notBefore: new Date(now + from * DAY),
    notAfter: new Date(now + until * DAY),
  };
}

function newKeys() {
  return webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function keyPem({ privateKey }: { readonly privateKey: CryptoKey }): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')}\n`;
}

/** `otherName` of RFC 5280 §4.2.1.6. */
function otherName(type: Buffer, value: Buffer): Buffer {
  return der(0xa0, Buffer.concat([type, der(0xa0, value)]));
}

/** The bytes of an IP address; of IPv6 only loopback. */
function addressBytes(address: string): Buffer {
  return isIPv6(address)
    ? Buffer.from('00000000000000000000000000000001', 'hex')
    : Buffer.from(address.split('.').map(Number));
}

function der(tag: number, value: Uint8Array): Buffer {
  const { length } = value;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), value]);
}
