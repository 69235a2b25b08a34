/**
 * Debian's jabberd2 for tests: one host, one component, TLS where there is a certificate, no federation.
 *
 * It is a server of another family than Prosody and ejabberd, and knows neither stream management (XEP-0198) nor archives. Decides
 * its configuration; that its three programs run as one, under a shell that ends them all when it ends; that accounts register
 * themselves (XEP-0077), since its database has a format of its own; and that the programs share no database, since a crash of one
 * would keep the others from opening it.
 */
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { C2sClient } from './c2s-client.ts';
import type { Folder } from './folder.ts';
import type { Program } from './process.ts';
import { newSecret } from './secrets.ts';
import { type ServerKind, type ServerPorts, type Serving, XmppServer } from './xmpp-server.ts';

/** What a test wants of its jabberd2 beyond what all have. */
export interface Jabberd2Extras {
  /** Where clients are sent on to instead of being served (`see-other-host`). */
  readonly elsewhere?: { readonly host: string; readonly port: number };
}

/** The modules of the session manager, by what they take part in. */
const CHAINS: Readonly<Record<string, readonly string[]>> = {
  'sess-start': ['status'],
  'sess-end': ['status', 'iq-last'],
  'in-sess': [
    'validate',
    'privacy',
    'roster',
    'iq-vcard',
    'iq-ping',
    'iq-private',
    'disco',
    'offline',
    'presence',
    'deliver',
  ],
  'in-router': ['session', 'validate', 'presence', 'privacy'],
  'out-router': ['privacy'],
  'pkt-sm': ['iq-ping', 'iq-time', 'iq-version', 'disco', 'presence'],
  'pkt-user': ['roster', 'presence', 'disco', 'iq-vcard', 'deliver', 'offline'],
  'pkt-router': ['session', 'disco'],
  'user-load': ['active', 'roster', 'privacy'],
  'user-create': ['active'],
  'user-delete': ['active', 'offline', 'privacy', 'roster'],
  'disco-extend': ['iq-version'],
};

/** What the session manager prints once it knows its domain. */
const READY = 'sm ready for sessions';

const run = (name: string) => `setpriv --pdeathsig KILL -- /usr/sbin/jabberd2-${name} -c ${name}.xml`;

/**
 * Lets no program of the three outlive the shell, nor the shell any of them. Clients are let in last: they are refused for as long as
 * the session manager has not said which domain it serves.
 */
const SHELL = `
pids=()
trap 'kill "\${pids[@]}"; wait; exit 0' TERM
${run('router')} & pids+=($!)
exec 3< <(exec ${run('sm')}); pids+=($!)
while read -r line <&3; do
  echo "$line"
  case $line in *'${READY}') break ;; esac
done
cat <&3 &
${run('c2s')} & pids+=($!)
wait -n
`;

/** The files of the three programs. */
function configuration(
  { path }: Folder,
  ports: ServerPorts,
  { domain, component, certificate }: Serving,
  extras: Jabberd2Extras,
) {
  const modules = `<path>${modulesFolder()}</path>`;
  const inside = newSecret();
  const log = "<log type='stdout'/>";
  const unlimited = '<io><limits><bytes>0</bytes><stanzas>0</stanzas><connects>0</connects></limits></io>';
  const routerPort = `<ip>127.0.0.1</ip><port>${ports.component}</port>`;
  const router = `<router>${routerPort}<user>jabberd</user><pass>${inside}</pass></router>`;
  const pemfile = certificate === undefined ? '' : ` pemfile='${join(path, 'server.pem')}'`;
  return {
    'users.xml': `<users><user><name>jabberd</name><secret>${inside}</secret></user></users>`,
    'router.xml': `<router><id>router</id>${log}
      <local>${routerPort}<users>${join(path, 'users.xml')}</users><secret>${component.secret}</secret></local>
      ${unlimited}<aci><acl type='all'><user>jabberd</user></acl></aci>
    </router>`,
    'sm.xml': `<sm><id>sm</id>${log}${router}
      <local><id>${domain}</id></local>
      <storage>${modules}<driver>fs</driver><fs><path>${join(path, 'fs')}</path></fs></storage>
      <modules>${modules}${chains()}</modules>
      <discovery><identity><category>server</category><type>im</type><name>jabberd2</name></identity></discovery>
    </sm>`,
    'c2s.xml': `<c2s><id>c2s</id>${log}${router}
      <local><id register-enable='true'${pemfile}>${domain}</id><ip>127.0.0.1</ip><port>${ports.c2s}</port></local>
      ${unlimited}<stream_redirect>${redirect(domain, extras)}</stream_redirect>
      <authreg>${modules}<module>db</module><db><path>${join(path, 'db')}</path></db>
        <mechanisms><sasl><plain/></sasl></mechanisms><ssl-mechanisms><sasl><plain/></sasl></ssl-mechanisms>
      </authreg>
    </c2s>`,
  };
}

function chains(): string {
  const modules = (names: readonly string[]) => names.map(name => `<module>${name}</module>`).join('');
  return Object.entries(CHAINS)
    .map(([id, names]) => `<chain id='${id}'>${modules(names)}</chain>`)
    .join('');
}

function redirect(domain: string, { elsewhere }: Jabberd2Extras): string {
  if (elsewhere === undefined) return '';
  return `<redirect requested_domain='${domain}' to_address='${elsewhere.host}' to_port='${elsewhere.port}'/>`;
}

/** The folder of its modules; it depends on the machine's architecture. */
function modulesFolder(): string {
  const [found] = globSync('/usr/lib/*/jabberd2/storage_db.so');
  if (found === undefined) throw new Error('jabberd2 is not installed; install the package jabberd2');
  return dirname(found);
}

const jabberd2 = (extras: Jabberd2Extras): ServerKind => ({
  name: 'jabberd2',
  user: 'jabber',
  async configure(folder, ports, serving): Promise<Program> {
    const { cert, key } = serving.certificate ?? {};
    if (cert !== undefined) await folder.write('server.pem', `${cert}${key}`);
    const files = configuration(folder, ports, serving, extras);
    for (const [name, content] of Object.entries(files)) await folder.write(name, content);
    for (const name of ['db', 'fs']) await folder.makeFolders([name]);
    return { command: '/bin/bash', args: ['-c', SHELL], cwd: folder.path };
  },
  ready: ({ c2s }) => [READY, `port=${c2s}] listening for connections`],
});

/** Registers an account, from within a stream without TLS. */
async function register(port: number, domain: string, user: string, password: string): Promise<void> {
  await using client = await C2sClient.connect(`127.0.0.1:${port}`);
  await client.open(domain);
  const query = `<query xmlns='jabber:iq:register'><username>${user}</username><password>${password}</password></query>`;
  client.send(`<iq type='set' id='register'>${query}</iq>`);
  await client.until(/<iq[^>]*type='result'/);
}

/** Starts a jabberd2 of its own; it is ready and has its accounts when this returns. */
export async function startJabberd2(serving: Serving, extras: Jabberd2Extras = {}): Promise<XmppServer> {
  await using undo = new AsyncDisposableStack();
  const server = undo.use(await XmppServer.start(jabberd2(extras), serving));
  if (extras.elsewhere === undefined) {
    for (const [user, password] of Object.entries(serving.users)) {
      await register(server.ports.c2s, serving.domain, user, password);
    }
  }
  undo.move();
  return server;
}
