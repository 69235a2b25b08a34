/**
 * Whether a certificate is for the domain of an address (RFC 6120 §13.7.1.2, RFC 9525).
 *
 * Decides which names count: a DNS name (a wildcard stands for one whole label), an SRV name of the client service (RFC
 * 4985), and for an IP address the same address. The common name never counts, though some libraries still look at it, and
 * neither does the host that an SRV record named: whoever forges the record would choose it. Whether an authority vouches
 * for the certificate is checked by TLS.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Jid } from '../xmpp/jid.ts';

/** How many names of a certificate are told. */
const NAMES_TOLD = 5;
/** And how many characters of them. */
const TOLD = 300;

const NAMELESS = 'names no domain where it counts (a common name does not)';

const DNS_NAME = /(?:^|, )DNS:([^,"]+)/g;
const IP_ADDRESS = /(?:^|, )IP Address:([^,"]+)/g;
const SRV_NAME = /(?:^|, )othername:SRVName:_xmpp-client\.([^,"]+)/g;

/** The certificate is for others. It has the `code` that Node's own check gives. */
export class CertificateNameError extends Error {
  override readonly name = 'CertificateNameError';
  readonly code = 'ERR_TLS_CERT_ALTNAME_INVALID';

  /**
   * @param domain what it is not for
   * @param names what it is for
   */
  constructor(domain: Jid, names: readonly string[]) {
    super(
      `the certificate ${names.length === 0 ? `${NAMELESS}, so it is not` : `is for ${listed(names)}, not`} for ${domain}`,
    );
  }
}

/** The domain as DNS and certificates name it: in ASCII, an IPv6 address without its brackets. */
export function asciiHost(domain: Jid): string {
  return domain.startsWith('[') ? domain.slice(1, -1) : domainToASCII(domain) || domain;
}

/**
 * Compares a certificate with the domain of an address.
 *
 * @param der the certificate in DER
 * @returns what is wrong, or undefined when it is for that domain
 */
export function checkName(der: Uint8Array, domain: Jid): CertificateNameError | undefined {
  const certificate = new X509Certificate(der);
  return isFor(certificate, asciiHost(domain)) ? undefined : new CertificateNameError(domain, namesOf(certificate));
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const [address = host] = host.split('%');
  if (isIP(address) !== 0) return certificate.checkIP(address) !== undefined;
  const found = certificate.checkHost(host, { subject: 'never', partialWildcards: false });
  return found !== undefined || altNames(certificate, SRV_NAME).some(name => name.toLowerCase() === host);
}

function namesOf(certificate: X509Certificate): readonly string[] {
  return [DNS_NAME, SRV_NAME, IP_ADDRESS].flatMap(form => altNames(certificate, form));
}

/** Names of one form. One that holds a comma or a quote is no host, and is left out. */
function altNames({ subjectAltName = '' }: X509Certificate, form: RegExp): readonly string[] {
  return [...subjectAltName.matchAll(form)].flatMap(([, name]) => name ?? []);
}

/** The names come from whoever answered: they may be many, and long. */
function listed(names: readonly string[]): string {
  const told = names.slice(0, NAMES_TOLD).join(', ');
  return names.length > NAMES_TOLD || told.length > TOLD ? `${told.slice(0, TOLD)}, …` : told;
}
