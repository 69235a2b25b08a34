/**
 * What the codes of errors stand for.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultName, faultOfCode } from './call-fault.ts';

const CODES: Readonly<Partial<Record<FaultName, readonly string[]>>> = {
  refused: ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'],
  unresolved: ['ENOTFOUND', 'EAI_AGAIN'],
  tls: [
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'EPROTO',
  ],
  malformed: ['HTTPParserError', 'HPE_INVALID_CONSTANT', 'UND_ERR_HEADERS_OVERFLOW'],
  reset: ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_ABORTED', 'whatever else', ''],
};

for (const [fault, codes] of Object.entries(CODES)) {
  test(`${codes.join(', ')} mean ${fault}`, () => {
    for (const code of codes) assert.equal(faultOfCode(code), fault, code);
  });
}
