/**
 * Everything that a run needs, running.
 *
 * Decides that each server, gateway and peer is a process of its own, started once, on private ports of 127.0.0.1 and in
 * private folders; and that all of them end with the run.
 */
import { Folder } from '../test/support/folder.ts';
import { freePorts } from '../test/support/ports.ts';
import { ARCHIVE, BOT, EMBEDDED, GATEWAY, HASHED, PLAIN, RECIPIENT, SECRET, SENDER, SOURCE } from './names.ts';
import type { AnswererOrder } from './peers/answerer.ts';
import type { BareHttpOrder } from './peers/bare-http.ts';
import type { OpenLoopOrder } from './peers/open-loop.ts';
import { Peer } from './peers/process.ts';
import type { RecipientOrder } from './peers/recipient.ts';
import type { SourceOrder } from './peers/source.ts';
import { build } from './servers/build.ts';
import { startEjabberd } from './servers/ejabberd.ts';
import { Gateway, type Hosts, type Package } from './servers/gateway.ts';
import { startProsody } from './servers/prosody.ts';

/** An XMPP server with all that stands around it. */
export interface Site {
  readonly name: string;
  readonly ports: { readonly c2s: number; readonly component: number };
  /** Its own HTTP API; absent without one. */
  readonly http?: number;
  /** The domain whose users act over HTTP. */
  readonly users: string;
  readonly recipient: Peer<RecipientOrder>;
  readonly source: Peer<SourceOrder>;
  /** Restanza as a component, and Restanza for users. */
  readonly gateway: Gateway;
  readonly sessions: Gateway;
}

/** All of it. */
export interface Field {
  /** A private folder. */
  readonly folder: string;
  readonly prosody: Site;
  readonly ejabberd: Site;
  readonly embedded: { readonly gateway: Gateway; readonly recipient: Peer<RecipientOrder> };
  readonly bare: { readonly port: number; readonly pid: number | undefined };
  readonly openLoop: Peer<OpenLoopOrder>;
  /** Restanza itself. */
  readonly what: Package;
}

/** What can be chosen. */
export interface FieldOptions {
  /** The folder in which mod_rest is; without it Prosody has no HTTP API. */
  readonly modules: string | undefined;
  /** The folder for CPU profiles of the gateways; none are made without it. */
  readonly profiles: string | undefined;
}

/** Starts everything; the stack owns it. */
export async function openField(stack: AsyncDisposableStack, { modules, profiles }: FieldOptions): Promise<Field> {
  const folder = stack.use(await Folder.make()).path;
  const what = { main: await build(folder), profiles };
  const [port = 0, callback = 0] = await freePorts(2);
  const bare = stack.use(new Peer<BareHttpOrder>('./bare-http.ts'));
  await bare.ask({ port });
  await stack.use(new Peer<AnswererOrder>('./answerer.ts')).ask({ port: callback });
  const url = `http://127.0.0.1:${callback}/`;
  const prosody = await startProsody(modules, url);
  stack.use(prosody.server);
  const ejabberd = await startEjabberd();
  stack.use(ejabberd.server);
  const site = { stack, url, what };
  return {
    folder,
    bare: { port, pid: bare.pid },
    prosody: await openSite({
      ...site,
      name: 'Prosody',
      users: HASHED,
      ...httpOf(prosody),
      ports: prosody.server.ports,
    }),
    ejabberd: await openSite({
      ...site,
      name: 'ejabberd',
      users: PLAIN,
      ...httpOf(ejabberd),
      ports: ejabberd.server.ports,
    }),
    embedded: await openEmbedded(stack, what),
    what,
    openLoop: stack.use(new Peer<OpenLoopOrder>('./open-loop.ts')),
  };
}

const httpOf = ({ http }: { readonly http?: number }) => (http === undefined ? {} : { http });

interface SitePlan extends Pick<Site, 'name' | 'ports' | 'http' | 'users'> {
  readonly stack: AsyncDisposableStack;
  /** What is called with what comes in for the bot. */
  readonly url: string;
  readonly what: Package;
}

async function openSite({ stack, url, what, ...site }: SitePlan): Promise<Site> {
  const { c2s, component } = site.ports;
  const recipient = stack.use(new Peer<RecipientOrder>('./recipient.ts'));
  await recipient.ask({ what: 'login', login: { port: c2s, domain: PLAIN, user: RECIPIENT, password: SECRET } });
  const source = stack.use(new Peer<SourceOrder>('./source.ts'));
  await source.ask({ what: 'login', login: { port: component, domain: SOURCE, secret: SECRET } });
  const gateway = stack.use(await Gateway.start(what, componentHosts(component, url)));
  await gateway.logged('"msg":"component link is online"');
  await gateway.logged('"msg":"component link is online"');
  const sessions = stack.use(await Gateway.start(what, userHosts(site, c2s)));
  return { ...site, recipient, source, gateway, sessions };
}

function componentHosts(port: number, url: string): Hosts {
  const component = { server: `xmpp://127.0.0.1:${port}`, secret: SECRET };
  return { [GATEWAY]: { component }, [BOT]: { component, callback: { url, content_type: 'json' } } };
}

function userHosts({ users }: Pick<Site, 'users'>, port: number): Hosts {
  const virtualhost = { server: `xmpp://127.0.0.1:${port}`, tls: 'off' };
  return { [users]: { virtualhost }, [ARCHIVE]: { virtualhost } };
}

async function openEmbedded(stack: AsyncDisposableStack, what: Package): Promise<Field['embedded']> {
  const accounts = { [SENDER]: SECRET, [RECIPIENT]: SECRET };
  const gateway = stack.use(await Gateway.start(what, { [EMBEDDED]: { embedded: { c2s: '127.0.0.1:0', accounts } } }));
  const address = /"address":"[^"]*:(\d+)"/.exec(await gateway.logged('"msg":"c2s listening"'))?.[1];
  const recipient = stack.use(new Peer<RecipientOrder>('./recipient.ts'));
  const login = { port: Number(address), domain: EMBEDDED, user: RECIPIENT, password: SECRET };
  await recipient.ask({ what: 'login', login });
  return { gateway, recipient };
}
