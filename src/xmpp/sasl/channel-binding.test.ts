/** RFC 5929 §4.1: what a server's certificate hashes to. Which binding is taken is tested in `client.test.ts`. */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { X509CertificateGenerator } from '@peculiar/x509';
import { bindingsOf, serverEndPoint } from './channel-binding.ts';

const RSA = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };

/** By algorithm of the signature, the hash of the binding; none where the algorithm leads to none. */
const ALGORITHMS = [
  { algorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }, digest: 'sha256' },
  { algorithm: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }, digest: 'sha384' },
  { algorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-512' }, digest: 'sha512' },
  { algorithm: { ...RSA, name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' }, digest: 'sha256' },
  { algorithm: { ...RSA, name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, digest: 'sha256' },
  { algorithm: { ...RSA, name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' }, digest: 'sha384' },
  { algorithm: { ...RSA, name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' }, digest: 'sha512' },
  { algorithm: { ...RSA, name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 }, digest: undefined },
  { algorithm: { name: 'Ed25519', hash: 'SHA-512' }, digest: undefined },
] as const;

for (const { algorithm, digest } of ALGORITHMS) {
  test(`a certificate signed by ${algorithm.name} with ${algorithm.hash} binds by ${digest ?? 'nothing'}`, async () => {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    assert.ok('publicKey' in keys);
    const made = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=test',
      signingAlgorithm: algorithm,
      keys,
    });
    const certificate = new X509Certificate(Buffer.from(made.rawData));
    const expected = digest && createHash(digest).update(certificate.raw).digest();
    assert.deepEqual(serverEndPoint(certificate), expected);
  });
}

test('the exporter is stronger than the certificate, and a channel may have neither', () => {
  const channel = { secure: true, allowPlain: false };
  const [exporter, endPoint] = [Buffer.from('e'), Buffer.from('p')];
  const typesOf = (...[found]: Parameters<typeof bindingsOf>) => bindingsOf(found).map(({ type }) => type);
  assert.deepEqual(typesOf({ ...channel, endPoint, exporter }), ['tls-exporter', 'tls-server-end-point']);
  assert.deepEqual(typesOf({ ...channel, endPoint }), ['tls-server-end-point']);
  assert.deepEqual(typesOf(channel), []);
});
