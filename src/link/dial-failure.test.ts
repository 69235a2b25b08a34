import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJid } from '../xmpp/jid.ts';
import { type DialPlace, explainFailure } from './dial-failure.ts';

const PLACE: DialPlace = {
  domain: parseJid('example.com'),
  destination: { host: 'chat.example', port: 5222, directTls: false },
  configured: false,
};
const NAMED: DialPlace = { ...PLACE, configured: true };
const DIRECT: DialPlace = { ...NAMED, destination: { host: '::1', port: 5223, directTls: true } };

function coded(code: string, message = 'something'): Error {
  return Object.assign(new Error(message), { code });
}

/** As OpenSSL tells it, with the code that Node gives while it writes. */
function refused(reason: string): Error {
  return coded('EPROTO', `write EPROTO 4063:error:0A00042E:SSL routines:ssl3_read_bytes:${reason}:../a/b.c:918:`);
}

const CASES: readonly [error: unknown, place: DialPlace, words: RegExp][] = [
  [coded('ECONNREFUSED'), PLACE, /^the connection to chat\.example:5222 failed: nothing listens there: start the XMPP/],
  [coded('ECONNREFUSED'), PLACE, /check the SRV records of example\.com, or name the server in hosts\.example\.com\./],
  [coded('ECONNREFUSED'), NAMED, /check that hosts\.example\.com\.virtualhost\.server names the server's port for cl/],
  [
    coded('ECONNRESET'),
    DIRECT,
    /^the connection to \[::1\]:5223 failed: the connection was closed from the other side/,
  ],
  [coded('ENOTFOUND'), PLACE, /its name has no address/],
  [coded('ENODATA'), PLACE, /its name has no address/],
  [coded('EAI_AGAIN'), PLACE, /cannot be resolved at the moment: check the DNS/],
  [coded('EHOSTUNREACH'), PLACE, /there is no way to it: check the network/],
  [coded('ENETUNREACH'), PLACE, /there is no way to it: check the network/],
  [coded('ETIMEDOUT', 'there was no answer within 10 s'), PLACE, /there was no answer within 10 s: check the network/],
  [coded('EMFILE'), PLACE, /too many files open: raise its limit/],
  [coded('INVALID_PURPOSE'), PLACE, /not one for servers/],
  [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), PLACE, /send the intermediate certificates/],
  [refused('wrong version number'), PLACE, /what came instead of TLS was plain text/],
  [refused('wrong version number'), DIRECT, /does not speak TLS: the port takes STARTTLS/],
  [refused('tlsv1 alert no application protocol'), DIRECT, /another protocol than xmpp-client/],
  [refused('tlsv13 alert certificate required'), PLACE, /asks for a certificate of ours/],
  [refused('tlsv1 alert unknown ca'), PLACE, /does not take the certificate of the account: check certificate_file/],
  [refused('ssl/tls alert certificate expired'), PLACE, /does not take the certificate of the account/],
  [refused('sslv3 alert handshake failure'), PLACE, /no cipher in common/],
  [refused('tlsv1 unrecognized name'), PLACE, /it has no certificate for example\.com/],
  [refused('something new'), PLACE, /^the connection to chat\.example:5222 failed \(something new\)$/],
  [coded('ENEW'), PLACE, /^the connection to chat\.example:5222 failed \(ENEW\)$/],
  [coded('toString'), PLACE, /failed \(toString\)$/],
  [new Error(`${'long '.repeat(100)}`), PLACE, /failed \(.{200}\)$/],
  ['no error at all', PLACE, /failed \(no error at all\)$/],
  [undefined, PLACE, /^the connection to chat\.example:5222 was closed from the other side$/],
  [new AggregateError([coded('ETIMEDOUT'), coded('ECONNREFUSED')]), PLACE, /nothing listens there/],
  [new AggregateError([], 'none'), PLACE, /failed \(none\)$/],
];

describe('a failure to reach a server', () => {
  for (const [error, place, words] of CASES) {
    it(`is told in words: ${words.source.slice(0, 60)}`, () => {
      assert.match(explainFailure(place, error), words);
    });
  }
});
