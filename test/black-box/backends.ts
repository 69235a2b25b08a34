/**
 * The back ends that the black-box contract runs against.
 *
 * Decides, for each, how the gateway is configured and who may send from where. The facts about a server that a test must
 * know stand here and nowhere else.
 */
import { startEjabberd } from '../support/ejabberd.ts';
import { startGateway } from '../support/gateway.ts';
import { startJabberd2 } from '../support/jabberd2.ts';
import { startProsody } from '../support/prosody.ts';
import { newSecret } from '../support/secrets.ts';
import type { Serving, XmppServer } from '../support/xmpp-server.ts';
import type { Backend } from './house.ts';

const RESOURCE = 'phone';

/** The gateway serves a domain itself; `alice` posts. */
export async function embedded(): Promise<Backend> {
  const domain = 'embedded.test';
  const accounts = { alice: newSecret(), bob: newSecret(), carol: newSecret() };
  const gateway = await startGateway({ [domain]: { embedded: { c2s: '127.0.0.1:0', accounts } } });
  const from = `alice@${domain}`;
  return {
    gateway,
    sender: { user: 'alice', password: accounts.alice },
    from,
    alsoFrom: `${from}/desk`,
    notFrom: [`bob@${domain}`, `bob@${domain}/${RESOURCE}`, domain, 'alice@elsewhere.test', `alice@sub.${domain}`],
    domain,
    login: user => ({ ...gateway.c2s(domain), user, domain, password: accounts[user], resource: RESOURCE }),
    relayed: text => text,
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}

/** The gateway is a component of Prosody. */
export function prosodyComponent(): Promise<Backend> {
  return component(startProsody);
}

/** The gateway is a component of ejabberd. */
export function ejabberdComponent(): Promise<Backend> {
  return component(startEjabberd);
}

/** The gateway is a component of jabberd2. */
export function jabberd2Component(): Promise<Backend> {
  return component(startJabberd2);
}

async function component(start: (serving: Serving) => Promise<XmppServer>): Promise<Backend> {
  await using undo = new AsyncDisposableStack();
  const domain = 'xmpp.test';
  const users = { bob: newSecret(), carol: newSecret() };
  const own = { domain: `rest.${domain}`, secret: newSecret() };
  const server = undo.use(await start({ domain, users, component: own }));
  const address = `xmpp://127.0.0.1:${server.ports.component}`;
  const gateway = undo.use(
    await startGateway({ [own.domain]: { component: { server: address, secret: own.secret } } }),
  );
  await gateway.online(own.domain);
  const owned = undo.move();
  return {
    gateway,
    sender: { user: own.domain, password: own.secret },
    from: own.domain,
    alsoFrom: `bot@${own.domain}/${RESOURCE}`,
    notFrom: [domain, `bob@${domain}/${RESOURCE}`, `bot@sub.${own.domain}`, `${own.domain}.elsewhere.test`],
    domain,
    login: user => ({
      host: '127.0.0.1',
      port: server.ports.c2s,
      user,
      domain,
      password: users[user],
      resource: RESOURCE,
    }),
    // Both servers write U+000D as it is, and XML 1.0 §2.11 lets the next reader take it for a line end.
    relayed: text => text.replace(/\r\n?/g, '\n'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
