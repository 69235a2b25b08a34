/**
 * The certificate by which an account shows who it is (RFC 6120 §13.7.1, XEP-0178).
 *
 * Decides what can be shown: a chain in PEM, the account's own certificate first, with the key of that one, which no passphrase
 * protects, since nobody is there to type it. Whether the server takes it is the server's business; the time in it is not looked
 * at either, for the server's clock counts.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Jid } from '../xmpp/jid.ts';

/** Both in PEM. */
export interface OwnCertificate {
  /** The certificate, and those of the authorities between it and one that the server knows. */
  readonly certificate: string;
  /** The private key of the first certificate (RFC 5958, or the older forms). */
  readonly key: string;
}

/** What is wrong, and with which part. */
export interface OwnFault {
  readonly part: keyof OwnCertificate;
  /** A sentence that says what to do, without anything that the parts hold. */
  readonly reason: string;
}

const XMPP_ADDRESS = /othername:XmppAddr:/g;

/**
 * Whether a certificate says by itself whose it is: then the account must not be named besides, and else it has to be (XEP-0178 §2).
 *
 * @returns whether this account is the one address in it (RFC 6120 §13.7.1.4)
 */
export function namesOnly({ certificate }: OwnCertificate, account: Jid): boolean {
  const { subjectAltName: names = '' } = new X509Certificate(certificate);
  const isNamed = names.split(', ').includes(`othername:XmppAddr:${account}`);
  return isNamed && [...names.matchAll(XMPP_ADDRESS)].length === 1;
}

/** Says why a certificate and a key cannot be shown; `undefined` when they can. */
export function faultOfOwn({ certificate, key }: OwnCertificate): OwnFault | undefined {
  const shown = readCertificate(certificate);
  if (shown === undefined) return { part: 'certificate', reason: 'there is no certificate in it; it has to be in PEM' };
  const secret = readKey(key);
  if (secret === undefined) return { part: 'key', reason: wrongKey(key) };
  if (!shown.checkPrivateKey(secret)) {
    if (laterCertificates(certificate).some(later => later.checkPrivateKey(secret))) {
      return { part: 'certificate', reason: "the account's own certificate has to stand first in it" };
    }
    return { part: 'key', reason: 'it is not the key of the certificate; name the two files that were made together' };
  }
  return refusedBySystem({ certificate, key });
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function laterCertificates(pem: string): readonly X509Certificate[] {
  const [, ...later] = pem.split('-----BEGIN CERTIFICATE-----').slice(1);
  return later.flatMap(text => readCertificate(`-----BEGIN CERTIFICATE-----${text}`) ?? []);
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** RFC 7468 §11, and the header of RFC 1421 §4.6 that older files have. */
function wrongKey(pem: string): string {
  return /ENCRYPTED/.test(pem)
    ? 'its key is protected by a passphrase; take that off: openssl pkey -in THE_FILE -out ANOTHER'
    : 'there is no private key in it; it has to be in PEM';
}

/** A key can be too small for TLS, and a certificate behind the first one can be broken. */
function refusedBySystem({ certificate, key }: OwnCertificate): OwnFault | undefined {
  try {
    createSecureContext({ cert: certificate, key });
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(':').at(-1) : undefined;
    return { part: 'certificate', reason: `TLS refuses it (${reason}); make a new one` };
  }
}
