import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Folder } from '../test/support/folder.ts';
import { Child } from '../test/support/process.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
/** Free ports, so that a gateway that does start takes no others. */
const PORTS = { RESTANZA_LISTEN: '127.0.0.1:0', RESTANZA_HOSTS__LOCALHOST__EMBEDDED__C2S: '127.0.0.1:0' };

interface Given {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the program to its end. */
async function run(args: readonly string[], { yaml, env = {} }: Given = {}) {
  await using folder = await Folder.make();
  if (yaml !== undefined) await folder.write('restanza.yaml', yaml);
  await using child = new Child({ command: process.execPath, args: [MAIN, ...args], cwd: folder.path, env });
  const { code } = await child.exited;
  return { code, out: child.stdout, err: child.stderr };
}

describe('the program', { timeout: 60_000 }, () => {
  it('shows its version', async () => {
    const { code, out } = await run(['--version']);
    assert.equal(code, 0);
    assert.match(out.join('\n'), /^restanza [0-9]+\.[0-9]+\.[0-9]+$/);
  });

  it('shows what it can do', async () => {
    const { code, out, err } = await run(['help']);
    assert.deepEqual({ code, err, first: out[0] }, { code: 0, err: [], first: 'Usage: restanza COMMAND [OPTIONS]' });
  });

  it('prints the JSON Schema of stanzas', async () => {
    const { code, out } = await run(['schema']);
    assert.equal(code, 0);
    const { $schema, $defs } = JSON.parse(out.join('\n'));
    assert.equal($schema, 'https://json-schema.org/draft/2020-12/schema');
    assert.ok(['message', 'presence', 'iq'].every(kind => kind in $defs));
  });

  it('refuses a command that it does not have with 2', async () => {
    const { code, out, err } = await run(['sart']);
    assert.deepEqual(
      { code, out, err },
      {
        code: 2,
        out: [],
        err: [
          "restanza: unknown command 'sart'; did you mean 'start'?",
          'npx node src/main.ts --help lists all commands and options.',
        ],
      },
    );
  });

  it('checks a good configuration with 0', async () => {
    const { code, out, err } = await run(['check'], { yaml: 'listen: 0.0.0.0:80\n' });
    assert.equal(code, 0);
    assert.match(out.join('\n'), /^listen +0\.0\.0\.0:80 +restanza\.yaml:1:9$/m);
    assert.match(err.join('\n'), /^warning: restanza\.yaml:1:9: listen: passwords travel in clear over HTTP/);
  });

  for (const [command, code] of [
    ['check', 1],
    ['start', 2],
  ] as const) {
    it(`ends ${command} with ${code} when the configuration is wrong, and says all that is`, async () => {
      const yaml = 'lisen: 127.0.0.1:1\nhosts: { a: { component: { server: xmpp://a, secret: [canary] } } }\n';
      assert.deepEqual(await run([command], { yaml, env: { RESTANZA_LISTN: 'canary' } }), {
        code,
        out: [],
        err: [
          "restanza.yaml:1:1: lisen: unknown key; did you mean 'listen'?",
          'restanza.yaml:2:54: hosts.a.component.secret: expected a text of 1 to 1024 characters on one line, for example a long random text',
          'RESTANZA_LISTN: unknown variable; did you mean RESTANZA_LISTEN?',
        ],
      });
    });
  }

  it('says which key to change when a port is in use, without a stack, and ends with 1', async t => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const listen = `127.0.0.1:${address.port}`;
    const { code, err } = await run(['start'], { env: { ...PORTS, RESTANZA_LISTEN: listen } });
    assert.equal(code, 1);
    assert.deepEqual(err, [
      `listen: ${listen}: another program listens there; stop it, or choose another port (RESTANZA_LISTEN)`,
    ]);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`starts, and stops with 0 on ${signal}`, async () => {
      await using folder = await Folder.make();
      await using child = new Child({ command: process.execPath, args: [MAIN, 'start'], cwd: folder.path, env: PORTS });
      await child.line(['"msg":"listening"'], 30_000);
      assert.ok(child.pid !== undefined);
      process.kill(child.pid, signal);
      assert.deepEqual(await child.exited, { code: 0, signal: null }, child.transcript());
      assert.deepEqual(child.stderr, []);
    });
  }

  for (const [name, fault] of [
    ['an exception', 'throw new Error("boom")'],
    ['a rejection', 'Promise.reject(new Error("boom"))'],
  ] as const) {
    it(`logs ${name} that nobody caught and ends with 70`, async () => {
      const fail = `process.on('newListener', name => name === 'uncaughtException' && setImmediate(() => { ${fault} }))`;
      const args = ['--import', `data:text/javascript,${encodeURIComponent(fail)}`, MAIN, 'start'];
      await using folder = await Folder.make();
      await using child = new Child({ command: process.execPath, args, cwd: folder.path, env: PORTS });
      assert.deepEqual(await child.exited, { code: 70, signal: null }, child.transcript());
      const line = JSON.parse(child.stdout.find(text => text.includes('boom')) ?? '{}');
      assert.deepEqual([line.level, line.msg], [60, 'a fault of the program ends it']);
    });
  }
});
