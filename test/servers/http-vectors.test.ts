/**
 * The recorded requests, made again with a gateway in front of the server of the recordings: what that says in its answers
 * is compared too.
 *
 * The recordings are of the user `alice@localhost`. She asks again here, by way of a session on her server, and a component
 * asks in her place, with its domain for her address. What one of them cannot ask is left out, with the reason, and counted.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../support/compatibility.ts';
import { type Hosts, startGateway } from '../support/gateway.ts';
import { differing, HTTP_VECTORS, type Replay } from '../support/http-vectors.ts';
import { freePorts } from '../support/ports.ts';
import { type ProsodyExtras, startProsody } from '../support/prosody.ts';
import { basic, post } from '../support/rest-client.ts';
import { newSecret } from '../support/secrets.ts';
import { MISSING } from '../support/vectors.ts';
import type { XmppServer } from '../support/xmpp-server.ts';

const USER = 'alice@localhost';
const PASSWORD = 'secret';
const COMPONENT = { domain: 'gateway.test', secret: newSecret() };
/** Where the recorded server took files. */
const UPLOADS = 'localhost:5291';

/** Why recordings are not made again, with how many there are. */
type LeftOut = Readonly<Record<string, { readonly count: number; readonly ids: readonly string[] }>>;

/** What only differs where no host takes tokens. */
const ALIKE_HERE = ['http-auth-bearer-bad'];

/** Who makes the requests. */
interface Asker {
  readonly leftOut: LeftOut;
  /** How many are compared. */
  readonly compared: number;
  /** The domain that `access` of Prosody's modules must name; users of the server have it anyway. */
  readonly access?: string;
  hosts(server: XmppServer): Hosts;
  readonly addresses: Readonly<Record<string, string>>;
  /** The value of `Authorization` for the recorded one. */
  authorize(field: string): string;
  /** Our answer without what no recording has. */
  tidy(text: string): string;
}

