/**
 * What a new user does: starts without a configuration, pastes the printed `curl`, and sees the message arrive at a real
 * client that was logged in with the other printed line.
 *
 * Only the ports differ from a first start, since those of the default may be taken.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childNamed, textOf } from '../../src/xml/element.ts';
import { Folder } from '../support/folder.ts';
import { having } from '../support/peer.ts';
import { Child } from '../support/process.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START = 30_000;
const CURL = /^ {2}(curl \S+\/rest --user 'alice:[^']+' .*)$/m;
const LOGIN =
  /^ {2}address (?<user>bob)@(?<domain>localhost), password (?<password>\S+), server (?<host>[\d.]+):(?<port>\d+)$/m;

/** A gateway without a configuration file, in a folder of its own. */
function started(folder: Folder): Child {
  const env = { RESTANZA_LISTEN: '127.0.0.1:0', RESTANZA_HOSTS__localhost__EMBEDDED__C2S: '127.0.0.1:0' };
  return new Child({ command: process.execPath, args: [MAIN, 'start'], cwd: folder.path, env });
}

/** Runs a line as a user pastes it. */
async function paste(line: string): Promise<string> {
  const shell = spawn('/bin/sh', ['-c', line], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(shell.stdout), once(shell, 'exit')]);
  assert.equal(code, 0, `${line} ended with ${code}`);
  return output;
}

async function folderFor(t: TestContext): Promise<Folder> {
  const folder = await Folder.make();
  t.after(() => folder[Symbol.asyncDispose]());
  return folder;
}

test('the printed lines bring a message from curl to a client, and a ping back', async t => {
  const folder = await folderFor(t);
  await using gateway = started(folder);
  const lastLine = await gateway.line(['address bob@localhost'], START);
  const printed = gateway.stdout.join('\n');
  const curl = CURL.exec(printed)?.[1];
  const login = LOGIN.exec(lastLine)?.groups;
  assert.ok(curl !== undefined && login !== undefined, printed);
  const { user = '', domain = '', password = '', host = '', port } = login;
  await using bob = await connectSlixmpp({ host, port: Number(port), user, domain, password, resource: 'phone' });

  await paste(curl);
  const message = await bob.next(having({ type: 'chat' }), 'the message of the printed curl');
  const body = childNamed(message, 'body');
  assert.equal(body === undefined ? undefined : textOf(body), 'Hello!');
  assert.equal(message.attrs['from'], 'alice@localhost');

  const ping = JSON.stringify({ kind: 'iq', type: 'get', to: bob.jid, ping: true, id: 'p1' });
  const answer = JSON.parse(await paste(curl.replace(/--data-binary '.*'$/, `--data-binary '${ping}'`)));
  assert.deepEqual(answer, { kind: 'iq', type: 'result', from: bob.jid, to: 'alice@localhost', id: 'p1' });
});

test('the second start keeps the accounts and says where the passwords are', async t => {
  const folder = await folderFor(t);
  const first = started(folder);
  await first.line(['address bob@localhost'], START);
  const password = LOGIN.exec(first.stdout.join('\n'))?.groups?.['password'];
  assert.deepEqual(await first.stop(START), { code: 0, signal: null });

  await using second = started(folder);
  const address = JSON.parse(await second.line(['"msg":"c2s listening"'], START)).address as string;
  await second.line(['The passwords of alice and bob were printed at the first start'], START);
  const { hostname: host, port } = new URL(`tcp://${address}`);
  const login = {
    host,
    port: Number(port),
    user: 'bob',
    domain: 'localhost',
    password: password ?? '',
    resource: 'phone',
  };
  await using bob = await connectSlixmpp(login);
  assert.equal(bob.jid, 'bob@localhost/phone');
  assert.ok(!second.stdout.join('\n').includes(password ?? ''), 'the password was printed again');
});
