import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { element } from '../../xml/element.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Message, Stanza } from '../../xmpp/stanza.ts';
import { CountTooHigh } from '../../xmpp/stream-management.ts';
import { HELD } from './brake.ts';
import type { Copies } from './copies.ts';
import type { Bound, Outlet } from './directory.ts';
import { Intake } from './intake.ts';
import { type Carrier, ManagedSession } from './managed-session.ts';
import { KEPT, ManagedSessions, SLEEP } from './managed-sessions.ts';
import { MAX_SESSIONS, Router } from './router.ts';

const DOMAIN = parseJid('home.example');
const WRAP = 2 ** 32;

/** A connection that keeps what is written, and ends when it is told to. */
class Wire implements Carrier, Outlet {
  readonly asleep = false;
  readonly unsent = 0;
  readonly ended: string[] = [];
  readonly held: string[] = [];
  session: ManagedSession | undefined;
  #text = '';

  write(text: string): void {
    this.#text += text;
  }

  say(text: string): void {
    this.#text += text;
  }

  deliver(stanza: Stanza, copies?: Copies): void {
    copies?.taken();
    this.write(`<${stanza.kind} id='${stanza.id}' type='${stanza.type}'/>`);
  }

  end(condition: string): void {
    this.ended.push(condition);
    this.session?.finished(this);
  }

  pause(): void {
    this.held.push('pause');
  }

  resume(): void {
    this.held.push('resume');
  }

  /** Takes all that was written: the ids and types of stanzas, and the elements of stream management. */
  take(): readonly string[] {
    const text = this.#text;
    this.#text = '';
    return [...text.matchAll(/<(message|presence|iq|r|a)\b([^>]*)/g)].map(([, name = '', attrs = '']) => {
      const [, id] = / id='([^']*)'/.exec(attrs) ?? [];
      const [, h] = / h='([^']*)'/.exec(attrs) ?? [];
      const error = / type='error'/.test(attrs) ? ' error' : '';
      return `${name === 'message' ? '' : name}${id ?? h ?? ''}${error}`;
    });
  }
}

class House implements Disposable {
  readonly clock = new ManualClock();
  readonly intake = new Intake();
  readonly router: Router = new Router(DOMAIN, stanza => this.intake.take(stanza, this.router.outletOf(stanza.from)));
  readonly services = { router: this.router, intake: this.intake, log: new MemoryLog() };
  readonly sessions = new ManagedSessions(this.services, this.clock);

  /** A connection that is bound, without stream management. */
  plain(address: string): { readonly wire: Wire; readonly bound: Bound; say(stanza: Stanza): void } {
    const wire = new Wire();
    const bound = this.router.bind(parseJid(address), wire);
    assert.ok(bound);
    return { wire, bound, say: stanza => this.router.fromClient(bound, stanza) };
  }

  /** A connection with stream management. */
  managed(address: string, resumable = true) {
    const { wire, bound } = this.plain(address);
    const session = this.sessions.begin(bound, resumable, wire);
    wire.session = session;
    return { wire, bound, session, say: (stanza: Stanza) => say(session, this.router, stanza) };
  }

  [Symbol.dispose](): void {
    this.sessions[Symbol.dispose]();
  }
}

function say(session: ManagedSession, router: Router, stanza: Stanza): void {
  session.receive(() => router.fromClient(session.bound, stanza));
}

function message(id: string, to: string, body = ''): Message {
  const payload = body === '' ? [] : [element('body', NS.client, {}, [body])];
  return { kind: 'message', type: 'chat', id, to: parseJid(to), payload };
}

const PRESENCE: Stanza = { kind: 'presence', payload: [] };

