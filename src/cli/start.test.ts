import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { MemoryLog } from '../../test/support/memory-log.ts';
import type { Gateway } from '../compose.ts';
import { parseJid } from '../xmpp/jid.ts';
import { live, watchSignals } from './start.ts';

const NEVER = new Promise<never>(() => {});

/** A gateway that does nothing but stop. */
function idle({ failed = NEVER, stop = async () => {} }: { failed?: Promise<Error>; stop?: () => Promise<void> } = {}) {
  let stops = 0;
  const gateway: Gateway = {
    url: 'http://127.0.0.1:5280',
    failed,
    [Symbol.asyncDispose]: () => {
      stops += 1;
      return stop();
    },
  };
  return { gateway, stops: () => stops };
}

/** Lives with a gateway and keeps what was said and done. */
async function lived(starting: Promise<Gateway>, stop: Promise<string>, drain = 10_000) {
  const log = new MemoryLog();
  const printed: string[] = [];
  const exits: number[] = [];
  const out = (text: string) => printed.push(text);
  const exit = (code: number) => exits.push(code);
  const code = await live({ starting, stop, drain, log, out, exit });
  return { code, log, printed, exits };
}

describe('a gateway', () => {
  it('is stopped by a signal and ends with 0', async () => {
    const { gateway, stops } = idle();
    const { code, log, exits } = await lived(Promise.resolve(gateway), Promise.resolve('SIGTERM'));
    assert.deepEqual({ code, exits, stops: stops() }, { code: 0, exits: [], stops: 1 });
    assert.deepEqual(log.with('stopping'), [{ level: 'info', message: 'stopping', signal: 'SIGTERM' }]);
  });

  it('is stopped when it has started, after a signal that came before', async () => {
    const { gateway, stops } = idle();
    const { promise: starting, resolve } = Promise.withResolvers<Gateway>();
    const end = lived(starting, Promise.resolve('SIGINT'));
    setImmediate(resolve, gateway);
    assert.equal((await end).code, 0);
    assert.equal(stops(), 1);
  });

  it('is stopped and ends with 1 when no host can be served any more', async () => {
    const { gateway, stops } = idle({ failed: Promise.resolve(new Error('rest.example.net: wrong secret')) });
    const { code, log } = await lived(Promise.resolve(gateway), NEVER);
    assert.deepEqual({ code, stops: stops() }, { code: 1, stops: 1 });
    assert.equal(log.with('no host can be served any more')[0]?.['reason'], 'rest.example.net: wrong secret');
  });

  it('is given up when stopping takes too long', async () => {
    const { gateway } = idle({ stop: () => NEVER });
    const { code, exits } = await lived(Promise.resolve(gateway), Promise.resolve('SIGTERM'), 5);
    assert.deepEqual({ code, exits }, { code: 1, exits: [1] });
  });

  it('that cannot start is the business of the caller', async () => {
    const fault = new Error('no');
    await assert.rejects(lived(Promise.reject(fault), NEVER), fault);
    await assert.rejects(lived(Promise.reject(fault), Promise.resolve('SIGTERM')), fault);
  });

  it('that cannot stop is the business of the caller', async () => {
    const fault = new Error('no');
    const { gateway } = idle({ stop: () => Promise.reject(fault) });
    await assert.rejects(lived(Promise.resolve(gateway), Promise.resolve('SIGTERM')), fault);
  });

  for (const [name, passwords, expected] of [
    [
      'first',
      [
        ['alice', 'pw-a'],
        ['bob', 'pw-b'],
      ],
      [/--user 'alice:pw-a'.*"to":"bob@localhost"/, /bob@localhost, password pw-b, server 127\.0\.0\.1:5222/],
    ],
    ['next', [], [/were printed at the first start/]],
  ] as const) {
    it(`says at the ${name} start how to try it`, async () => {
      const welcome = { domain: parseJid('localhost'), c2s: '127.0.0.1:5222', passwords: new Map(passwords) };
      const gateway: Gateway = { ...idle().gateway, welcome };
      const { promise: stop, resolve } = Promise.withResolvers<string>();
      setImmediate(resolve, 'SIGTERM');
      const { printed } = await lived(Promise.resolve(gateway), stop);
      assert.equal(printed.length, 1);
      for (const pattern of expected) assert.match(printed.join(''), pattern);
    });
  }
});

describe('signals', () => {
  for (const [second, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`are taken once: ${second} as the second ends the process`, async () => {
      const events = new EventEmitter();
      const exits: number[] = [];
      using signals = watchSignals({ events, exit: exitCode => exits.push(exitCode) });
      events.emit('SIGTERM');
      assert.equal(await signals.first, 'SIGTERM');
      assert.deepEqual(exits, []);
      events.emit(second);
      assert.deepEqual(exits, [code]);
    });
  }

  it('are left alone afterwards', () => {
    const events = new EventEmitter();
    {
      using _signals = watchSignals({ events, exit: () => {} });
      assert.deepEqual(events.eventNames(), ['SIGINT', 'SIGTERM']);
    }
    assert.deepEqual(events.eventNames(), []);
  });
});
