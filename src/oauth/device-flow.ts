/**
 * Devices without a keyboard (RFC 8628).
 *
 * Decides what the user types, how fast a device may ask, and what it is answered. A user code has eight letters without
 * vowels, 2^34 of them, which is enough where guessing is slowed down (§5.1).
 */
import { randomInt } from 'node:crypto';
import { networkOf } from '../auth/network.ts';
import { RateLimit } from '../auth/rate.ts';
import { digestOf } from '../auth/token-text.ts';
import { RestanzaError } from '../errors.ts';
import type { Authority } from './authority.ts';
import { type Client, DEVICE_GRANT } from './client.ts';
import type { Device } from './device-store.ts';
import { issueTokens, type TokenAnswer } from './issuing.ts';
import { OAuthError } from './oauth-error.ts';
import { type Parameters, required } from './parameters.ts';
import { readScope } from './scope.ts';
import { newSecret } from './secrets.ts';

/** Milliseconds that a device waits for its user. */
const LIFETIME = 600_000;
/** Milliseconds between two questions of a device, and by how much this grows when it asks too soon (§3.5). */
const INTERVAL = 5_000;

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;

/** What a device is told (§3.2). Times are seconds. */
export interface DeviceAnswer {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

/** Devices that begin to wait in one network. */
const RATE = { perSecond: 0.5, burst: 60, keys: 10_000 };

/** A new count of devices that begin to wait. */
export function deviceRate(): RateLimit {
  return new RateLimit(RATE);
}

/** What a device asks with. */
export interface DeviceRequest {
  readonly client: Client;
  readonly parameters: Parameters;
  /** The IP address that it comes from. */
  readonly address: string;
  /** Where its user types the code. */
  readonly page: string;
  readonly rate: RateLimit;
}

/**
 * A device begins to wait.
 *
 * @throws OAuthError `unauthorized_client`, `invalid_scope`, `temporarily_unavailable`
 * @throws RestanzaError `too-many-requests`
 */
export function beginDevice(authority: Authority, request: DeviceRequest): DeviceAnswer {
  const { store, domain, now } = authority;
  const { client, parameters, address, page, rate } = request;
  if (!client.metadata.grant_types.includes(DEVICE_GRANT)) {
    throw new OAuthError('unauthorized_client', 'the client has not registered this grant type');
  }
  const retryAfter = rate.take(networkOf(address));
  if (retryAfter > 0) throw new RestanzaError('too-many-requests', 'devices are added too fast', { retryAfter });
  if (!store.devices.hasRoom(domain)) throw new OAuthError('temporarily_unavailable', 'too many devices wait');
  const scope = readScope(parameters.get('scope'), client.metadata.scope);
  const code = newSecret('device');
  const userCode = newUserCode();
  const expires = now() + LIFETIME;
  store.devices.add(domain, {
    digest: digestOf(code),
    userCode,
    client: client.id,
    scope,
    expires,
    interval: INTERVAL,
  });
  const shown = showUserCode(userCode);
  return {
    device_code: code,
    user_code: shown,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${shown}`,
    expires_in: LIFETIME / 1000,
    interval: INTERVAL / 1000,
  };
}

function newUserCode(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** A user code as people read it. */
export function showUserCode(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

/**
 * Finds the device that waits for what somebody typed, with or without hyphens, in any case.
 *
 * @param address the IP address that it was typed at
 * @returns `undefined` when none waits for it
 * @throws RestanzaError `too-many-failures`
 */
export function findDevice(authority: Authority, typed: string, address: string): Device | undefined {
  const { store, domain, codeThrottle, now } = authority;
  const trial = codeThrottle.begin(`user code from ${address}`, address);
  const device = store.devices.findByUserCode(domain, typed.replaceAll(/[^A-Za-z]/g, '').toUpperCase());
  if (device === undefined || device.expires <= now()) {
    trial.wrong();
    return undefined;
  }
  // Not `right`: whoever has one code of his own must not be trusted with guessing others.
  trial.untried();
  return device;
}

/**
 * A device asks for its tokens (§3.4).
 *
 * @throws OAuthError `authorization_pending`, `slow_down`, `access_denied`, `expired_token`, `invalid_grant`
 */
export async function redeemDevice({
  authority,
  client,
  parameters,
  issuer,
}: {
  readonly authority: Authority;
  readonly client: Client;
  readonly parameters: Parameters;
  readonly issuer: string;
}): Promise<TokenAnswer> {
  const { store, domain, now } = authority;
  const device = store.devices.find(domain, digestOf(required(parameters, 'device_code')));
  const unknown = new OAuthError('invalid_grant', 'the device code is unknown or used');
  if (device === undefined || device.client !== client.id) throw unknown;
  if (device.expires <= now()) throw new OAuthError('expired_token', 'nobody came in time; begin again');
  if (device.state === 'pending') throw waiting(authority, device);
  if (!store.devices.remove(device)) throw unknown;
  const grant = device.grant === undefined ? undefined : store.grants.find(device.grant);
  if (device.state === 'denied' || grant === undefined) throw new OAuthError('access_denied', 'the user said no');
  const refreshable = client.metadata.grant_types.includes('refresh_token');
  return issueTokens(authority, grant, { refreshable, identity: { issuer, nonce: undefined } });
}

function waiting({ store, now }: Authority, device: Device): OAuthError {
  const { polled, interval } = device;
  const tooSoon = now() - polled < interval;
  store.devices.poll(device, now(), tooSoon ? interval + INTERVAL : interval);
  if (tooSoon) return new OAuthError('slow_down', `wait ${(interval + INTERVAL) / 1000} seconds from now on`);
  return new OAuthError('authorization_pending', 'the user has not decided yet');
}
