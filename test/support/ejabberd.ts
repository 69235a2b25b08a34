/**
 * Debian's ejabberd for tests: one host, one component, no TLS, no federation.
 *
 * Decides its configuration. It runs as an Erlang node without a name: such a node is not distributed, so there is no
 * `epmd`, no cookie and nothing that could stay behind. `ejabberdctl` cannot reach it; what it would do, the node does
 * itself once it is up.
 */
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Program } from './process.ts';
import { type ServerKind, type ServerPorts, type Serving, XmppServer } from './xmpp-server.ts';

/** What the node prints when accounts exist and it listens. */
const READY = 'the test may begin';

const MODULES = [
  ...['mod_disco', 'mod_ping', 'mod_version', 'mod_time', 'mod_roster', 'mod_offline', 'mod_caps', 'mod_carboncopy'],
  ...['mod_stream_mgmt', 'mod_privacy', 'mod_blocking'],
];

function configuration(ports: ServerPorts, { domain, component }: Serving): string {
  const listener = { ip: '127.0.0.1', shaper: 'none' };
  return stringify({
    hosts: [domain],
    loglevel: 'info',
    auth_method: 'internal',
    auth_password_format: 'scram',
    listen: [
      { ...listener, port: ports.c2s, module: 'ejabberd_c2s', starttls: false, max_stanza_size: 262_144 },
      {
        ...listener,
        port: ports.component,
        module: 'ejabberd_service',
        max_stanza_size: 524_288,
        hosts: { [component.domain]: { password: component.secret } },
      },
    ],
    shaper_rules: { max_user_offline_messages: 100_000 },
    modules: {
      ...Object.fromEntries(MODULES.map(name => [name, {}])),
      // Its archive gets slower with each message; a client that wants one asks for it (XEP-0441).
      mod_mam: { default: 'never' },
      mod_pubsub: { plugins: ['flat', 'pep'] },
    },
  });
}

/** Erlang that registers the users, those of an earlier start excepted, and says that all is ready. */
function afterStart({ domain, users }: Serving): string {
  const binary = (text: string) => `<<"${text}">>`;
  const register = Object.entries(users).map(
    ([user, password]) =>
      `case ejabberd_auth:try_register(${[user, domain, password].map(binary).join(', ')}) of ok -> ok; {error, exists} -> ok end,\n`,
  );
  return `${register.join('')}io:format("${READY}~n").\n`;
}

/** The folder of Erlang applications that holds ejabberd; it depends on the machine's architecture. */
function libraries(): string {
  const [beam] = globSync('/usr/lib/*/ejabberd-*/ebin/ejabberd.beam');
  if (beam === undefined) throw new Error('ejabberd is not installed; install the package ejabberd');
  return join(dirname(beam), '..', '..');
}

const EJABBERD: ServerKind = {
  name: 'ejabberd',
  user: 'ejabberd',
  async configure(folder, ports, serving): Promise<Program> {
    const config = await folder.write('ejabberd.yml', configuration(ports, serving));
    const script = await folder.write('after-start.erl', afterStart(serving));
    const spool = await folder.makeFolders(['spool']);
    return {
      command: '/usr/bin/erl',
      args: ['-noinput', '-mnesia', 'dir', `"${spool}"`, '-s', 'ejabberd', '-eval', `ok = file:eval("${script}")`],
      cwd: folder.path,
      env: {
        EJABBERD_CONFIG_PATH: config,
        EJABBERD_LOG_PATH: join(folder.path, 'ejabberd.log'),
        ERL_CRASH_DUMP_BYTES: '0',
        ERL_LIBS: libraries(),
      },
    };
  },
  ready: () => [READY],
};

/** Starts an ejabberd of its own; it is ready when this returns. */
export function startEjabberd(serving: Serving): Promise<XmppServer> {
  return XmppServer.start(EJABBERD, serving);
}
