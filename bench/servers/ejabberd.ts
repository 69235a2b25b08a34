/**
 * The ejabberd of the benchmark: Debian's, a private copy on loopback.
 *
 * Decides its configuration: one virtual host, the components from outside, and the HTTP API (`mod_http_api`), whose
 * `send_message` needs no credentials here. It runs as an Erlang node without a name, as in the tests.
 */
import { stringify } from 'yaml';
import { writeEjabberd } from '../../test/support/ejabberd-node.ts';
import { freePorts } from '../../test/support/ports.ts';
import type { Program } from '../../test/support/process.ts';
import { type ServerKind, type ServerPorts, type Serving, XmppServer } from '../../test/support/xmpp-server.ts';
import { COMPONENTS, GATEWAY, PLAIN, RECIPIENT, SECRET, SENDER } from '../names.ts';

/** A running ejabberd. */
export interface Ejabberd {
  readonly server: XmppServer;
  /** Where `mod_http_api` is, at `/api`. */
  readonly http: number;
}

/** What the node prints when accounts exist and it listens. */
const READY = 'the benchmark may begin';

const MODULES = [
  'mod_disco',
  'mod_ping',
  'mod_roster',
  'mod_carboncopy',
  'mod_stream_mgmt',
  'mod_http_api',
  'mod_admin_extra',
];

function configuration(ports: ServerPorts, http: number): string {
  const listener = { ip: '127.0.0.1', shaper: 'none' };
  const [c2s, component] = [
    { ...listener, port: ports.c2s, module: 'ejabberd_c2s', starttls: false },
    { ...listener, port: ports.component, module: 'ejabberd_service', global_routes: false },
  ];
  return stringify({
    hosts: [PLAIN],
    loglevel: 'warning',
    auth_method: 'internal',
    auth_password_format: 'scram',
    listen: [
      c2s,
      { ...component, hosts: Object.fromEntries(COMPONENTS.map(domain => [domain, { password: SECRET }])) },
      { port: http, ip: '127.0.0.1', module: 'ejabberd_http', request_handlers: { '/api': 'mod_http_api' } },
    ],
    api_permissions: {
      benchmark: {
        from: ['mod_http_api'],
        who: [{ access: [{ allow: [{ ip: '127.0.0.1/8' }] }] }],
        what: ['send_message'],
      },
    },
    modules: Object.fromEntries(MODULES.map(name => [name, {}])),
  });
}

/** Erlang that registers the accounts and says that all is ready. */
function afterStart(): string {
  const binary = (text: string) => `<<"${text}">>`;
  const register = [SENDER, RECIPIENT].map(
    user => `ok = ejabberd_auth:try_register(${[user, PLAIN, SECRET].map(binary).join(', ')}),\n`,
  );
  return `${register.join('')}io:format("${READY}~n").\n`;
}

const ejabberd = (http: number): ServerKind => ({
  name: 'ejabberd',
  user: 'ejabberd',
  configure: (folder, ports): Promise<Program> =>
    writeEjabberd(folder, { configuration: configuration(ports, http), afterStart: afterStart() }),
  ready: () => [READY],
});

/** Starts it; it is ready when this returns. */
export async function startEjabberd(): Promise<Ejabberd> {
  const serving: Serving = { domain: PLAIN, users: {}, component: { domain: GATEWAY, secret: SECRET } };
  const [http = 0] = await freePorts(1);
  return { server: await XmppServer.start(ejabberd(http), serving), http };
}
