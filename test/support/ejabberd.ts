/**
 * Debian's ejabberd for tests: one host, one component, TLS where there is a certificate, no federation.
 *
 * Decides its configuration.
 */
import { stringify } from 'yaml';
import { writeEjabberd } from './ejabberd-node.ts';
import type { Program } from './process.ts';
import { type ServerKind, type ServerPorts, type Serving, XmppServer } from './xmpp-server.ts';

/** What the node prints when accounts exist and it listens. */
const READY = 'the test may begin';

const MODULES = [
  ...['mod_disco', 'mod_ping', 'mod_version', 'mod_time', 'mod_roster', 'mod_offline', 'mod_caps', 'mod_carboncopy'],
  ...['mod_stream_mgmt', 'mod_privacy', 'mod_blocking'],
];

/**
 * Erlang's schedulers wait asleep, not in loops: on a machine with other work, each step of a start that goes from one
 * scheduler to the next would wait for one that loops, and half a minute would not be enough.
 */
const ASLEEP = ['+sbwt', '+sbwtdcpu', '+sbwtdio'].flatMap(flag => [flag, 'none']);

/** What a test wants of its ejabberd beyond what all have. */
export interface EjabberdExtras {
  /** Options of further modules, or other ones of those that all have. */
  readonly modules?: Readonly<Record<string, object>>;
  /** Further keys of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The authority, as PEM, whose certificates clients log in with (SASL EXTERNAL). All clients have to show one then. */
  readonly clientAuthority?: string;
  /** Bytes a second that are read from each client. */
  readonly rate?: number;
  /** Erlang for when all accounts are there. */
  readonly after?: string;
}

function configuration(
  ports: ServerPorts,
  { domain, component }: Serving,
  certificate: string | undefined,
  authorities: string | undefined,
  { modules = {}, settings = {}, rate }: EjabberdExtras,
): string {
  const listener = { ip: '127.0.0.1', shaper: 'none' };
  return stringify({
    hosts: [domain],
    loglevel: 'info',
    ...(certificate !== undefined && { certfiles: [certificate] }),
    auth_method: 'internal',
    auth_password_format: 'scram',
    listen: [
      {
        ...listener,
        port: ports.c2s,
        module: 'ejabberd_c2s',
        ...(rate !== undefined && { shaper: 'c2s_shaper' }),
        starttls: certificate !== undefined,
        ...(authorities !== undefined && { tls_verify: true, cafile: authorities }),
        max_stanza_size: 262_144,
      },
      {
        ...listener,
        port: ports.component,
        module: 'ejabberd_service',
        max_stanza_size: 524_288,
        hosts: { [component.domain]: { password: component.secret } },
      },
    ],
    ...(rate !== undefined && { shaper: { slow: { rate, burst_size: rate } } }),
    shaper_rules: { max_user_offline_messages: 100_000, ...(rate !== undefined && { c2s_shaper: 'slow' }) },
    modules: {
      ...Object.fromEntries(MODULES.map(name => [name, {}])),
      // Its archive gets slower with each message; a client that wants one asks for it (XEP-0441).
      mod_mam: { default: 'never' },
      mod_pubsub: { plugins: ['flat', 'pep'] },
      ...modules,
    },
    ...settings,
  });
}

/** Erlang that registers the users, those of an earlier start excepted, and says that all is ready. */
function afterStart({ domain, users }: Serving, { after = '' }: EjabberdExtras): string {
  const binary = (text: string) => `<<"${text}">>`;
  const register = Object.entries(users).map(
    ([user, password]) =>
      `case ejabberd_auth:try_register(${[user, domain, password].map(binary).join(', ')}) of ok -> ok; {error, exists} -> ok end,\n`,
  );
  return `${register.join('')}${after}io:format("${READY}~n").\n`;
}

const ejabberd = (extras: EjabberdExtras): ServerKind => ({
  name: 'ejabberd',
  user: 'ejabberd',
  async configure(folder, ports, serving): Promise<Program> {
    const { cert, key } = serving.certificate ?? {};
    const certificate = cert && (await folder.write('server.pem', `${cert}\n${key}\n`));
    const { clientAuthority } = extras;
    const authorities = clientAuthority && (await folder.write('authorities.pem', clientAuthority));
    const text = configuration(ports, serving, certificate, authorities, extras);
    return writeEjabberd(folder, { configuration: text, afterStart: afterStart(serving, extras), flags: ASLEEP });
  },
  ready: () => [READY],
});

/** Starts an ejabberd of its own; it is ready when this returns. */
export function startEjabberd(serving: Serving, extras: EjabberdExtras = {}): Promise<XmppServer> {
  return XmppServer.start(ejabberd(extras), serving);
}
