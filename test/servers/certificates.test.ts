/**
 * Accounts that log in by a certificate (SASL EXTERNAL, XEP-0178), at a server that others have written. Debian's Prosody has no
 * module that takes one from a client.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TokenStore } from '../../src/auth/token-store.ts';
import { readTerms } from '../../src/auth/token-terms.ts';
import { CallbackReceiver } from '../support/callback-receiver.ts';
import { type Issued, TestAuthority, type Wish } from '../support/certificates.ts';
import { startEjabberd } from '../support/ejabberd.ts';
import { Folder } from '../support/folder.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { newSecret } from '../support/secrets.ts';
import type { XmppServer } from '../support/xmpp-server.ts';

const DOMAIN = 'certificates.test';
const [ALICE, BOT] = ['alice', 'bot'].map(local => `${local}@${DOMAIN}`) as [string, string];
/** For several, so that the gateway has to say which one it means; ejabberd wants one in it when nobody says. */
const SEVERAL = [`carol@${DOMAIN}`, ALICE];

describe('accounts with certificates, at ejabberd', { timeout: 120_000 }, () => {
  const owned = new AsyncDisposableStack();
  let authority: TestAuthority;
  let folder: Folder;
  let server: XmppServer;
  before(async () => {
    authority = await TestAuthority.make();
    folder = owned.use(await Folder.make());
    const users = { alice: newSecret(), bot: newSecret(), carol: newSecret() };
    const component = { domain: `rest.${DOMAIN}`, secret: newSecret() };
    const certificate = await authority.issue({ names: [DOMAIN] });
    const serving = { domain: DOMAIN, users, component, certificate };
    server = owned.use(await startEjabberd(serving, { clientAuthority: authority.cert }));
  });
  after(() => owned.disposeAsync());

  /** The keys of an account whose certificate says this. */
  async function showing(name: string, { cert, key }: Issued) {
    return {
      certificate_file: await folder.write(`${name}.pem`, cert),
      key_file: await folder.write(`${name}-key.pem`, key),
    };
  }

  async function gateway(accounts: Parameters<typeof startGateway>[0][string]['accounts'], data: string) {
    const ca = await folder.write('ca.pem', authority.cert);
    const virtualhost = { server: `xmpp://127.0.0.1:${server.ports.c2s}`, tls: 'required', ca_file: ca };
    return await startGateway({ [DOMAIN]: { virtualhost, ...(accounts && { accounts }) } }, { data });
  }

  async function begun(running: Gateway, account: string): Promise<void> {
    await running.logged([`"account":"${account}"`, '"msg":"client session has begun"']);
  }

  it('log in, send and receive, and come back after a restart of the server', async () => {
    await using receiver = await CallbackReceiver.start();
    const data = join(folder.path, 'data');
    const accounts = {
      alice: await showing('alice', await authority.issue({ accounts: SEVERAL })),
      bot: {
        ...(await showing('bot', await authority.issue({ accounts: [BOT] }))),
        callback: { url: receiver.url, content_type: 'json', stanzas: ['message'] },
      },
    };
    await using running = await gateway(accounts, data);
    await Promise.all([begun(running, ALICE), begun(running, BOT)]);
    using store = TokenStore.open(join(data, 'tokens.sqlite'), new MemoryLog());
    const { token } = store.create(readTerms({ jid: ALICE, scopes: ['send'] }, Date.now()));
    for (const body of ['before', 'after']) {
      const answer = await fetch(`${running.url}/rest`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'message', to: BOT, type: 'chat', body }),
      });
      assert.equal(answer.status, 202);
      const call = await receiver.calls.take(({ body: text }) => text.includes(`"${body}"`), 'a call');
      assert.equal(JSON.parse(call.body).from, `${ALICE}/restanza`);
      if (body === 'after') break;
      await server.kill();
      await running.logged(['"msg":"client link is suspended"']);
      await server.start();
      await Promise.all([begun(running, ALICE), begun(running, BOT)]);
    }
  });

  for (const [what, wish, stranger] of [
    ['of somebody else', { accounts: [`carol@${DOMAIN}`] }, false],
    ['that has expired', { accounts: [BOT], from: -10, until: -1 }, false],
    ['of an authority that the server does not know', { accounts: [BOT] }, true],
  ] satisfies [string, Wish, boolean][]) {
    it(`are refused with a certificate ${what}, and the log says so`, async () => {
      const signer = stranger ? await TestAuthority.make('Stranger') : authority;
      await using running = await gateway(
        { bot: await showing('bad', await signer.issue(wish)) },
        join(folder.path, what),
      );
      await running.logged([`"account":"${BOT}"`, 'certificate_file']);
    });
  }
});
