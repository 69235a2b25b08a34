import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auth, bind, type C2sClient, header, STARTTLS } from '../../../test/support/c2s-client.ts';
import { type Hosting, PASSWORDS, startHost } from '../../../test/support/embedded-host.ts';

const ALICE = { user: 'alice', password: PASSWORDS.alice } as const;
const PLAIN = auth('PLAIN', `\0alice\0${PASSWORDS.alice}`);
/** The first bytes of a TLS handshake: a record that announces more than comes. */
const HALF_HELLO = Buffer.from('160301020001', 'hex');

type Step = readonly [where: string, act: (client: C2sClient) => Promise<unknown> | unknown];

/** Each step of a login, as far as it has come when the connection breaks. */
const STEPS: readonly Step[] = [
  ['before the header', () => {}],
  ['in the header', client => client.send(header().slice(0, 60))],
  ['when the header is sent', client => client.send(header())],
  ['after the features', client => client.open()],
  ['when STARTTLS is sent', client => client.open().then(() => client.send(STARTTLS))],
  ['after proceed', client => proceed(client)],
  ['in the TLS handshake', client => proceed(client).then(() => client.send(HALF_HELLO))],
  ['after the TLS handshake', client => client.open().then(() => client.secure())],
  ['when the header is sent over TLS', client => secured(client).then(() => client.send(header()))],
  ['while a password is checked', client => client.open().then(() => client.send(PLAIN))],
  [
    'while a password is checked over TLS',
    client =>
      secured(client)
        .then(() => client.open())
        .then(() => client.send(PLAIN)),
  ],
  ['within SCRAM', client => challenged(client)],
  [
    'after a failure',
    client => client.open().then(() => client.authenticate({ ...ALICE, password: '-' }).catch(() => {})),
  ],
  ['after success', client => authenticated(client)],
  ['after the restart', client => authenticated(client).then(() => client.open())],
  [
    'when binding is sent',
    client =>
      authenticated(client)
        .then(() => client.open())
        .then(() => client.send(bind('x'))),
  ],
  ['when it is bound', client => client.login(ALICE)],
  ['when it is available', client => client.login({ ...ALICE, tls: true }).then(() => client.send('<presence/>'))],
  ['in a stanza', client => client.login(ALICE).then(() => client.send("<message to='bob@localhost'><bo"))],
  ['after the end of the stream', client => client.login(ALICE).then(() => client.send('</stream:stream>'))],
];

const TIMES = 50;

async function proceed(client: C2sClient): Promise<void> {
  await client.open();
  client.send(STARTTLS);
  await client.until(/<proceed[^>]*>/);
}

async function secured(client: C2sClient): Promise<void> {
  await client.open();
  await client.secure();
}

async function challenged(client: C2sClient): Promise<void> {
  await client.open();
  client.send(auth('SCRAM-SHA-256', 'n,,n=alice,r=abc'));
  await client.until(/<\/challenge>/);
}

async function authenticated(client: C2sClient): Promise<void> {
  await client.open();
  await client.authenticate(ALICE);
}

/** Sockets and timers that keep the process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) {
    if (/^(TCP|TLS|Timeout|Immediate)/.test(name)) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Lets the event loop turn until nothing is left, or for so many turns that something is. */
async function settled(host: Hosting, before: string): Promise<void> {
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (host.clock.waits.length === 0 && JSON.stringify(resources()) === before) return;
    await new Promise(setImmediate);
  }
}

describe('a connection that breaks', () => {
  for (const [where, act] of STEPS) {
    for (const how of ['reset', 'finish'] as const) {
      it(`by ${how} ${where}, ${TIMES} times, leaves nothing behind`, async () => {
        await using host = await startHost();
        const before = JSON.stringify(resources());
        const breaking = Array.from({ length: TIMES }, async () => {
          const client = await host.connect();
          await act(client);
          client[how]();
          await client.rest();
        });
        await Promise.all(breaking);
        await settled(host, before);
        assert.deepEqual(host.clock.waits, []);
        assert.equal(JSON.stringify(resources()), before);
        assert.deepEqual(
          host.log.lines.filter(({ level }) => level === 'error'),
          [],
        );
        const bob = await host.login('bob');
        bob.send('</stream:stream>');
        await bob.rest();
      });
    }
  }
});
