/**
 * The text of a token.
 *
 * Decides a form that programs which look for lost secrets can recognise: a prefix that says whose it is, 30 random letters
 * and digits, and a checksum over all of that in six more. The checksum tells a token from a text that only looks like one,
 * so that a mistyped token costs no look at the store; it protects nothing. What is random is 176 bits, so that guessing is
 * hopeless and a plain SHA-256 is enough to keep it by: a slow hash only helps where a text could be guessed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(DIGITS.length);
/** 22 bytes are 176 bits: the most that 30 digits of base 62 can hold. */
const RANDOM_BYTES = 22;
const RANDOM_LENGTH = 30;
/** 32 bits in base 62. */
const CHECK_LENGTH = 6;
const FORM = /^(?<body>[a-z]{1,8}_[0-9A-Za-z]{30})(?<check>[0-9A-Za-z]{6})$/;

/** The prefix of API tokens. */
export const API_TOKEN = 'rstz_';

/**
 * Makes a new token.
 *
 * @param prefix up to eight letters and `_`
 */
export function makeTokenText(prefix: string): string {
  const body = prefix + base62(BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`), RANDOM_LENGTH);
  return body + checksumOf(body);
}

/** Whether a text has the form of a token with this prefix. */
export function isTokenText(prefix: string, text: string): boolean {
  const { body = '', check } = FORM.exec(text)?.groups ?? {};
  return body.startsWith(prefix) && checksumOf(body) === check;
}

/** What is kept of a token: its SHA-256. Finding it by that also means that no comparison tells by its time how near a guess is. */
export function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

/** A short random name, of 11 letters and digits; no secret. */
export function makeTokenId(): string {
  return base62(BigInt(`0x${randomBytes(8).toString('hex')}`), 11);
}

function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), CHECK_LENGTH);
}

function base62(value: bigint, length: number): string {
  let [text, rest] = ['', value];
  while (rest > 0n) {
    text = (DIGITS[Number(rest % BASE)] ?? '') + text;
    rest /= BASE;
  }
  return text.padStart(length, '0');
}
