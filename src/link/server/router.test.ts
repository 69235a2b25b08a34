import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { childElements, element } from '../../xml/element.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { type Iq, type Message, type Presence, type PresenceType, resultOf, type Stanza } from '../../xmpp/stanza.ts';
import type { Bound, Outlet } from './directory.ts';
import { MAX_DIRECTED } from './presence.ts';
import type { Addressed } from './route.ts';
import { MAX_SESSIONS, Router, stamped } from './router.ts';

const DOMAIN = parseJid('home.example');

/** A client's end that keeps what it gets. */
class Inlet implements Outlet {
  readonly got: Stanza[] = [];
  readonly ended: string[] = [];
  readonly unsent = 0;
  readonly asleep = false;

  deliver(stanza: Stanza): void {
    this.got.push(stanza);
  }

  end(condition: string): void {
    this.ended.push(condition);
  }

  pause(): void {}

  resume(): void {}

  /** Takes all that came, in words. */
  take(): readonly string[] {
    return this.got.splice(0).map(inWords);
  }
}

function inWords({ kind, type, from, to, payload }: Stanza): string {
  const [error] = type === 'error' ? payload : [];
  const condition = error && childElements(error)[0]?.name;
  return [kind, type, condition, from, '>', to].filter(part => part !== undefined).join(' ');
}

class House {
  readonly host: Stanza[] = [];
  readonly router = new Router(DOMAIN, stanza => this.host.push(stanza));

  session(address: string): { readonly inlet: Inlet; readonly bound: Bound; say(stanza: Stanza): void } {
    const inlet = new Inlet();
    const bound = this.router.bind(parseJid(address), inlet);
    assert.ok(bound);
    return { inlet, bound, say: stanza => this.router.fromClient(bound, stanza) };
  }

  /** What has come to the host, in words. */
  take(): readonly string[] {
    return this.host.splice(0).map(inWords);
  }
}

function message(to?: string): Message {
  return { kind: 'message', type: 'chat', id: 'm', ...(to !== undefined && { to: parseJid(to) }), payload: [] };
}

function presence(type?: PresenceType, to?: string, priority?: string): Presence {
  const payload = priority === undefined ? [] : [element('priority', NS.client, {}, [priority])];
  return { kind: 'presence', ...(type && { type }), ...(to !== undefined && { to: parseJid(to) }), payload };
}

function iq(type: 'get' | 'set', to?: string, ns: string = NS.ping): Iq {
  return { kind: 'iq', type, id: 'i', ...(to !== undefined && { to: parseJid(to) }), payload: [element('ping', ns)] };
}

