/**
 * A disk that is full: nothing is acknowledged that is not on it, and nothing is lost.
 *
 * The server is one of our own, which sees each acknowledgement (XEP-0198); the data is on a file system in memory.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { NS } from '../../src/xmpp/ns.ts';
import { type C2sConnection, C2sServer } from '../support/c2s-server.ts';
import { type Call, CallbackReceiver } from '../support/callback-receiver.ts';
import { Checker, type Counts, table } from '../support/checker.ts';
import { type Gateway, type Hosts, startGateway } from '../support/gateway.ts';
import { JSON_TYPE, post, type Reply } from '../support/rest-client.ts';
import { newSecret } from '../support/secrets.ts';
import { NO_DISK, SmallDisk } from '../support/small-disk.ts';

const SIZE = 8 * 1024 * 1024;
/** Stanzas before the disk is full. */
const BEFORE = 100;
/** Stanzas while it is full: not so many that the gateway would read no more, and could not be asked. */
const FULL = 200;
const TEXT = 'x'.repeat(4_000);
/** Stanzas after it. */
const AFTER = 100;
/** Milliseconds for all that waits to be told. */
const DRAINED = 60_000;

const NOTHING: Counts = { ok: 0, lost: 0, unknown: 0, refused: 0, repeated: 0, resent: 0, inverted: 0, phantom: 0 };

const domain = 'home.example';
const account = `alice@${domain}`;
const passwords = { alice: newSecret() };
const local = { domain: 'embedded.test', user: 'bob', password: newSecret() };

/** What a run has in hand. */
interface Stage extends AsyncDisposable {
  readonly disk: SmallDisk;
  readonly server: C2sServer;
  readonly checker: Checker;
  readonly hosts: Hosts;
  readonly gateway: Gateway;
  readonly connection: C2sConnection;
}

/** @returns `undefined` where no file system can be mounted */
async function stage(run: string): Promise<Stage | undefined> {
  await using undo = new AsyncDisposableStack();
  const disk = await SmallDisk.mount(SIZE);
  if (disk === undefined) return undefined;
  undo.use(disk);
  const server = undo.use(await C2sServer.listen({ domain, passwords }));
  const checker = new Checker(run, 1);
  const accept = ({ body, headers }: Call) => {
    checker.deliver(JSON.parse(body).id, String(headers['webhook-id']));
    return { status: 202 };
  };
  const receiver = undo.use(await CallbackReceiver.start(accept));
  const callback = { url: receiver.url, content_type: 'json' };
  const hosts = {
    [domain]: {
      virtualhost: { server: `xmpp://127.0.0.1:${server.port}`, tls: 'off' },
      accounts: { alice: { password: passwords.alice, callback } },
    },
    [local.domain]: { embedded: { c2s: '127.0.0.1:0', accounts: { [local.user]: local.password } } },
  };
  const gateway = undo.use(await startGateway(hosts, { data: disk.path, level: 'info' }));
  const connection = await server.next();
  const owned = undo.move();
  return { disk, server, checker, hosts, gateway, connection, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function deliver({ checker }: Stage, { session }: C2sConnection, count: number): void {
  for (let sent = 0; sent < count; sent += 1) {
    const payload = checker.send(0);
    const from = `bob@${domain}/phone`;
    session?.deliver(
      `<message from='${from}' to='${account}' type='chat' id='${payload}'><body>${TEXT}</body></message>`,
    );
  }
}

/** Asks how many stanzas the gateway has handled (XEP-0198 §4). */
async function handled(connection: C2sConnection): Promise<number> {
  const { said } = connection;
  while (said.length > 0) await said.take();
  connection.send(`<r xmlns='${NS.management}'/>`);
  for (;;) {
    const { name, attrs } = await said.take();
    if (name === 'a') return Number(attrs['h']);
  }
}

/** Fills the disk under load; @returns how many stanzas of ours were acknowledged then, and how many others before them */
async function fill(stage: Stage): Promise<{ readonly acknowledged: number; readonly others: number }> {
  const { connection, checker, disk, gateway } = stage;
  deliver(stage, connection, BEFORE);
  await checker.until(() => checker.isOver, DRAINED);
  const others = (await handled(connection)) - BEFORE;
  await disk.fill();
  deliver(stage, connection, FULL);
  await gateway.logged(['the journal cannot be written']);
  const acknowledged = (await handled(connection)) - others;
  assert.ok(acknowledged < BEFORE + FULL, 'it acknowledged what is not on the disk');
  return { acknowledged, others };
}

/** Posts a message for bob to himself. */
function postTo({ gateway: { url } }: Stage, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  const body = JSON.stringify({ kind: 'message', to: local.domain, body: 'hi' });
  const as = { user: `${local.user}@${local.domain}`, password: local.password };
  return post(url, { body, type: JSON_TYPE, as, headers });
}

const codeOf = ({ text }: Reply): unknown => JSON.parse(text).error.reason;

function report(t: TestContext, { checker }: Stage): Counts {
  const counts = checker.counts();
  for (const line of table(checker.sent, counts).split('\n')) t.diagnostic(line);
  return counts;
}

const WITHOUT = 'no file system can be mounted here';

describe('a disk that is full', { skip: NO_DISK, timeout: 180_000 }, () => {
  it('keeps stanzas with their server and 202 from clients, and when there is room again all goes on by itself', async t => {
    await using run = await stage('full');
    if (run === undefined) return t.skip(WITHOUT);
    const { checker, connection, disk, gateway } = run;
    const { acknowledged, others } = await fill(run);
    const [plain, keyed] = [await postTo(run), await postTo(run, { 'idempotency-key': 'key-1' })];
    assert.deepEqual([plain, keyed].map(codeOf), ['unconfirmed', 'storage-unavailable']);
    assert.equal((await handled(connection)) - others, acknowledged);
    t.diagnostic(`${acknowledged} of ${BEFORE + FULL} acknowledged while the disk was full; a keyed request got 503`);
    await disk.free();
    await gateway.logged(['the journal can be written again']);
    deliver(run, connection, AFTER);
    await checker.until(() => checker.isOver, DRAINED);
    assert.equal((await handled(connection)) - others, checker.sent);
    checker.acknowledge(0);
    assert.deepEqual({ ...report(t, run), repeated: 0 }, { ...NOTHING, ok: checker.sent });
    assert.equal((await postTo(run, { 'idempotency-key': 'key-1' })).status, 202);
  });

  it('has all that was acknowledged when the gateway is killed meanwhile', async t => {
    await using run = await stage('killed');
    if (run === undefined) return t.skip(WITHOUT);
    const { checker, disk, gateway, hosts, server } = run;
    const { acknowledged } = await fill(run);
    checker.acknowledge(0, acknowledged);
    await gateway.kill();
    await disk.free();
    await using _again = await startGateway(hosts, { data: disk.path, level: 'info' });
    deliver(run, await server.next(), 1);
    await checker.until(() => checker.isOver, DRAINED);
    const { lost, inverted, resent, phantom } = report(t, run);
    assert.deepEqual({ lost, inverted, resent, phantom }, { lost: 0, inverted: 0, resent: 0, phantom: 0 });
  });
});
