/**
 * The Prosody of the benchmark: Debian's, a private copy on loopback.
 *
 * Decides its configuration: a virtual host with plain passwords, one with hashed ones and one with an archive, four
 * components from outside, and, where a folder has the module, mod_rest on all three hosts and as a component of its own.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Folder } from '../../test/support/folder.ts';
import { freePorts } from '../../test/support/ports.ts';
import type { Program } from '../../test/support/process.ts';
import { type ServerKind, type ServerPorts, type Serving, XmppServer } from '../../test/support/xmpp-server.ts';
import { ARCHIVE, COMPONENTS, GATEWAY, HASHED, PEER_BOT, PLAIN, RECIPIENT, SECRET, SENDER } from '../names.ts';

/** A running Prosody. */
export interface Prosody {
  readonly server: XmppServer;
  /** Its HTTP server, where mod_rest is; absent without the module. */
  readonly http?: number;
}

/** Values that stand in Lua as they stand in JSON. */
const lua = (text: string | number) => JSON.stringify(text);

/**
 * The folder in which Prosody finds mod_rest.
 *
 * @param named the folder of the module, or one that holds it; not set when there is none
 * @throws Error when it does not have the module
 */
export function moduleFolder(named: string | undefined): string | undefined {
  if (named === undefined || named === '') return undefined;
  const folder = resolve(named);
  if (existsSync(join(folder, 'mod_rest', 'mod_rest.lua'))) return folder;
  if (basename(folder) === 'mod_rest' && existsSync(join(folder, 'mod_rest.lua'))) return dirname(folder);
  throw new Error(`MOD_REST_DIR is ${folder}, and there is no mod_rest/mod_rest.lua in it`);
}

/** What mod_rest needs. */
interface Peer {
  readonly folder: string;
  readonly http: number;
  /** Where its component calls. */
  readonly callback: string;
}

function configuration(folder: Folder, ports: ServerPorts, peer: Peer | undefined): string {
  const rest = peer === undefined ? [] : ['rest'];
  const host = (domain: string, authentication: string, modules: readonly string[]) => `
VirtualHost ${lua(domain)}
  authentication = ${lua(authentication)}
  modules_enabled = { ${[...modules, ...rest].map(lua).join(', ')} }`;
  const component = (domain: string) => `
Component ${lua(domain)}
  component_secret = ${lua(SECRET)}`;
  return `
pidfile = ${lua(join(folder.path, 'prosody.pid'))}
data_path = ${lua(join(folder.path, 'data'))}
interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.c2s} }
component_interfaces = { "127.0.0.1" }
component_ports = { ${ports.component} }
modules_enabled = { "saslauth", "roster", "disco", "ping", "carbons", "smacks" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
default_archive_policy = true
max_archive_query_results = 100
log = { { levels = { min = "info" }, to = "console" } }
${peer === undefined ? '' : http(peer)}
${host(PLAIN, 'internal_plain', [])}
${host(HASHED, 'internal_hashed', [])}
${host(ARCHIVE, 'internal_plain', ['mam'])}
${COMPONENTS.map(component).join('\n')}
${peer === undefined ? '' : bot(peer)}
`;
}

function http(peer: Peer): string {
  return `
plugin_paths = { ${lua(peer.folder)} }
http_ports = { ${peer.http} }
http_interfaces = { "127.0.0.1" }
https_ports = { }`;
}

function bot(peer: Peer): string {
  return `
Component ${lua(PEER_BOT)} "rest"
  rest_callback_url = ${lua(peer.callback)}
  rest_callback_content_type = "application/json"`;
}

/** A domain as Prosody writes it in paths. */
const encoded = (domain: string) => domain.replaceAll('.', '%2e');

const prosody = (peer: Peer | undefined): ServerKind => ({
  name: 'Prosody',
  user: 'prosody',
  async configure(folder, ports): Promise<Program> {
    await folder.makeFolders(['data']);
    for (const domain of [PLAIN, HASHED, ARCHIVE]) {
      const accounts = await folder.makeFolders([`data/${encoded(domain)}`, 'accounts']);
      // Where passwords are hashed, that is done with the first login.
      const account = `return { ["password"] = ${lua(SECRET)} };\n`;
      for (const user of [SENDER, RECIPIENT])
        await folder.write(join(relative(folder.path, accounts), `${user}.dat`), account);
    }
    const file = await folder.write('prosody.cfg.lua', configuration(folder, ports, peer));
    return { command: '/usr/bin/prosody', args: ['-F', '--config', file], cwd: folder.path };
  },
  ready: ports => [`'c2s' on [127.0.0.1]:${ports.c2s}`, `'component' on [127.0.0.1]:${ports.component}`],
});

/**
 * Starts it; it is ready when this returns.
 *
 * @param modules the folder in which mod_rest is, where there is one
 * @param callback where mod_rest's component calls
 */
export async function startProsody(modules: string | undefined, callback: string): Promise<Prosody> {
  const serving: Serving = { domain: PLAIN, users: {}, component: { domain: GATEWAY, secret: SECRET } };
  if (modules === undefined) return { server: await XmppServer.start(prosody(undefined), serving) };
  const [http = 0] = await freePorts(1);
  return { server: await XmppServer.start(prosody({ folder: modules, http, callback }), serving), http };
}
