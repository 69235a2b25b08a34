import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { DnsServer } from '../../test/support/dns-server.ts';
import { addressesOf, dnsResolver, findServices } from './addresses.ts';
import { destinationsOf, type SrvRecord } from './srv.ts';

const DIRECT = '_xmpps-client._tcp.example.com';
const STARTTLS = '_xmpp-client._tcp.example.com';
const record = (name: string, port: number) => ({ name, port, priority: 3, weight: 7 });

describe('the DNS', () => {
  it('is asked for the records of both services', async () => {
    const records = {
      [DIRECT]: [record('a.example', 443), record('b.example', 5223)],
      [STARTTLS]: [record('c.example', 5222)],
    };
    await using server = await DnsServer.open(records);
    const { signal } = new AbortController();
    const { direct, starttls } = await findServices('example.com', dnsResolver([server.address]), signal);
    const plain = (found: readonly SrvRecord[]) =>
      found.map(({ name, port, priority, weight }) => ({ name, port, priority, weight }));
    assert.deepEqual(plain(direct), records[DIRECT]);
    assert.deepEqual(plain(starttls), records[STARTTLS]);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('may say that a service is not offered, which is not the same as no records', async () => {
    await using server = await DnsServer.open({ [STARTTLS]: [record('.', 0)] });
    const answers = await findServices('example.com', dnsResolver([server.address]), new AbortController().signal);
    assert.deepEqual([answers.direct.length, answers.starttls.length], [0, 1]);
    assert.deepEqual(
      destinationsOf('example.com', answers, true, () => 0),
      [],
    );
  });

  it('is not waited for after an abort', async () => {
    await using silent = await DnsServer.open({ [DIRECT]: [], [STARTTLS]: [] });
    const [controller, resolver] = [new AbortController(), dnsResolver([silent.address])];
    const asked = findServices('example.com', resolver, controller.signal);
    const cancelled = assert.rejects(resolver.srv(DIRECT, controller.signal), { code: 'ECANCELLED' });
    controller.abort();
    assert.deepEqual(await asked, { direct: [], starttls: [] });
    await cancelled;
  });

  it('is not asked for addresses that the system knows', async () => {
    const { signal } = new AbortController();
    const addresses = await addressesOf('localhost', dnsResolver([]), signal);
    assert.ok(addresses.some(({ address }) => address === '127.0.0.1' || address === '::1'));
    assert.deepEqual(await addressesOf('::1', dnsResolver([]), signal), [{ address: '::1', family: 6 }]);
  });
});