describe('the router', () => {
  it('stamps the full address of the sender', () => {
    const house = new House();
    const [a, b] = [house.session('a@home.example/1'), house.session('b@home.example/1')];
    a.say({ ...message('b@home.example/1'), from: parseJid('a@home.example') });
    assert.deepEqual(b.inlet.take(), ['message chat a@home.example/1 > b@home.example/1']);
  });

  it('delivers to all who are available, and none twice', () => {
    const house = new House();
    const [a, b1, b2, b3] = ['a@home.example/1', 'b@home.example/1', 'b@home.example/2', 'b@home.example/3'].map(name =>
      house.session(name),
    );
    b1?.say(presence());
    b2?.say(presence(undefined, undefined, '-1'));
    b1?.inlet.take();
    a?.say(message('b@home.example'));
    assert.deepEqual(b1?.inlet.take(), ['message chat a@home.example/1 > b@home.example']);
    assert.deepEqual(
      b2?.inlet.take().filter(words => words.startsWith('message')),
      [],
    );
    assert.deepEqual(b3?.inlet.take(), []);
  });

  it('tells the sender what cannot be delivered, once, and never about errors and answers', () => {
    const house = new House();
    const a = house.session('a@home.example/1');
    for (const to of ['b@home.example', 'b@home.example/x', 'a@home.example/x']) {
      a.say(message(to));
      assert.deepEqual(a.inlet.take(), [`message error service-unavailable ${to} > a@home.example/1`]);
      a.say(iq('get', to));
      assert.deepEqual(a.inlet.take(), [`iq error service-unavailable ${to} > a@home.example/1`]);
    }
    a.say(message('b@else.example'));
    assert.deepEqual(a.inlet.take(), ['message error remote-server-not-found b@else.example > a@home.example/1']);
    a.say({ ...message('b@else.example'), type: 'error' });
    a.say({ ...iq('get', 'b@else.example'), type: 'result' });
    assert.deepEqual([a.inlet.take(), house.take()], [[], []]);
  });

  it('answers for the account to its own sessions, and not to others', () => {
    const house = new House();
    const [a, b] = [house.session('a@home.example/1'), house.session('b@home.example/1')];
    a.say(iq('get'));
    a.say(iq('get', 'a@home.example'));
    const answer = 'iq result a@home.example > a@home.example/1';
    assert.deepEqual(a.inlet.take(), [answer, answer]);
    b.say(iq('get', 'a@home.example'));
    b.say(iq('get', 'nobody@home.example'));
    assert.deepEqual(b.inlet.take(), [
      'iq error service-unavailable a@home.example > b@home.example/1',
      'iq error service-unavailable nobody@home.example > b@home.example/1',
    ]);
    assert.deepEqual([a.inlet.take(), house.take()], [[], []]);
  });

  it('gives answers that no session waits for to the host', () => {
    const house = new House();
    const b = house.session('b@home.example/1');
    const request: Addressed = { ...iq('get'), from: parseJid('a@home.example'), to: b.bound.address };
    house.router.submit(request);
    assert.deepEqual(b.inlet.take(), ['iq get a@home.example > b@home.example/1']);
    b.say(resultOf(request));
    b.say({ ...resultOf(request), to: parseJid('a@home.example/gone') });
    b.say({ ...message('a@home.example'), type: 'error' });
    assert.deepEqual(house.take(), [
      'iq result b@home.example/1 > a@home.example',
      'iq result b@home.example/1 > a@home.example/gone',
      'message error b@home.example/1 > a@home.example',
    ]);
  });

  it('answers the host for the account in whose name it asks', () => {
    const house = new House();
    house.router.submit(stamped(iq('get'), parseJid('a@home.example')));
    assert.deepEqual(house.take(), ['iq result a@home.example > a@home.example']);
  });

  it('sends what names nobody to the own account', () => {
    const house = new House();
    const [a1, a2] = [house.session('a@home.example/1'), house.session('a@home.example/2')];
    a2.say(presence());
    a2.inlet.take();
    a1.say(message());
    assert.deepEqual(a2.inlet.take(), ['message chat a@home.example/1 > a@home.example']);
  });

  it('closes the older of two sessions with one address, and the younger lives on', () => {
    const house = new House();
    const [older, other] = [house.session('a@home.example/1'), house.session('a@home.example/2')];
    older.say(presence());
    other.say(presence());
    other.inlet.take();
    const younger = house.session('a@home.example/1');
    assert.deepEqual(older.inlet.ended, ['conflict']);
    assert.deepEqual(other.inlet.take(), ['presence unavailable a@home.example/1 > a@home.example/2']);
    house.router.unbind(older.bound);
    older.inlet.take();
    other.say(message('a@home.example/1'));
    assert.deepEqual([older.inlet.take().length, younger.inlet.take().length], [0, 1]);
  });

  it('bounds the sessions of an account', () => {
    const house = new House();
    for (let n = 0; n < MAX_SESSIONS; n += 1) house.session(`a@home.example/${n}`);
    assert.equal(house.router.bind(parseJid('a@home.example/more'), new Inlet()), undefined);
    house.session('a@home.example/0');
    house.session('b@home.example/1');
  });
});

