/**
 * The client's side of TLS (RFC 6120 §5 and §13.7, RFC 7590, XEP-0368 §3).
 *
 * Decides what is asked of a server: TLS 1.2 at least, a certificate that an authority of ours vouches for, and that it is
 * for the domain of the address (`certificate-name.ts`). There is no way to go on without. Sessions are not kept, since a
 * resumed one would not be checked again. What is written meanwhile waits, and is lost when the check fails.
 */
import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, getCACertificates, type SecureContext, TLSSocket } from 'node:tls';
import type { Jid } from '../xmpp/jid.ts';
import { serverEndPoint } from '../xmpp/sasl/channel-binding.ts';
import { asciiHost, checkName } from './certificate-name.ts';
import type { OwnCertificate } from './own-certificate.ts';

/** Whom we believe about certificates, and what we show of ourselves. It is large: one serves all connections that can share it. */
export type Trust = SecureContext;

/** XEP-0368 §3: what is spoken inside; keeps a server of another protocol from answering. */
const ALPN = ['xmpp-client'];

/** RFC 9266 §2: the label and the bytes of `tls-exporter`. */
const EXPORTER = { label: 'EXPORTER-Channel-Binding', bytes: 32 } as const;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Makes the trust of the authorities that Node and the system know, and of some more. It takes about 100 ms the first time.
 *
 * @param ca certificates in PEM that are believed as well: of authorities, or of the server itself
 * @param own what is shown to a server that asks for it; one without a fault (`faultOfOwn`)
 * @throws Error when `ca` holds no certificate, or one that cannot be read
 */
export function trusting(ca = '', own?: OwnCertificate): Trust {
  const more = ca.match(PEM_CERTIFICATE) ?? [];
  if (ca !== '' && more.length === 0) throw new Error('there is no certificate in it; it has to be in PEM');
  for (const pem of more) requireReadable(pem);
  const all = new Set([...getCACertificates('default'), ...getCACertificates('system'), ...more]);
  const shown = own && { cert: own.certificate, key: own.key };
  return createSecureContext({ ca: [...all], minVersion: 'TLSv1.2', allowPartialTrustChain: true, ...shown });
}

/** TLS itself passes over what it cannot read. */
function requireReadable(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new Error('a certificate in it cannot be read; get the file anew', { cause });
  }
}

/**
 * The step from TCP to TLS, for `Transport.secure` and for direct TLS.
 *
 * @param domain the domain of the user's address, for which the certificate has to be
 * @returns makes the TLS socket; it emits `secureConnect` once all checks have passed, and nothing is written or delivered
 *   before; else it is destroyed with the error, which `explainFailure` puts in words
 */
export function securing(domain: Jid, trust: Trust): (socket: Socket) => TLSSocket {
  const host = asciiHost(domain);
  return socket => {
    const secured = connect({
      socket,
      secureContext: trust,
      // RFC 6066 §3: an IP address is no server name.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ALPN,
      rejectUnauthorized: true,
      checkServerIdentity: (_host, { raw }) => checkName(raw, domain),
    });
    secured.disableRenegotiation();
    // The handshake ends before the certificate is judged. Node holds back until then too, but does not promise to.
    secured.cork();
    secured.once('secureConnect', () => secured.uncork());
    return secured;
  };
}

/** A socket that is secured, as what it is. */
export function asTls(socket: Socket): TLSSocket {
  if (socket instanceof TLSSocket) return socket;
  throw new Error('a socket that is secured is no TLS socket');
}

/**
 * The channel binding data `tls-exporter` (RFC 9266).
 *
 * @returns 32 bytes; nothing with TLS 1.2, where it is unique only with the extended master secret, of which Node does not
 *   tell
 */
export function exporterOf(socket: TLSSocket): Uint8Array | undefined {
  if (socket.getProtocol() !== 'TLSv1.3') return undefined;
  return socket.exportKeyingMaterial(EXPORTER.bytes, EXPORTER.label, Buffer.alloc(0));
}

/**
 * The channel binding data `tls-server-end-point` (RFC 5929 §4).
 *
 * @returns the hash of the server's certificate; nothing where its signature does not say by which algorithm
 */
export function endPointOf(socket: TLSSocket): Uint8Array | undefined {
  const certificate = socket.getPeerX509Certificate();
  return certificate && serverEndPoint(certificate);
}
