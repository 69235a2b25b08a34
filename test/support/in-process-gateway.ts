/**
 * A gateway inside the test's own process, for one embedded host `localhost` with the accounts `alice` and `bob`.
 *
 * Decides where its files are, so that a test can stop it and start it again on the same ones. `gateway.ts` runs it as a
 * process of its own, as a user does.
 */
import { type Gateway, startGateway } from '../../src/compose.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/log.ts';
import { Arrivals } from './arrivals.ts';
import { connectNative } from './native-peer.ts';
import type { Peer } from './peer.ts';

/** The accounts and their passwords. */
export const PASSWORDS = { alice: 'wonderland', bob: 'builder' } as const;

/** A gateway, and the way in for clients. */
export interface Running extends AsyncDisposable {
  readonly url: string;
  /** Where XMPP clients log in, as `host:port`. */
  readonly c2s: string;
  /** Logs bob in. */
  bob(): Promise<Peer>;
  /** Resolves when this message has been logged since it was asked for last. */
  logged(message: string): Promise<unknown>;
  /** All lines of its log so far. */
  readonly lines: readonly Line[];
}

/** A line of the log. */
interface Line {
  readonly msg?: unknown;
  readonly [field: string]: unknown;
}

/**
 * Starts a gateway on free ports.
 *
 * @param folder where its data is; it is not removed
 * @param environment further keys of the configuration
 */
export async function runGateway(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<Running> {
  const lines: Line[] = [];
  const arrivals = new Arrivals<Line>(() => 'in the log');
  const log = createLog('info', {
    write: text => {
      const line: Line = JSON.parse(text);
      lines.push(line);
      arrivals.push(line);
    },
  });
  const logged = (message: string) => arrivals.take(({ msg }) => msg === message, message);
  const host = 'RESTANZA_HOSTS__localhost__EMBEDDED__';
  const { config } = await loadConfig({
    folder,
    environment: {
      RESTANZA_LISTEN: '127.0.0.1:0',
      [`${host}C2S`]: '127.0.0.1:0',
      [`${host}ACCOUNTS__alice`]: PASSWORDS.alice,
      [`${host}ACCOUNTS__bob`]: PASSWORDS.bob,
      ...environment,
    },
  });
  const gateway: Gateway = await startGateway(config, log);
  const c2s = String((await logged('c2s listening'))['address']);
  const { hostname, port } = new URL(`tcp://${c2s}`);
  const login = { host: hostname, port: Number(port), user: 'bob', domain: 'localhost', password: PASSWORDS.bob };
  return {
    url: gateway.url,
    c2s,
    logged,
    lines,
    bob: () => connectNative({ ...login, resource: 'test' }),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}
