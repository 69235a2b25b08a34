/**
 * From the start of the process to the first 202.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../../test/support/process.ts';
import type { Field } from '../field.ts';
import { basicAuth, type HttpTarget, tryOnce } from '../http-target.ts';
import { EMBEDDED, PLAIN, RECIPIENT, SECRET, SENDER, STARTER } from '../names.ts';
import type { Contender, Row } from '../row.ts';
import { type Hosts, type Package, prepareGateway } from '../servers/gateway.ts';
import { message } from './requests.ts';

/** Milliseconds between two tries, and for all of them. */
const AGAIN = 3;
const BOUND = 30_000;

/** The row; the stack owns the folders of what is started. */
export async function startRow({ prosody, what }: Field, stack: AsyncDisposableStack): Promise<Row> {
  const server = `xmpp://127.0.0.1:${prosody.ports.component}`;
  const accounts = { [SENDER]: SECRET, [RECIPIENT]: SECRET };
  return {
    id: 'start',
    title: 'Start of the process → first 202',
    unit: 'ms',
    warmUp: false,
    contenders: [
      await starting(
        what,
        { id: 'component', name: 'Restanza component on Prosody' },
        { [STARTER]: { component: { server, secret: SECRET } } },
        { name: STARTER, to: PLAIN },
        stack,
      ),
      await starting(
        what,
        { id: 'embedded', name: 'Restanza embedded' },
        { [EMBEDDED]: { embedded: { c2s: '127.0.0.1:0', accounts } } },
        { name: `${SENDER}@${EMBEDDED}`, to: EMBEDDED },
        stack,
      ),
    ],
  };
}

async function starting(
  what: Package,
  named: Pick<Contender, 'id' | 'name'>,
  hosts: Hosts,
  { name, to }: { readonly name: string; readonly to: string },
  stack: AsyncDisposableStack,
): Promise<Contender> {
  const { port, program } = stack.use(await prepareGateway(what, hosts));
  const target = message({ port, name }, 'JSON', to);
  const run = async () => {
    const before = performance.now();
    await using _child = new Child(program);
    await accepted({ ...target, headers: { ...target.headers, authorization: basicAuth(name, SECRET) } });
    return { figure: performance.now() - before };
  };
  // The first start makes keys and accounts.
  return { ...named, check: run, run };
}

async function accepted(target: HttpTarget): Promise<void> {
  const end = performance.now() + BOUND;
  for (;;) {
    const failure = await tryOnce(target).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) return;
    if (performance.now() > end) throw failure;
    await delay(AGAIN);
  }
}