/** The credentials of the component where alice's were; what is wrong with them stays. */
function asComponent(field: string): string {
  const [, scheme, encoded] = /^(basic) (\S+)$/i.exec(field) ?? [];
  if (scheme === undefined || encoded === undefined) return field;
  const [name = '', ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  const ours = password.map(text => (text === PASSWORD ? COMPONENT.secret : text));
  return `${scheme} ${Buffer.from([name === 'alice' ? COMPONENT.domain : name, ...ours].join(':')).toString('base64')}`;
}

const ASKERS: Readonly<Record<string, Asker>> = {
  'a user': {
    leftOut: {
      'it sends from another resource than that of the session': { count: 1, ids: ['http-msg-ownfrom'] },
    },
    compared: 137,
    hosts: ({ ports }) => ({ localhost: { virtualhost: { server: `xmpp://127.0.0.1:${ports.c2s}`, tls: 'off' } } }),
    addresses: {},
    authorize: field => field,
    // Her session puts its resource and the language of its stream into what she sends; her account names itself.
    tidy: text =>
      text.replace(/\/rest-[\w-]+| xml:lang='en'/g, '').replaceAll(` to='${USER}' from='${USER}'`, ` to='${USER}'`),
  },
  'a component': {
    leftOut: {
      'it asks or sends to the account of the caller, and a component has none': {
        count: 16,
        ids: [
          ...['http-get-ping-bare', 'http-get-ping-escaped', 'http-get-disco-account', 'http-get-lastactivity-self'],
          ...['http-get-archive-none', 'http-iq-roster-xml', 'http-path-msg-emptyto', 'http-ctype-textxml'],
          ...['http-b-archive', 'http-b-archive-xml', 'http-b-archive-max', 'http-b-archive-with'],
          ...['http-b-archive-self', 'http-b-archive-form-full', 'http-b-vcard', 'http-b-vcard-xml'],
        ],
      },
      'it logs in with the whole address of a user, and a component has no users': {
        count: 1,
        ids: ['http-auth-fulljid'],
      },
    },
    compared: 121,
    access: COMPONENT.domain,
    hosts: ({ ports }) => ({
      [COMPONENT.domain]: {
        component: { server: `xmpp://127.0.0.1:${ports.component}`, secret: COMPONENT.secret },
      },
    }),
    addresses: { [USER]: COMPONENT.domain, [encodeURIComponent(USER)]: COMPONENT.domain },
    authorize: asComponent,
    tidy: text => text,
  },
};

/** How a server of the recordings was set up. @param access in Lua */
const SERVERS: Readonly<Record<'A' | 'B', (port: number, access: string) => ProsodyExtras>> = {
  A: () => ({
    modules: ['adhoc', 'uptime', 'vcard_legacy', 'vcard4', 'private', 'offline'],
    without: ['mam', 'carbons', 'smacks'],
    hosts: 'Component "muc.localhost" "muc"',
  }),
  B: (port, access) => ({
    modules: ['private', 'turn_external'],
    global: `
http_interfaces = { "127.0.0.1" }
http_ports = { ${port} }
https_ports = { }
external_service_access = { ${access} }
turn_external_host = "turn.localhost"
turn_external_secret = "${newSecret()}"`,
    hosts: `
Component "upload.localhost" "http_file_share"
  http_host = "localhost"
  http_file_share_size_limit = 1000000
  http_file_share_access = { ${access} }`,
  }),
};

/** Starts a server of the recordings with a gateway before it. */
async function replayOf(name: 'A' | 'B', asker: Asker, resources: AsyncDisposableStack): Promise<Replay> {
  const [port = 0] = await freePorts(1);
  const users = { alice: PASSWORD, bob: PASSWORD };
  const extras = SERVERS[name](port, asker.access === undefined ? '' : `"${asker.access}"`);
  const server = resources.use(await startProsody({ domain: 'localhost', users, component: COMPONENT }, extras));
  const gateway = resources.use(await startGateway(asker.hosts(server)));
  if (asker.access !== undefined) await gateway.online(asker.access);
  const { addresses, tidy, authorize } = asker;
  const places = { ...addresses, [UPLOADS]: `localhost:${port}` };
  const rewrite = (text: string) =>
    Object.entries(places).reduce((so, [recorded, ours]) => so.replaceAll(recorded, ours), text);
  return { url: gateway.url, isSameServer: true, rewrite, authorize, tidy };
}

for (const [who, asker] of Object.entries(ASKERS)) {
  test(`in front of the recorded server ${who} is answered as recorded`, { skip: MISSING }, async t => {
    await using resources = new AsyncDisposableStack();
    const skipped = Object.values(asker.leftOut).flatMap(({ ids }) => ids);
    const compared = HTTP_VECTORS.filter(({ id }) => !skipped.includes(id));
    const different: string[] = [];
    for (const name of ['A', 'B'] as const) {
      const replay = await replayOf(name, asker, resources);
      const authorization = replay.authorize(basic({ user: 'alice', password: PASSWORD }));
      // The recorder had sent a message before the recordings; it is in the archive.
      const body = '{"kind":"message","type":"chat","to":"bob@localhost","body":"archived 0"}';
      const headers = { authorization };
      if (name === 'B') assert.equal((await post(replay.url, { body, type: 'application/json', headers })).status, 202);
      const recorded = compared.filter(({ server }) => server === name);
      different.push(...(await differing(recorded, replay)));
    }
    for (const [why, { count, ids }] of Object.entries(asker.leftOut)) {
      assert.equal(HTTP_VECTORS.filter(({ id }) => ids.includes(id)).length, count, why);
      t.diagnostic(`left out ${count}: ${why}`);
    }
    assert.equal(compared.length, asker.compared);
    const all = compared.map(({ id }) => id);
    compare(t, { heading: 'HTTP', all, different, skipped: [...skipped, ...ALIKE_HERE] });
  });
}
