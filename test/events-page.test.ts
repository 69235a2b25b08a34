/**
 * docs/events.md tells the truth: its reader misses nothing when it is cut off, and its curl lines give what it says.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { Arrivals } from './support/arrivals.ts';
import { curlLines, paste } from './support/curl.ts';
import { type Incoming, PASSWORD, type ReceivingApp, receive, runReceivingApp } from './support/receiving-app.ts';

const page = await readFile(new URL('../docs/events.md', import.meta.url), 'utf8');

/** A text of the page for another gateway. */
function here(text: string, { url }: ReceivingApp): string {
  return text
    .replaceAll('http://127.0.0.1:5280', url)
    .replaceAll('rest.example.net:SECRET', `rest.example:${PASSWORD}`);
}

/** Runs a program until the test ends; gives the lines that it prints. */
function lines(t: TestContext, command: string, args: readonly string[]): Arrivals<string> {
  const program = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => program.kill('SIGKILL'));
  const printed = new Arrivals<string>(() => `from ${command}`);
  createInterface(program.stdout).on('line', line => printed.push(line));
  program.on('exit', code => printed.end(new Error(`it ended with ${code}`)));
  return printed;
}

test('the reader in Python comes back and misses nothing', async t => {
  await using app = await runReceivingApp();
  const source = /```python\n(.*?)```/s.exec(page)?.[1] ?? '';
  assert.ok(source.split('\n').length <= 16);
  const script = here(source, app).replace('time.sleep(3)', 'time.sleep(0.05)');
  const printed = lines(t, 'python3', ['-c', script]);
  for (let round = 0; round < 5; round += 1) {
    const bodies = Array.from({ length: 10 }, (_, n) => `${round * 10 + n}`);
    const arriving = receive(app, ...bodies.map((body): Incoming => ({ body })));
    for (const body of bodies) {
      const line = await printed.take(text => text.startsWith('message '), `message ${body}`);
      assert.match(line, new RegExp(`'body': '${body}'`));
    }
    await arriving;
    app.cutAll();
  }
  assert.deepEqual(
    printed.takeAll().filter(line => line.startsWith('message ')),
    [],
  );
});

/** What the lines give that come to an end, by a text that only they have. */
const OUTCOMES: Readonly<Record<string, readonly [status: number, answer: RegExp]>> = {
  '/events?after=0&wait=30': [200, /^\{"events":\[\{"seq":1,"at":"[^"]+","stanza":\{.*\],"last":1\}$/],
  '/events?after=0&kind=message': [200, /^\{"events":\[\{"seq":1,/],
  "/deliveries?state=dead'": [200, /^\{"deliveries":\[\],"next":null\}$/],
  '-X POST': [202, /^\{"retried":0\}$/],
};

test('the curl lines give what they should', async t => {
  await using app = await runReceivingApp();
  await receive(app, { body: 'Hello!', from: 'user@example.org/phone' });
  const [stream = '', ...others] = curlLines(page);
  assert.equal(others.length, Object.keys(OUTCOMES).length);
  for (const line of others) {
    const [status, answer] = Object.entries(OUTCOMES).find(([text]) => line.includes(text))?.[1] ?? [0, /^$/];
    const printed = await paste(here(line, app));
    assert.equal(printed.status, status, line);
    assert.match(printed.output, answer);
  }
  // A shell would stay behind when it is killed, unless it becomes the program.
  const printed = lines(t, '/bin/sh', ['-c', `exec ${here(stream, app)} -sS`]);
  await printed.take(line => line === 'event: message', 'the name of the event');
  await printed.take(line => /^data: \{"kind":"message",.*"body":"Hello!"\}$/.test(line), 'the stanza');
});
