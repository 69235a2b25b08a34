/**
 * What is kept open for a request, over real connections.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fastify } from 'fastify';
import { Mailbox } from '../../test/support/mailbox.ts';
import { portOf } from '../../test/support/port-of.ts';
import type { Principal } from '../auth/principal.ts';
import { RestanzaError } from '../errors.ts';
import { parseJid } from '../xmpp/jid.ts';
import { authorized } from './authorized.ts';
import { holding, submit } from './submission.ts';

const ALICE: Principal = { address: parseJid('alice@localhost'), session: 'one' };
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

interface Opened {
  readonly port: number;
  /** What lets each request in whose credentials are being checked. */
  readonly checks: Mailbox<() => void>;
  /** What answers each request that was let in. */
  readonly handled: Mailbox<() => void>;
  /** Tells of each response that ends. */
  readonly ended: Mailbox<void>;
  /** `held` and `released`, as they come. */
  readonly told: readonly string[];
}

async function opened(t: TestContext): Promise<Opened> {
  const [checks, handled] = [new Mailbox<() => void>(), new Mailbox<() => void>()];
  const ended = new Mailbox<void>();
  const told: string[] = [];
  const authenticator = {
    challenge: 'Basic',
    authenticate: () => new Promise<Principal>(resolve => checks.put(() => resolve(ALICE))),
  };
  const hold = () => {
    told.push('held');
    return () => void told.push('released');
  };
  const admitted = holding({ hostOf: () => undefined, hold, iqTimeout: 1, iqMaxTimeout: 1 });
  const app = fastify();
  app.addHook('onRequest', async (_request, { raw }) => {
    raw.once('close', () => ended.put());
  });
  app.route({
    method: 'GET',
    url: '/',
    ...authorized(
      { authenticator },
      ['send'],
      async (_principal, _request, reply) => handled.put(() => reply.send()),
      admitted,
    ),
  });
  t.after(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { port: portOf(app.server), checks, handled, ended, told };
}

test('the host of a caller is held from the check of his credentials to the answer', async t => {
  const { port, checks, handled, ended, told } = await opened(t);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(REQUEST);
  const letIn = await checks.take();
  assert.deepEqual(told, []);
  letIn();
  const answer = await handled.take();
  assert.deepEqual(told, ['held']);
  answer();
  await once(socket, 'data');
  await ended.take();
  assert.deepEqual(told, ['held', 'released']);
});

test('who acts through no host here is told so', async t => {
  const app = fastify();
  t.after(() => app.close());
  const stanza = { kind: 'message', payload: [] } as const;
  const options = { hostOf: () => undefined, iqTimeout: 1, iqMaxTimeout: 1 };
  app.get('/', (request, reply) => submit({ principal: ALICE, stanza }, request, reply, options));
  app.setErrorHandler((error, _request, reply) => {
    assert.ok(error instanceof RestanzaError);
    reply.code(error.row.status).send(error.code);
  });
  const { statusCode, body } = await app.inject('/');
  assert.deepEqual([statusCode, body], [403, 'from-forbidden']);
});

test('it is released once when the caller goes, also for requests that wait behind another, and not held after that', async t => {
  const { port, checks, handled, ended, told } = await opened(t);
  const socket = connect(port, '127.0.0.1');
  socket.write(REQUEST.repeat(3));
  for (const letIn of [await checks.take(), await checks.take()]) letIn();
  const answers = [await handled.take(), await handled.take()];
  const late = await checks.take();
  socket.destroy();
  for (const _ of [1, 2, 3]) await ended.take();
  assert.deepEqual(told, ['held', 'held', 'released', 'released']);
  late();
  for (const answer of [...answers, await handled.take()]) answer();
  assert.deepEqual(told, ['held', 'held', 'released', 'released']);
});
