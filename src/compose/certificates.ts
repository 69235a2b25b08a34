/**
 * The certificates of a virtual host's configuration, as its links use them.
 *
 * Decides what is told when a file is not any more what it was when the configuration was checked, a moment ago. They are read
 * once: who renews one starts the gateway anew.
 */
import { readFile } from 'node:fs/promises';
import type { AccountConfig, VirtualHostConfig } from '../config/load.ts';
import { faultOfOwn, type OwnCertificate } from '../link/own-certificate.ts';
import { type Trust, trusting } from '../link/tls-client.ts';
import { domainOf, type Jid, localOf } from '../xmpp/jid.ts';
import { SetupFault } from './surroundings.ts';

/**
 * What the links of a domain believe.
 *
 * @param own what those of an account show
 * @throws SetupFault when a file cannot be used; it names the key
 */
export async function trustOf(domain: Jid, { ca_file }: VirtualHostConfig, own?: OwnCertificate): Promise<Trust> {
  const key = `hosts.${domain}.virtualhost.ca_file`;
  const ca = ca_file === undefined ? '' : await readSetting(key, ca_file);
  try {
    return trusting(ca, own);
  } catch (error) {
    throw unusable(key, error);
  }
}

/**
 * What an account shows that logs in by its certificate.
 *
 * @throws SetupFault when a file cannot be used; it names the key
 */
export async function ownCertificateOf(
  account: Jid,
  { certificate_file: certificateFile = '', key_file: keyFile = '' }: AccountConfig,
): Promise<OwnCertificate> {
  const group = `hosts.${domainOf(account)}.accounts.${localOf(account)}`;
  const keys = { certificate: `${group}.certificate_file`, key: `${group}.key_file` } as const;
  const certificate = await readSetting(keys.certificate, certificateFile);
  const own = { certificate, key: await readSetting(keys.key, keyFile) };
  const fault = faultOfOwn(own);
  if (fault !== undefined) throw new SetupFault(`${keys[fault.part]}: ${fault.reason}`);
  return own;
}

async function readSetting(key: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unusable(key, error);
  }
}

function unusable(key: string, error: unknown): SetupFault {
  return new SetupFault(`${key}: ${error instanceof Error ? error.message : String(error)}`);
}