describe('a managed session', () => {
  it('asks for the count once, and again while something is open', () => {
    using house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
    for (const id of ['1', '2', '3']) a.say(message(id, 'b@home.example/1'));
    assert.deepEqual(b.wire.take(), ['1', 'r', '2', '3']);
    b.session.acknowledge(1);
    assert.deepEqual([b.wire.take(), b.session.asked], [['r'], true]);
    b.session.acknowledge(3);
    assert.deepEqual([b.wire.take(), b.session.asked, b.session.weight], [[], false, 0]);
  });

  it('counts up to 2³² and begins again, in both directions', () => {
    using house = new House();
    const { bound } = house.plain('b@home.example/1');
    const a = house.plain('a@home.example/1');
    const [wire, next] = [new Wire(), new Wire()];
    const session = new ManagedSession(bound, true, wire, house.services, house.sessions, WRAP - 2);
    bound.outlet = session;
    for (const id of ['1', '2', '3', '4']) {
      a.say(message(id, 'b@home.example/1'));
      say(session, house.router, message(id, 'a@home.example/1'));
    }
    session.tell();
    assert.deepEqual(wire.take(), ['1', 'r', '2', '3', '4', 'a2']);
    session.acknowledge(WRAP - 1);
    session.acknowledge(0);
    assert.equal(session.length, 2);
    session.lost(wire);
    assert.equal(session.continue(next, 1) % WRAP, 2);
    session.resend();
    assert.deepEqual(next.take(), ['4', 'r']);
    assert.throws(() => session.acknowledge(3), CountTooHigh);
    assert.throws(() => session.acknowledge(0), CountTooHigh, 'a count does not go back');
    session.acknowledge(2);
    session.over();
  });

  it('does not let a client acknowledge what it was not sent, and is then as it was', () => {
    using house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
    a.say(message('1', 'b@home.example/1'));
    assert.throws(() => b.session.acknowledge(2), CountTooHigh);
    const other = new Wire();
    assert.throws(() => b.session.continue(other, 2), CountTooHigh);
    assert.deepEqual([b.wire.ended, b.session.length, other.take()], [[], 1, []]);
  });

  it('counts what waits for the owner only when that is handled, and what stands behind it too', async () => {
    using house = new House();
    const [a, b] = [house.managed('a@home.example/1'), house.plain('b@home.example/1')];
    a.say(message('1', 'b@home.example/1'));
    a.say(message('2', 'home.example'));
    a.say(message('3', 'b@home.example/1'));
    assert.deepEqual(b.wire.take(), ['1', '3'], 'both are delivered at once');
    a.session.tell();
    assert.deepEqual(a.wire.take(), ['a1']);
    const batches = house.intake[Symbol.asyncIterator]();
    await batches.next();
    const next = batches.next();
    house.intake.close();
    await next;
    assert.deepEqual(a.wire.take(), ['a3'], 'it is told unasked, because it had asked');
  });

  it('counts what the owner has to know of, even when it went elsewhere first', async () => {
    using house = new House();
    const a = house.managed('a@home.example/1');
    a.say({ ...PRESENCE, to: DOMAIN });
    const batches = house.intake[Symbol.asyncIterator]();
    await batches.next();
    const next = batches.next();
    a.say({ kind: 'presence', type: 'unavailable', payload: [] });
    a.session.tell();
    await next;
    assert.deepEqual(a.wire.take(), ['a1'], 'the owner is told that the directed presence ends');
    house.intake.close();
    await batches.next();
    assert.deepEqual(a.wire.take(), ['a2']);
  });

  it('tells unasked now and then', () => {
    using house = new House();
    const a = house.managed('a@home.example/1');
    house.plain('b@home.example/1');
    for (let n = 0; n < 64; n += 1) a.say(message(String(n), 'b@home.example/1'));
    assert.deepEqual(a.wire.take(), ['a32', 'a64']);
  });

  it('stays held on the next connection', () => {
    using house = new House();
    const a = house.managed('a@home.example/1');
    for (let n = 0; n < 1_000; n += 1) a.say(message(String(n), 'home.example'));
    assert.deepEqual(a.wire.held, ['pause']);
    a.session.lost(a.wire);
    const next = new Wire();
    a.session.continue(next, 0);
    assert.deepEqual(next.held, ['pause']);
  });
});

