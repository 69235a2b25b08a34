/**
 * Somebody who issues tokens (JWT), with a place where his keys are had.
 *
 * Decides nothing about what a gateway accepts: it signs what it is told, also what nobody should accept.
 */
import { createServer, type Server } from 'node:http';
import { CompactSign, exportJWK, generateKeyPair, type JWK, type JWSHeaderParameters } from 'jose';

/** A pair of keys with its name. */
export interface IssuerKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** As it stands in the key set. */
  readonly jwk: JWK;
}

/** Makes a pair of keys. */
export async function makeKey(alg: string, kid: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

/**
 * Signs a token. The claims are not looked at.
 *
 * @param header what it says besides the algorithm; the name of the key when absent
 */
export function sign(
  { alg, kid, privateKey }: IssuerKey,
  claims: object,
  header: JWSHeaderParameters = { kid },
): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ ...header, alg }).sign(privateKey);
}

/** What the place of the keys answers. */
export interface KeyPlace extends AsyncDisposable {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: number;
  /** What it answers from now on. */
  answer(body: string, status?: number, headers?: Readonly<Record<string, string>>): void;
}

/** Opens a place for keys on a free port. */
export async function openKeyPlace(keys: readonly IssuerKey[]): Promise<KeyPlace> {
  let asked = 0;
  let given = { body: keySet(keys), status: 200, headers: {} as Readonly<Record<string, string>> };
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(given.status, { 'content-type': 'application/jwk-set+json', ...given.headers }).end(given.body);
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}/keys`,
    get asked() {
      return asked;
    },
    answer(body, status = 200, headers = {}) {
      given = { body, status, headers };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** A key set as text (RFC 7517 §5). */
export function keySet(keys: readonly IssuerKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

async function listening(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
