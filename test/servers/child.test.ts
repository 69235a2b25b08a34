/**
 * What the other tests of this folder rely on: a program that a test starts is listened to, bounded and ended.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Arrivals } from '../support/arrivals.ts';
import { Folder } from '../support/folder.ts';
import { freePorts } from '../support/ports.ts';
import { Child } from '../support/process.ts';

const node = (script: string) => new Child({ command: process.execPath, args: ['-e', script], cwd: '/' });

describe('a child process', { timeout: 60_000 }, () => {
  it('hands over each line once, whenever it is asked for', async () => {
    await using child = node(`process.stdout.write('one\\ntwo\\nhalf\\u2028 a line');`);
    await child.exited;
    assert.equal(await child.line(['o']), 'one');
    assert.equal(await child.line(['o']), 'two');
    assert.equal(await child.line(['half']), 'half\u2028 a line');
  });

  it('shows its output when the line does not come', async () => {
    await using child = node(`console.error('what went wrong'); setInterval(() => {}, 1000); console.log('up');`);
    await child.line(['up']);
    await assert.rejects(
      child.line(['never'], 50),
      /'never' did not come: 50 ms have passed\noutput of .*what went wrong/s,
    );
  });

  it('says at once that a line cannot come any more', async () => {
    await using child = node('process.exit(3)');
    await assert.rejects(child.line(['never']), /has ended \(code 3\)/);
  });

  it('says that a program is not there', async () => {
    await using child = new Child({ command: '/nonexistent', args: [], cwd: '/' });
    await assert.rejects(child.line(['never']), /ENOENT/);
  });

  it('is killed when it does not end by itself', async () => {
    await using child = node(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up');`);
    await child.line(['up']);
    assert.deepEqual(await child.stop(50), { code: null, signal: 'SIGKILL' });
  });

  it('does not outlive the test', async () => {
    const child = node(`setInterval(() => {}, 1000); console.log('up');`);
    {
      await using owned = child;
      await owned.line(['up']);
    }
    assert.deepEqual(await child.exited, { code: null, signal: 'SIGTERM' });
  });
});

describe('arrivals', () => {
  it('go to the first wait that wants them', async () => {
    const numbers = new Arrivals<number>(() => '');
    const even = numbers.take(number => number % 2 === 0, 'an even number');
    for (const number of [1, 2, 4]) numbers.push(number);
    assert.equal(await even, 2);
    assert.deepEqual(numbers.takeAll(), [1, 4]);
  });

  it('end the waits when their source ends', async () => {
    const numbers = new Arrivals<number>(() => 'the state');
    const never = numbers.take(() => true, 'a number');
    numbers.end(new Error('it broke'));
    await assert.rejects(never, /it broke/);
    await assert.rejects(
      numbers.take(() => true, 'another'),
      /another did not come: it broke\nthe state/,
    );
  });
});

describe('surroundings', () => {
  it('a folder goes with what it holds', async () => {
    const folder = await Folder.make();
    await folder.makeFolders(['a', 'b']);
    assert.ok(existsSync(await folder.write('a/b/c', 'x')));
    await folder[Symbol.asyncDispose]();
    assert.equal(existsSync(folder.path), false);
  });

  it('ports are different and below those that clients get', async () => {
    const ports = await freePorts(50);
    assert.equal(new Set(ports).size, 50);
    assert.ok(ports.every(port => port >= 20_000 && port < 32_000));
  });
});
