/**
 * Debian's Prosody for tests: one virtual host, one component, TLS where there is a certificate, no federation.
 *
 * Decides its configuration, to which a test may add. Accounts are written where `mod_auth_internal_plain` looks for them.
 */
import { join } from 'node:path';
import type { Folder } from './folder.ts';
import type { Program } from './process.ts';
import { type ServerKind, type ServerPorts, type Serving, XmppServer } from './xmpp-server.ts';

/** Values that stand in Lua as they stand in JSON: `newSecret`s, domains, paths. */
const lua = (text: string | number) => JSON.stringify(text);

const MODULES = [
  'saslauth',
  'roster',
  'disco',
  'ping',
  'version',
  'time',
  'mam',
  'pep',
  'carbons',
  'smacks',
  'blocklist',
];

/** What a test wants of its Prosody beyond what all have. */
export interface ProsodyExtras {
  /** Another Prosody than Debian's. */
  readonly program?: string | undefined;
  /** Names of further modules of the virtual host. */
  readonly modules?: readonly string[];
  /** Names of modules that all have, and this one does not. */
  readonly without?: readonly string[];
  /** Lua for the global part of the configuration. */
  readonly global?: string;
  /** Lua for further hosts. */
  readonly hosts?: string;
}

function configuration(
  folder: Folder,
  ports: ServerPorts,
  { domain, component, certificate }: Serving,
  { modules = [], without = [], global = '', hosts = '' }: ProsodyExtras,
): string {
  const disabled = certificate === undefined ? ['s2s', 'tls'] : ['s2s'];
  const encrypted = certificate === undefined ? [] : ['tls'];
  const enabled = [...MODULES.filter(name => !without.includes(name)), ...encrypted, ...modules];
  return `
pidfile = ${lua(join(folder.path, 'prosody.pid'))}
data_path = ${lua(join(folder.path, 'data'))}
certificates = ${lua(folder.path)}
interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.c2s} }
component_interfaces = { "127.0.0.1" }
component_ports = { ${ports.component} }
modules_enabled = { ${enabled.map(lua).join(', ')} }
modules_disabled = { ${disabled.map(lua).join(', ')} }
authentication = "internal_plain"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
default_archive_policy = true
log = { { levels = { min = "info" }, to = "console" } }
${global}
VirtualHost ${lua(domain)}
  ${certificate === undefined ? '' : encryption(folder)}
Component ${lua(component.domain)}
  component_secret = ${lua(component.secret)}
${hosts}
`;
}

const CERTIFICATE = { cert: 'server.crt', key: 'server.key' } as const;

/** What stands in a virtual host whose clients may use TLS. */
function encryption({ path }: Folder): string {
  return `ssl = { certificate = ${lua(join(path, CERTIFICATE.cert))}, key = ${lua(join(path, CERTIFICATE.key))} }`;
}

/** A name as Prosody writes it in paths: all but letters and digits is percent-encoded. */
function encoded(name: string): string {
  return name.replace(/[^a-zA-Z0-9]/g, found => `%${found.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const prosody = (extras: ProsodyExtras): ServerKind => ({
  name: 'Prosody',
  user: 'prosody',
  async configure(folder, ports, serving): Promise<Program> {
    const accounts = ['data', encoded(serving.domain), 'accounts'];
    await folder.makeFolders(accounts);
    for (const [user, password] of Object.entries(serving.users)) {
      await folder.write(join(...accounts, `${encoded(user)}.dat`), `return { ["password"] = ${lua(password)} };\n`);
    }
    for (const part of ['cert', 'key'] as const) {
      if (serving.certificate !== undefined) await folder.write(CERTIFICATE[part], serving.certificate[part]);
    }
    const file = await folder.write('prosody.cfg.lua', configuration(folder, ports, serving, extras));
    return { command: extras.program ?? '/usr/bin/prosody', args: ['-F', '--config', file], cwd: folder.path };
  },
  ready: ports => [`'c2s' on [127.0.0.1]:${ports.c2s}`, `'component' on [127.0.0.1]:${ports.component}`],
});

/** Starts a Prosody of its own; it is ready when this returns. */
export function startProsody(serving: Serving, extras: ProsodyExtras = {}): Promise<XmppServer> {
  return XmppServer.start(prosody(extras), serving);
}
