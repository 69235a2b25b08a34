/**
 * The certificate of a domain that Restanza serves itself (RFC 6120 §13.7, RFC 7590).
 *
 * Decides that a domain without a certificate gets one, signed by itself, at its first start, and keeps it. No authority vouches
 * for it: a client shows it to its user once and remembers it. So it lasts ten years, because every new one asks all users
 * again whether they trust it, and it is replaced only when it is of no use any more. The domain stands in it as a DNS name
 * (or IP address), which is what clients compare (RFC 6125).
 */
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import type { Jid } from '../../xmpp/jid.ts';

/** A certificate and its private key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What is used from now on, and whether it had to be made. */
export interface Obtained {
  readonly certificate: Certificate;
  readonly made: boolean;
}

const DAY = 86_400_000;
const LIFE = 3_652 * DAY;
/** How far the clock of a client may be behind ours. */
const SKEW = DAY;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const PEM = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n?/g;

/**
 * Gets the certificate of a domain, from its file where that holds a good one.
 *
 * @param folder where certificates are kept; made when it is not there
 * @param now the time that decides whether a certificate has expired
 * @throws Error of the file system when the file can be neither read nor written
 */
export async function obtainCertificate(folder: string, domain: Jid, now: Date): Promise<Obtained> {
  const file = join(folder, `${hostOf(domain)}.pem`);
  const kept = parsePem(await readIfThere(file));
  if (kept !== undefined && isUsable(kept, domain, now)) return { certificate: kept, made: false };
  const certificate = await makeCertificate(domain, now);
  await keep(folder, file, certificate);
  return { certificate, made: true };
}

/** The domain as certificates name it: in ASCII, and an IPv6 address without its brackets. */
function hostOf(domain: Jid): string {
  return domain.startsWith('[') ? domain.slice(1, -1) : domainToASCII(domain) || domain;
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** Key and certificate share a file, so that they can only be replaced together. */
function parsePem(text: string): Certificate | undefined {
  const blocks = [...text.matchAll(PEM)];
  const key = blocks.find(([, label]) => label === 'PRIVATE KEY')?.[0];
  const cert = blocks.find(([, label]) => label === 'CERTIFICATE')?.[0];
  return key === undefined || cert === undefined ? undefined : { key, cert };
}

/** Whether a certificate is in force, names the domain, and belongs to the key. */
function isUsable({ cert, key }: Certificate, domain: Jid, now: Date): boolean {
  try {
    const parsed = new X509Certificate(cert);
    const host = hostOf(domain);
    const names = isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host);
    const inForce = parsed.validFromDate <= now && now < parsed.validToDate;
    return names !== undefined && inForce && parsed.checkPrivateKey(createPrivateKey(key));
  } catch {
    // What cannot be read is of no use either.
    return false;
  }
}

/**
 * Makes a certificate that signs itself.
 *
 * @param now the middle of nowhere near its ends: it is in force from a day before for ten years
 */
export async function makeCertificate(domain: Jid, now: Date): Promise<Certificate> {
  // Loaded here, since most starts do not need it; x509 needs the metadata to be there first.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const host = hostOf(domain);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString('hex').replace(/^./, '7'),
    // X.520 gives a common name 64 characters; nothing reads it, but some tools want a subject.
    name: [{ CN: [host.slice(0, 64)] }],
    notBefore: new Date(now.getTime() - SKEW),
    notAfter: new Date(now.getTime() + LIFE),
    signingAlgorithm: CURVE,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }]),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n` };
}

/** Written aside and moved into place: whoever reads finds a whole file, whenever the power fails. */
async function keep(folder: string, file: string, { key, cert }: Certificate): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const aside = `${file}.${process.pid}.new`;
  await writeFile(aside, key + cert, { mode: 0o600, flush: true });
  await rename(aside, file);
}
