import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { before, describe, it, type TestContext } from 'node:test';
import { createServer, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { type Issued, selfSigned, TestAuthority } from '../../test/support/certificates.ts';
import { ATTACK_NAMES, type AttackName, INJECTED, TlsAttacker } from '../../test/support/tls-attacker.ts';
import { PRE_AUTH_LIMITS } from '../xml/limits.ts';
import { StreamReader } from '../xml/parse.ts';
import { openStream } from '../xmpp/header.ts';
import { parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { DialError, dial } from './dial.ts';
import { explainFailure } from './dial-failure.ts';
import { makeCertificate } from './server/certificate.ts';
import { readProceed } from './starttls.ts';
import { endPointOf, exporterOf, securing, type Trust, trusting } from './tls-client.ts';
import { Transport } from './transport.ts';

const DOMAIN = parseJid('example.com');
const LOGIN = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAc2VjcmV0</auth>";
const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

let authority: TestAuthority;
before(async () => {
  authority = await TestAuthority.make();
});

/** A server that secures at once. */
async function serving(t: TestContext, issued: Issued, more: SecureContextOptions = {}) {
  const server = createServer({ ...issued, ...more }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const { port } = server.address() as AddressInfo;
  t.after(async () => void server.close());
  return { port, accepted };
}

/** Both ends of a connection that the client believes in. */
async function secured(t: TestContext, issued: Issued, trust: Trust, domain = DOMAIN, more: SecureContextOptions = {}) {
  const { port, accepted } = await serving(t, issued, more);
  const client = securing(domain, trust)(connect(port, '127.0.0.1'));
  t.after(() => client.destroy());
  await once(client, 'secureConnect');
  const [server] = await accepted;
  t.after(() => server.destroy());
  server.on('error', () => {});
  return { client, server };
}

describe('a TLS client', () => {
  it('believes an authority that it was told of', async t => {
    const { client } = await secured(t, await authority.issue({ names: [DOMAIN] }), trusting(authority.cert));
    assert.equal(client.authorized, true);
    assert.equal(client.getProtocol(), 'TLSv1.3');
  });

  it('takes TLS 1.2', async t => {
    const issued = await authority.issue({ names: [DOMAIN] });
    const { client } = await secured(t, issued, trusting(authority.cert), DOMAIN, { maxVersion: 'TLSv1.2' });
    assert.equal(client.getProtocol(), 'TLSv1.2');
  });

  it('believes a certificate that it was told of, whoever signed it', async t => {
    const own = await selfSigned({ names: [DOMAIN] });
    await secured(t, own, trusting(own.cert));
    const signed = await authority.issue({ names: [DOMAIN] });
    await secured(t, signed, trusting(signed.cert));
  });

  it('believes the certificate of an embedded host that it was told of', async t => {
    const issued = await makeCertificate(DOMAIN, new Date());
    await secured(t, issued, trusting(issued.cert));
  });

  for (const [domain, name] of [
    ['bücher.example', 'xn--bcher-kva.example'],
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
  ] as const) {
    it(`can be asked for ${domain}`, async t => {
      await secured(t, await authority.issue({ names: [name] }), trusting(authority.cert), parseJid(domain));
    });
  }

  it('does not resume a session, which would not be checked again', async t => {
    const [issued, trust] = [await authority.issue({ names: [DOMAIN] }), trusting(authority.cert)];
    for (let times = 0; times < 3; times += 1) {
      const { client } = await secured(t, issued, trust);
      assert.equal(client.isSessionReused(), false);
    }
  });

  it('believes nobody new when no file was given', async t => {
    const { port } = await serving(t, await authority.issue({ names: [DOMAIN] }));
    const client = securing(DOMAIN, trusting())(connect(port, '127.0.0.1'));
    await assert.rejects(once(client, 'secureConnect'), { code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' });
  });

  for (const [what, ca] of [
    ['text', 'not a certificate'],
    ['a certificate that is broken', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
  ] as const) {
    it(`refuses ${what} as an authority`, () => {
      assert.throws(() => trusting(ca), /certificate/i);
    });
  }
});

describe('channel binding', () => {
  it('is the same 32 bytes on both sides, and others on the next connection', async t => {
    const [issued, trust] = [await authority.issue({ names: [DOMAIN] }), trusting(authority.cert)];
    const { client, server } = await secured(t, issued, trust);
    const binding = exporterOf(client);
    assert.equal(binding?.length, 32);
    assert.deepEqual(binding, server.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)));
    const next = await secured(t, issued, trust);
    assert.notDeepEqual(exporterOf(next.client), binding);
  });

  it('is the hash of the certificate for whoever has no exporter', async t => {
    const [issued, trust] = [await authority.issue({ names: [DOMAIN] }), trusting(authority.cert)];
    const expected = createHash('sha256').update(new X509Certificate(issued.cert).raw).digest();
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { client } = await secured(t, issued, trust, DOMAIN, { maxVersion });
      assert.deepEqual(endPointOf(client), expected);
    }
  });

  it('has no exporter with TLS 1.2', async t => {
    const issued = await authority.issue({ names: [DOMAIN] });
    const { client } = await secured(t, issued, trusting(authority.cert), DOMAIN, { maxVersion: 'TLSv1.2' });
    assert.equal(exporterOf(client), undefined);
  });
});

/** What an eager client met: it sends its password as early as it can. */
interface Outcome {
  /** Elements that were read as part of the secured stream. */
  readonly believed: readonly string[];
  readonly error: Error | undefined;
}

/** A client that asks for STARTTLS, and writes its login right behind the handshake. */
class EagerClient {
  readonly outcome: Promise<Outcome>;
  readonly believed: string[] = [];
  readonly #trust: Trust;
  readonly #transport: Transport;
  #fault: Error | undefined;
  #state: 'opening' | 'asking' | 'secured' = 'opening';
  #reader = this.#newReader();

  constructor(port: number, trust: Trust) {
    this.#trust = trust;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#transport = new Transport(connect(port, '127.0.0.1'), {
      bytes: chunk => this.#read(chunk),
      end: error => resolve({ believed: this.believed, error: this.#fault ?? error }),
    });
    this.#transport.write(openStream({ contentNs: NS.client, to: DOMAIN, version: '1.0' }));
  }

  #newReader(): StreamReader {
    const element = ({ name }: { readonly name: string }) => this.#element(name);
    const events = { open: () => {}, element, refused: () => {}, close: () => {} };
    return new StreamReader(events, { limits: PRE_AUTH_LIMITS });
  }

  #read(chunk: Uint8Array): void {
    try {
      if (this.#state !== 'asking') this.#reader.write(chunk);
      else readProceed(this.#reader, chunk, () => this.#state === 'secured');
    } catch (error) {
      this.#fault = error instanceof Error ? error : undefined;
      this.#transport[Symbol.dispose]();
    }
  }

  #element(name: string): void {
    if (this.#state === 'opening') this.#ask();
    else if (this.#state === 'asking' && name === 'proceed') this.#secure();
    else this.#take(name);
  }

  #ask(): void {
    this.#state = 'asking';
    this.#transport.write(STARTTLS);
  }

  #secure(): void {
    this.#state = 'secured';
    this.#reader.stop();
    this.#reader = this.#newReader();
    this.#transport.secure(securing(DOMAIN, this.#trust));
    this.#transport.write(openStream({ contentNs: NS.client, to: DOMAIN, version: '1.0' }) + LOGIN);
  }

  #take(name: string): void {
    this.believed.push(name);
    if (name === 'success') this.#transport.close();
  }
}

/** What TLS decides. Whether STARTTLS has to be offered is decided by who negotiates. */
const WORDS: readonly [attack: AttackName, words: RegExp][] = [
  ['injects a stanza behind <proceed/>', /plain text came between <proceed\/> and TLS/],
  ['injects a stanza before TLS', /what came instead of TLS was plain text/],
  [
    'has a certificate of another name',
    /the certificate is for chat\.example\.net, not for example\.com: give the server a certificate that names example\.com/,
  ],
  ['has the name as common name alone', /names no domain where it counts \(a common name does not\)/],
  ['has a certificate that has expired', /its certificate has expired: renew it/],
  ['has a certificate of the future', /its certificate is not valid yet: compare the clocks/],
  ['has a certificate signed by itself', /signed by itself: .+ hosts\.example\.com\.virtualhost\.ca_file/],
  ['has a certificate of another authority', /an authority that is not known here: .+\.virtualhost\.ca_file/],
  ['speaks TLS 1.1 at most', /no version of TLS in common with us: let the server offer TLS 1\.2 or 1\.3/],
];

describe('somebody on the way', () => {
  for (const [name, words] of WORDS) {
    it(`who ${name} gets nothing by STARTTLS, and the operator is told`, async () => {
      await using attacker = await TlsAttacker.open(name, DOMAIN);
      const { believed, error } = await new EagerClient(attacker.port, trusting(attacker.ca)).outcome;
      assert.ok(error instanceof Error);
      assert.deepEqual(believed, []);
      assert.doesNotMatch(attacker.heard, /<auth/);
      assert.match(attacker.heard, /<starttls/);
      const destination = { host: 'example.com', port: 5222, directTls: false };
      assert.match(explainFailure({ domain: DOMAIN, destination, configured: true }, error), words);
    });
  }

  for (const [name, words] of WORDS.filter(([attack]) => !attack.startsWith('injects'))) {
    it(`who ${name} gets nothing by direct TLS, and the operator is told`, async () => {
      await using attacker = await TlsAttacker.open(name, DOMAIN, true);
      const server = { host: '127.0.0.1', port: attacker.port, directTls: true };
      const { signal } = new AbortController();
      const options = { domain: DOMAIN, server, tls: 'optional', trust: trusting(attacker.ca), signal } as const;
      const error = await dial(options).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof DialError);
      assert.match(error.message, words);
      assert.equal(attacker.heard, '');
    });
  }

  it('has no attack that is not tried', () => {
    assert.deepEqual(
      ATTACK_NAMES.filter(name => name !== 'strips STARTTLS'),
      WORDS.map(([name]) => name),
    );
  });

  it('is not there: the same client logs in at an honest server', async () => {
    await using honest = await TlsAttacker.open('none', DOMAIN);
    const { believed, error } = await new EagerClient(honest.port, trusting(honest.ca)).outcome;
    assert.equal(error, undefined);
    assert.deepEqual(believed, ['features', 'success']);
    assert.match(honest.heard, /<auth/);
    assert.equal(honest.connections, 1);
  });

  it('injects what a client would read that does not look', async () => {
    await using attacker = await TlsAttacker.open('injects a stanza behind <proceed/>', DOMAIN);
    const socket: Socket = connect(attacker.port, '127.0.0.1');
    socket.write(openStream({ contentNs: NS.client, to: DOMAIN, version: '1.0' }));
    await once(socket, 'data');
    socket.write(STARTTLS);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    assert.ok(chunk.toString().endsWith(INJECTED));
  });
});
