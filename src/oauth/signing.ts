/**
 * The key that signs id_tokens (OpenID Connect Core §2), and its public half (RFC 7517).
 *
 * Decides the algorithm: RS256, which every client knows (§15.1). The key is made once and kept in the data folder for nobody
 * but the user who runs the gateway; another process that makes one at the same moment gets the one that was there first.
 */
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JWK, SignJWT } from 'jose';

/** The algorithm of every signature. */
export const SIGNING_ALGORITHM = 'RS256';

/** A key that signs. */
export interface SigningKey {
  /** The public half, with its id. */
  readonly jwk: JWK;
  /** Signs claims as a JWT. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

/**
 * Opens the key in a file, and makes it when there is none.
 *
 * @param file its path; the content is PKCS #8 in PEM
 * @throws Error when it cannot be read or made
 */
export async function openSigningKey(file: string): Promise<SigningKey> {
  const pem = await readOrMake(file, async () => {
    const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
    return exportPKCS8(privateKey);
  });
  const key = await importPKCS8(pem, SIGNING_ALGORITHM, { extractable: true });
  const { kty, n, e } = await exportJWK(key);
  const half: JWK = { ...(kty !== undefined && { kty }), ...(n !== undefined && { n }), ...(e !== undefined && { e }) };
  const kid = await calculateJwkThumbprint(half);
  return {
    jwk: { ...half, kid, alg: SIGNING_ALGORITHM, use: 'sig' },
    sign: claims =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: SIGNING_ALGORITHM, kid, typ: 'JWT' }).sign(key),
  };
}

/**
 * The content of a file that only we may read. When there is none it is made, whole or not at all.
 *
 * @param make makes the content
 */
export async function readOrMake(file: string, make: () => Promise<string>): Promise<string> {
  const found = await read(file);
  if (found !== undefined) return found;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, await make(), { mode: 0o600, flush: true });
  try {
    // Unlike a rename, a link leaves alone what somebody else has put there meanwhile.
    await link(draft, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, 'utf8');
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