describe('a session without a connection', () => {
  it('stays bound and available, and what comes for it is written when it goes on', () => {
    using house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
    b.say(PRESENCE);
    b.session.acknowledge(1);
    b.wire.take();
    b.session.lost(b.wire);
    a.say(message('1', 'b@home.example'));
    a.say(message('2', 'b@home.example/1'));
    assert.deepEqual([a.wire.take(), b.wire.take(), b.session.unsent], [[], [], 0]);
    house.clock.advance(SLEEP * 1_000 - 1);
    const next = new Wire();
    assert.equal(house.sessions.find(b.session.id, parseJid('b@home.example')), b.session);
    assert.equal(b.session.continue(next, 1), 1);
    b.session.resend();
    assert.deepEqual([next.take(), house.clock.waits], [['1', '2', 'r'], []]);
    a.say(message('3', 'b@home.example/1'));
    b.session.acknowledge(4);
    assert.deepEqual([next.take(), b.session.length], [['3'], 0]);
  });

  it('is given up when its time is over, and what it did not get comes back', () => {
    using house = new House();
    const [a, b, b2] = [
      house.plain('a@home.example/1'),
      house.managed('b@home.example/1'),
      house.plain('b@home.example/2'),
    ];
    b.say(PRESENCE);
    b2.say(PRESENCE);
    b.session.acknowledge(2);
    b.session.lost(b.wire);
    b2.wire.take();
    a.say(message('1', 'b@home.example/1'));
    a.say({ ...message('2', 'b@home.example/1'), type: 'normal' });
    a.say({ kind: 'iq', type: 'get', id: '3', to: parseJid('b@home.example/1'), payload: [element('x', 'urn:x')] });
    a.say({ ...message('4', 'b@home.example/1'), type: 'headline' });
    a.say({ ...PRESENCE, id: '5', to: parseJid('b@home.example/1') });
    house.clock.advance(SLEEP * 1_000);
    assert.deepEqual(a.wire.take(), ['2 error', 'iq3 error', '4 error']);
    const [gone, ...rest] = b2.wire.take();
    assert.match(gone ?? '', /^presence/);
    assert.deepEqual(rest, ['1'], 'a chat message to a resource that is gone is for the others');
    assert.deepEqual(house.clock.waits, []);
    assert.equal(house.sessions.find(b.session.id, parseJid('b@home.example')), undefined);
    assert.equal(house.sessions.handledBy(b.session.id, parseJid('b@home.example')), 1);
    assert.equal(house.sessions.handledBy(b.session.id, parseJid('a@home.example')), undefined);
  });

  it('lets answers that it did not get go: nobody hears of them', () => {
    using house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
    b.session.lost(b.wire);
    a.say({ ...message('1', 'b@home.example/1'), type: 'error' });
    a.say({ kind: 'iq', type: 'result', id: '2', to: parseJid('b@home.example/1'), payload: [] });
    house.clock.advance(SLEEP * 1_000);
    assert.deepEqual([a.wire.take(), house.intake.received], [[], 0]);
  });

  it('loses nothing to another one that sleeps as well, and brings nothing twice', () => {
    using house = new House();
    const a = house.plain('a@home.example/1');
    const [one, two] = [house.managed('b@home.example/1'), house.managed('b@home.example/2')];
    for (const b of [one, two]) b.say(PRESENCE);
    for (const b of [one, two]) b.session.acknowledge(2);
    one.session.lost(one.wire);
    a.say(message('both', 'b@home.example'));
    two.session.acknowledge(3);
    house.clock.advance(1_000);
    two.session.lost(two.wire);
    a.say(message('neither', 'b@home.example'));
    house.clock.advance(SLEEP * 1_000 - 1_000);
    assert.deepEqual(a.wire.take(), [], 'the other one may still take it');
    house.clock.advance(1_000);
    assert.deepEqual(a.wire.take(), ['neither error']);
  });

  it('gives what it did not get to the one who takes its resource', () => {
    using house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
    b.session.lost(b.wire);
    a.say(message('1', 'b@home.example/1'));
    const younger = house.plain('b@home.example/1');
    assert.deepEqual([younger.wire.take(), a.wire.take(), house.clock.waits], [['1'], [], []]);
  });

  it('ends with its connection when it was not to be resumed', () => {
    using house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1', false)];
    a.say(message('1', 'b@home.example/1'));
    b.session.lost(b.wire);
    assert.deepEqual([a.wire.take(), house.clock.waits], [['1 error'], []]);
    assert.equal(house.sessions.find(b.session.id, parseJid('b@home.example')), undefined);
  });

  it('is for its own account only', () => {
    using house = new House();
    const b = house.managed('b@home.example/1');
    assert.equal(house.sessions.find(b.session.id, parseJid('a@home.example')), undefined);
    assert.match(b.session.id, /^[\w-]{22}$/);
  });

  it('gives way, the oldest first, when the account has too many', () => {
    using house = new House();
    const many = Array.from({ length: MAX_SESSIONS }, (_, n) => house.managed(`b@home.example/${n}`));
    assert.equal(house.router.bind(parseJid('b@home.example/more'), new Wire()), undefined);
    for (const { session, wire } of many.slice(1, 3)) session.lost(wire);
    house.plain('b@home.example/more');
    assert.equal(house.router.outletOf(parseJid('b@home.example/1')), undefined);
    assert.equal(house.router.outletOf(parseJid('b@home.example/2')), many[2]?.session);
  });

  it('gives way, the oldest first, when there are too many in all', () => {
    using house = new House();
    const many = Array.from({ length: KEPT.asleep + 2 }, (_, n) => house.managed(`u${n}@home.example/1`));
    for (const { session, wire } of many) session.lost(wire);
    const bound = many.map(({ bound: { address } }) => house.router.outletOf(address) !== undefined);
    assert.deepEqual(bound.slice(0, 4), [false, false, true, true]);
    assert.deepEqual(house.clock.waits.length, 1, 'one timer is enough');
  });

  it('is over when the host is', () => {
    const house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
    b.session.lost(b.wire);
    a.say(message('1', 'b@home.example/1'));
    house[Symbol.dispose]();
    assert.deepEqual([a.wire.take(), house.clock.waits], [['1 error'], []]);
  });
});

