import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadWritten } from '../../test/support/configuration.ts';
import { Folder } from '../../test/support/folder.ts';
import { SetupFault } from '../compose/surroundings.ts';
import { DatabaseError, openDatabase } from '../sqlite.ts';
import { startFault } from './start-fault.ts';

/** The error that an action ends with. */
async function errorOf(action: () => unknown): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  assert.fail('there was no error');
}

async function listenOn(host: string, port: number): Promise<unknown> {
  return errorOf(async () => {
    await using server = createServer().listen(port, host);
    await once(server, 'listening');
  });
}

async function entriesOf(yaml: string) {
  const { loaded } = await loadWritten({ yaml });
  assert.ok(loaded !== undefined);
  return loaded.entries;
}

describe('why a gateway could not start', () => {
  it('is said as it was found where a setting cannot be used', () => {
    assert.equal(startFault(new SetupFault('hosts.a.oauth: not so'), []), 'hosts.a.oauth: not so');
  });

  it('names the key of an address that is in use', async t => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const error = await listenOn('127.0.0.1', address.port);
    const yaml = `listen: 127.0.0.1:PORT\nhosts: { a: { embedded: { c2s: "127.0.0.1:OTHER" } } }\n`;
    const fault = async (listen: number, c2s: number) =>
      startFault(error, await entriesOf(yaml.replace('PORT', String(listen)).replace('OTHER', String(c2s))));
    const reason = 'another program listens there; stop it, or choose another port';
    assert.equal(await fault(address.port, 1), `listen: 127.0.0.1:${address.port}: ${reason} (restanza.yaml:1:9)`);
    assert.equal(
      await fault(1, address.port),
      `hosts.a.embedded.c2s: 127.0.0.1:${address.port}: ${reason} (restanza.yaml:2:32)`,
    );
  });

  it('names the key of an address that this machine does not have', async () => {
    const error = await listenOn('192.0.2.1', 0);
    assert.equal(
      startFault(error, await entriesOf('listen: 192.0.2.1:0\n')),
      'listen: 192.0.2.1:0: this machine does not have that address (restanza.yaml:1:9)',
    );
  });

  it('names the key whose host has no address', async () => {
    const about = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'nowhere.invalid' };
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.invalid'), about);
    assert.equal(
      startFault(error, await entriesOf('listen: nowhere.invalid:80\n')),
      'listen: nowhere.invalid:80: that name has no address (restanza.yaml:1:9)',
    );
  });

  it('names the default and its variable where nothing was set', async () => {
    const error = Object.assign(new Error('listen EACCES'), {
      code: 'EACCES',
      syscall: 'listen',
      address: '127.0.0.1',
      port: 5222,
    });
    assert.equal(
      startFault(error, await entriesOf('')),
      'hosts.localhost.embedded.c2s: 127.0.0.1:5222: this user may not listen there; choose a port above 1023 (the default; set it, or RESTANZA_HOSTS__localhost__EMBEDDED__C2S)',
    );
  });

  it('names the data folder that cannot be made, also behind another error', async () => {
    await using folder = await Folder.make();
    const file = await folder.write('file', '');
    const cause = await errorOf(() => mkdir(join(file, 'data'), { recursive: true }));
    const fault = startFault(new Error('cannot open', { cause }), await entriesOf(`data: ${file}/data\n`));
    assert.match(fault ?? '', /^data: .*\/file\/data: a part of the path is a file; choose another folder \(ENOTDIR/);
  });

  it('names the file that is no database, or a damaged one, and what to do', async () => {
    await using folder = await Folder.make();
    const path = await folder.write('accounts.sqlite', 'this is not a database, whoever may say so'.repeat(100));
    const error = await errorOf(() => openDatabase(path, []));
    assert.equal(
      startFault(new Error('behind', { cause: error }), await entriesOf('data: /x\n')),
      `data: /x: the database ${path} cannot be used: file is not a database; restore it from a backup, or move it away (restanza.yaml:1:7)`,
    );
    const later = Object.assign(new Error('no such table'), { code: 'ERR_SQLITE_ERROR' });
    assert.match(startFault(later, await entriesOf('')) ?? '', /a database in it cannot be used \(no such table\)/);
    const damaged = new DatabaseError('the file is damaged; restore it');
    assert.match(startFault(damaged, await entriesOf('data: /x\n')) ?? '', /^data: \/x: the file is damaged/);
  });

  for (const error of [new TypeError('x is not a function'), 'text', undefined, new Error('plain')]) {
    it(`is not an operator's business for ${String(error)}`, async () => {
      assert.equal(startFault(error, await entriesOf('')), undefined);
    });
  }
});
