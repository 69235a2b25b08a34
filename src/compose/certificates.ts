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
import type { Jid } from '../xmpp/jid.ts';
import { SetupFault } from './surroundings.ts';

/**
 * What the links of a domain believe, and what those of an account show.
 *
 * @param account an account that logs in by its certificate, with its localpart
 * @throws SetupFault when a file cannot be used; it names the key
 */
export async function trustOf(
  domain: Jid,
  { ca_file }: VirtualHostConfig,
  account?: readonly [local: string, Pick<AccountConfig, 'certificate_file' | 'key_file'>],
): Promise<Trust> {
  const own = account && (await ownOf(`hosts.${domain}.accounts.${account[0]}`, account[1]));
  const key = `hosts.${domain}.virtualhost.ca_file`;
  const ca = ca_file === undefined ? '' : await readSetting(key, ca_file);
  try {
    return trusting(ca, own);
  } catch (error) {
    throw unusable(key, error);
  }
}

async function ownOf(
  group: string,
  {
    certificate_file: certificateFile = '',
    key_file: keyFile = '',
  }: Pick<AccountConfig, 'certificate_file' | 'key_file'>,
): Promise<OwnCertificate> {
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
