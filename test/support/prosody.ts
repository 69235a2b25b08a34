/**
 * Debian's Prosody for tests: one virtual host, one component, no TLS, no federation.
 *
 * Decides its configuration. Accounts are written where `mod_auth_internal_plain` looks for them.
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

function configuration(folder: Folder, ports: ServerPorts, { domain, component }: Serving): string {
  return `
pidfile = ${lua(join(folder.path, 'prosody.pid'))}
data_path = ${lua(join(folder.path, 'data'))}
certificates = ${lua(folder.path)}
interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.c2s} }
component_interfaces = { "127.0.0.1" }
component_ports = { ${ports.component} }
modules_enabled = { ${MODULES.map(lua).join(', ')} }
modules_disabled = { "s2s", "tls" }
authentication = "internal_plain"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
default_archive_policy = true
log = { { levels = { min = "info" }, to = "console" } }
VirtualHost ${lua(domain)}
Component ${lua(component.domain)}
  component_secret = ${lua(component.secret)}
`;
}

/** A name as Prosody writes it in paths: all but letters and digits is percent-encoded. */
function encoded(name: string): string {
  return name.replace(/[^a-zA-Z0-9]/g, found => `%${found.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const PROSODY: ServerKind = {
  name: 'Prosody',
  user: 'prosody',
  async configure(folder, ports, serving): Promise<Program> {
    const accounts = ['data', encoded(serving.domain), 'accounts'];
    await folder.makeFolders(accounts);
    for (const [user, password] of Object.entries(serving.users)) {
      await folder.write(join(...accounts, `${encoded(user)}.dat`), `return { ["password"] = ${lua(password)} };\n`);
    }
    const file = await folder.write('prosody.cfg.lua', configuration(folder, ports, serving));
    return { command: '/usr/bin/prosody', args: ['-F', '--config', file], cwd: folder.path };
  },
  ready: ports => [`'c2s' on [127.0.0.1]:${ports.c2s}`, `'component' on [127.0.0.1]:${ports.component}`],
};

/** Starts a Prosody of its own; it is ready when this returns. */
export function startProsody(serving: Serving): Promise<XmppServer> {
  return XmppServer.start(PROSODY, serving);
}