describe('a client that is behind', () => {
  const BODY = 'x'.repeat(100_000);
  /** Three that it does not acknowledge are more than it may be behind with. */
  const flood = (from: { say(stanza: Stanza): void }, to: string) => {
    for (let n = 0; n < 3; n += 1) from.say(message('x', to, BODY));
  };

  it('is waited for by those who send it more, until it has caught up', () => {
    using house = new House();
    const [a, b] = [house.managed('a@home.example/1'), house.managed('b@home.example/1')];
    flood(a, 'b@home.example/1');
    a.say(message('x', 'b@home.example/1', BODY));
    assert.deepEqual([a.wire.held, b.wire.held], [['pause', 'pause'], []]);
    b.session.acknowledge(1);
    assert.deepEqual(a.wire.held, ['pause', 'pause'], 'it is behind with three others');
    b.session.acknowledge(2);
    assert.deepEqual([a.wire.held, house.clock.waits], [['pause', 'pause', 'resume'], []]);
  });

  it('is waited for also when another one that was waited for has caught up', () => {
    using house = new House();
    const [a, b, c] = [
      house.managed('a@home.example/1'),
      house.managed('b@home.example/1'),
      house.managed('c@home.example/1'),
    ];
    for (const to of ['b@home.example/1', 'c@home.example/1']) flood(a, to);
    b.session.acknowledge(3);
    a.say(message('x', 'c@home.example/1'));
    assert.deepEqual(a.wire.held, ['pause', 'pause', 'resume', 'pause']);
    c.session.acknowledge(4);
    assert.deepEqual(a.wire.held.at(-1), 'resume');
  });

  it('is waited for until its connection is lost, or it is over', () => {
    for (const end of ['lost', 'finished'] as const) {
      using house = new House();
      const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1', end === 'finished')];
      flood(a, 'b@home.example/1');
      b.session[end](b.wire);
      assert.deepEqual([a.wire.held, house.clock.waits], [['pause', 'resume'], []]);
    }
  });

  it('is waited for no longer than some seconds, and then not again before it has caught up', () => {
    using house = new House();
    const [a, b] = [house.managed('a@home.example/1'), house.managed('b@home.example/1')];
    flood(a, 'b@home.example/1');
    house.clock.advance(HELD);
    flood(a, 'b@home.example/1');
    assert.deepEqual(a.wire.held, ['pause', 'resume']);
    b.session.acknowledge(6);
    flood(a, 'b@home.example/1');
    assert.deepEqual(a.wire.held, ['pause', 'resume', 'pause']);
  });

  it('is not waited for while it is not read itself, so that two never wait for each other', () => {
    using house = new House();
    const [a, b] = [house.managed('a@home.example/1'), house.managed('b@home.example/1')];
    flood(a, 'b@home.example/1');
    flood(b, 'a@home.example/1');
    assert.deepEqual([a.wire.held, b.wire.held], [['pause'], []]);
  });

  it('is not waited for while it is away, nor by itself', () => {
    using house = new House();
    const [a, b] = [house.managed('a@home.example/1'), house.managed('b@home.example/1')];
    flood(b, 'b@home.example/1');
    b.session.lost(b.wire);
    flood(a, 'b@home.example/1');
    assert.deepEqual([a.wire.held, b.wire.held], [[], []]);
  });
});