describe('presence through the router', () => {
  it('is told among the sessions of an account, the sender included', () => {
    const house = new House();
    const [a1, a2] = [house.session('a@home.example/1'), house.session('a@home.example/2')];
    a1.say(presence());
    assert.deepEqual(a1.inlet.take(), ['presence a@home.example/1 > a@home.example/1']);
    assert.deepEqual(a2.inlet.take(), []);
    a2.say(presence());
    assert.deepEqual(a1.inlet.take(), ['presence a@home.example/2 > a@home.example/1']);
    assert.deepEqual(a2.inlet.take(), [
      'presence a@home.example/2 > a@home.example/2',
      'presence a@home.example/1 > a@home.example/2',
    ]);
    a1.say(presence('unavailable'));
    assert.deepEqual(a2.inlet.take(), ['presence unavailable a@home.example/1 > a@home.example/2']);
    a2.say(message('a@home.example/1'));
    assert.deepEqual(a1.inlet.take(), [
      'presence unavailable a@home.example/1 > a@home.example/1',
      'message chat a@home.example/2 > a@home.example/1',
    ]);
  });

  it('ends with the session, for those who were told', () => {
    const house = new House();
    const [a1, a2, b, c] = ['a@home.example/1', 'a@home.example/2', 'b@home.example/1', 'c@home.example/1'].map(name =>
      house.session(name),
    );
    a1?.say(presence());
    a2?.say(presence());
    a1?.say(presence(undefined, 'b@home.example/1'));
    a1?.say(presence(undefined, 'c@home.example/1'));
    a1?.say(presence('unavailable', 'c@home.example/1'));
    for (const session of [a1, a2, b, c]) session?.inlet.take();
    assert.ok(a1);
    house.router.unbind(a1.bound);
    house.router.unbind(a1.bound);
    assert.deepEqual(a2?.inlet.take(), ['presence unavailable a@home.example/1 > a@home.example/2']);
    assert.deepEqual(b?.inlet.take(), ['presence unavailable a@home.example/1 > b@home.example/1']);
    assert.deepEqual([a1.inlet.take(), c?.inlet.take()], [[], []]);
  });

  it('ends for the host too, when it was directed there', () => {
    const house = new House();
    const a = house.session('a@home.example/1');
    a.say(presence(undefined, 'home.example'));
    a.say(presence('unavailable'));
    house.router.unbind(a.bound);
    assert.deepEqual(house.take(), [
      'presence a@home.example/1 > home.example',
      'presence unavailable a@home.example/1 > home.example',
    ]);
  });

  it('of subscriptions goes between bare addresses', () => {
    const house = new House();
    const [a, b] = [house.session('a@home.example/1'), house.session('b@home.example/1')];
    b.say(presence());
    b.inlet.take();
    for (const type of ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'] as const) {
      a.say(presence(type, 'b@home.example/1'));
      assert.deepEqual(b.inlet.take(), [`presence ${type} a@home.example > b@home.example`]);
    }
  });

  it('is refused when it makes no sense', () => {
    const house = new House();
    const a = house.session('a@home.example/1');
    const refused = ['presence error bad-request a@home.example > a@home.example/1'];
    a.say(presence(undefined, undefined, '128'));
    assert.deepEqual(a.inlet.take(), refused);
    a.say(presence('probe'));
    a.say(presence('error'));
    assert.deepEqual(a.inlet.take(), []);
    a.say(presence('subscribe'));
    assert.deepEqual(house.take(), ['presence error bad-request a@home.example > a@home.example']);
  });

  it('can be directed to many, but not to any number', () => {
    const house = new House();
    const a = house.session('a@home.example/1');
    for (let n = 0; n < MAX_DIRECTED; n += 1) a.say(presence(undefined, `u${n}@home.example`));
    assert.deepEqual(a.inlet.take(), []);
    a.say(presence(undefined, 'u0@home.example'));
    a.say(presence(undefined, 'b@else.example'));
    a.say(presence(undefined, 'more@home.example'));
    assert.deepEqual(a.inlet.take(), [
      'presence error remote-server-not-found b@else.example > a@home.example/1',
      'presence error resource-constraint more@home.example > a@home.example/1',
    ]);
  });
});
