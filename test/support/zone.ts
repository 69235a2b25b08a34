/**
 * A DNS for tests: what it was given, and nothing from the network.
 *
 * Decides that a name which it does not know does not exist, and keeps the questions in their order.
 */
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { Resolver } from '../../src/link/addresses.ts';
import type { SrvRecord } from '../../src/link/srv.ts';

/** What is known: records or addresses under their names, or the code of an error. */
export interface ZoneFile {
  readonly srv?: Readonly<Record<string, readonly SrvRecord[] | string>>;
  readonly hosts?: Readonly<Record<string, readonly string[] | string>>;
}

/** A resolver that knows a zone. */
export class Zone implements Resolver {
  /** The names that were asked for. */
  readonly asked: string[] = [];
  readonly #file: ZoneFile;

  constructor(file: ZoneFile = {}) {
    this.#file = file;
  }

  async srv(name: string): Promise<readonly SrvRecord[]> {
    return this.#answer(name, this.#file.srv?.[name]);
  }

  async lookup(host: string): Promise<readonly LookupAddress[]> {
    const addresses = this.#answer(host, this.#file.hosts?.[host]);
    return addresses.map(address => ({ address, family: isIP(address) }));
  }

  #answer<T>(name: string, known: readonly T[] | string | undefined): readonly T[] {
    this.asked.push(name);
    if (typeof known === 'object') return known;
    throw Object.assign(new Error(`query of ${name}`), { code: known ?? 'ENOTFOUND' });
  }
}