describe('what is kept for a client', () => {
  const turn = () => new Promise(setImmediate);

  it('is bounded in stanzas, awake or asleep', async () => {
    for (const asleep of [false, true]) {
      using house = new House();
      const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
      if (asleep) b.session.lost(b.wire);
      for (let n = 0; n < KEPT.stanzas; n += 1) a.say(message('x', 'b@home.example/1'));
      await turn();
      assert.deepEqual([b.wire.ended, a.wire.take()], [[], []]);
      a.say(message('x', 'b@home.example/1'));
      await turn();
      assert.deepEqual(b.wire.ended, asleep ? [] : ['resource-constraint']);
      assert.equal(a.wire.take().length, KEPT.stanzas + 1, 'all who sent are told');
      assert.equal(house.router.outletOf(parseJid('b@home.example/1')), undefined);
    }
  });

  it('is bounded in characters', async () => {
    using house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
    const body = 'x'.repeat(200_000);
    for (let n = 0; n < 20; n += 1) a.say(message('x', 'b@home.example/1', body));
    await turn();
    assert.deepEqual(b.wire.ended, []);
    a.say(message('x', 'b@home.example/1', body));
    await turn();
    assert.deepEqual(b.wire.ended, ['resource-constraint']);
  });

  it('may be more for a moment, when the client keeps up', async () => {
    using house = new House();
    const [a, b] = [house.plain('a@home.example/1'), house.managed('b@home.example/1')];
    for (let n = 0; n <= KEPT.stanzas; n += 1) a.say(message('x', 'b@home.example/1'));
    b.session.acknowledge(KEPT.stanzas + 1);
    await turn();
    assert.deepEqual(b.wire.ended, []);
  });

  it('is bounded in all, at the cost of the one who keeps most', async () => {
    using house = new House();
    const a = house.plain('a@home.example/1');
    const modest = house.managed('modest@home.example/1');
    const greedy = Array.from({ length: 20 }, (_, n) => house.managed(`greedy@home.example/${n}`));
    const body = 'x'.repeat(200_000);
    a.say(message('x', 'modest@home.example/1', body));
    for (const { bound } of greedy) for (let n = 0; n < 18; n += 1) a.say(message('x', bound.address, body));
    await turn();
    const ended = greedy.filter(({ wire }) => wire.ended.length > 0).length;
    const kept = greedy.reduce((sum, { session }) => sum + session.weight, 0) + modest.session.weight;
    assert.deepEqual([ended, modest.wire.ended], [2, []]);
    assert.ok(kept <= KEPT.total);
  });
});
