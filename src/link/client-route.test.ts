/**
 * Where a server can send a client, and what may be said there.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJid } from '../xmpp/jid.ts';
import {
  type Arrival,
  allowsPlain,
  ClientRoutes,
  configuredRoute,
  type Route,
  routeBeside,
  routeOn,
} from './client-route.ts';
import type { TlsPolicy } from './dial.ts';
import type { Destination } from './srv.ts';

const DOMAIN = parseJid('home.example');

/** A connection to a configured server. */
function arrived(
  tls: TlsPolicy,
  from: {
    readonly host?: string;
    readonly directTls?: boolean;
    readonly secured?: boolean;
    readonly loopback?: boolean;
  } = {},
  by?: Route,
): Arrival {
  const { host = 'xmpp.example', directTls = false, secured = directTls, loopback = false } = from;
  const destination: Destination = { host, port: 5222, directTls };
  const route = by ?? configuredRoute(destination, tls);
  return { route, dialled: { secured, loopback, place: { domain: DOMAIN, destination, configured: true }, left: [] } };
}

describe('the address of a redirect', () => {
  const at = (host: string, port: number) => ({ server: { host, port, directTls: false } });
  for (const [address, expected] of [
    ['c1.example.net:5223', at('c1.example.net', 5223)],
    [' C1.example.net:5223\n', at('c1.example.net', 5223)],
    ['c1.example.net', { name: 'c1.example.net' }],
    ['bücher.example', { name: 'xn--bcher-kva.example' }],
    ['[2001:DB8::1]:9222', at('2001:db8::1', 9222)],
    ['[2001:db8::1]', { name: '2001:db8::1' }],
    ['192.0.2.7', { name: '192.0.2.7' }],
    ['xmpp.example', at('xmpp.example', 5222)],
    ['xmpp.example:5299', at('xmpp.example', 5299)],
    ['', undefined],
    ['2001:db8::1', undefined],
    ['[::1', undefined],
    ['a:0', undefined],
    ['a:65536', undefined],
    ['a:5222:5222', undefined],
    ['user@host:1', undefined],
    ['http://host/', undefined],
    ['a b', undefined],
    ['a%00.example', undefined],
    ['a..example', undefined],
    [`${'a.'.repeat(2_000)}example`, undefined],
  ] as const) {
    it(`${JSON.stringify(address.slice(0, 40))} ${expected === undefined ? 'means nothing' : 'is read'}`, () => {
      const route = routeOn(arrived('required'), address);
      assert.deepEqual(
        route && (route.server === undefined ? { name: route.name } : { server: route.server }),
        expected,
      );
    });
  }
});

describe('a redirect', () => {
  for (const [tls, from, expected] of [
    ['required', {}, 'required'],
    ['optional', {}, 'optional'],
    ['optional', { secured: true }, 'required'],
    ['optional', { directTls: true }, 'required'],
    ['off', {}, 'off'],
  ] as const) {
    it(`of a connection ${JSON.stringify(from)} with TLS ${tls} leads to one with TLS ${expected}`, () => {
      assert.equal(routeOn(arrived(tls, from), 'other.example:5222')?.tls, expected);
      assert.equal(routeOn(arrived(tls, from), 'other.example')?.tls, expected);
    });
  }

  const away = { host: 'xmpp.example', loopback: false };
  const here = { host: '127.0.0.1', loopback: true };
  for (const [what, tls, from, address, toLoopback, allowed] of [
    ['from here to here', 'optional', here, 'localhost:5299', true, true],
    ['from here to another port', 'optional', here, '127.0.0.1:5299', true, true],
    ['from here to another machine', 'optional', here, 'other.example:5222', false, false],
    ['from another machine to here', 'optional', away, '127.0.0.1:5222', true, false],
    ['without TLS, from here to here', 'off', here, 'localhost:5299', true, true],
    ['without TLS, from here to another machine', 'off', here, 'other.example:5222', false, false],
    ['without TLS, to another port of the named machine', 'off', away, 'xmpp.example:5299', false, true],
    ['without TLS, to another machine', 'off', away, 'other.example:5222', false, false],
    ['without TLS, from another machine to here', 'off', away, '127.0.0.1:5222', true, false],
  ] as const) {
    it(`${what} lets a password be shown in the open: ${allowed}`, () => {
      const route = routeOn(arrived(tls, from), address);
      assert.ok(route);
      assert.equal(allowsPlain(route, toLoopback), allowed);
    });
  }

  it('is not needed for a password to be kept from those who listen on the way', () => {
    for (const [tls, anywhere] of [
      ['required', false],
      ['optional', false],
      ['off', true],
    ] as const) {
      const route = configuredRoute(undefined, tls);
      assert.deepEqual([allowsPlain(route, false), allowsPlain(route, true)], [anywhere, true]);
    }
  });

  it('from a connection of direct TLS leads to direct TLS, but to the usual port without', () => {
    const direct = arrived('required', { directTls: true });
    const isDirect = (address: string) => routeOn(direct, address)?.server?.directTls;
    assert.deepEqual(['xmpp.example:5223', 'other.example:5223', 'xmpp.example'].map(isDirect), [true, true, false]);
  });

  it('wins nothing back by way of this machine', () => {
    const once = routeOn(arrived('off', away), '127.0.0.1:5222');
    const next = routeOn(arrived('off', here, once), 'localhost:5299');
    assert.equal(next && allowsPlain(next, true), false);
  });

  it('wins nothing back by way of the first machine', () => {
    const once = routeOn(arrived('off', away), 'other.example:5222');
    const back = routeOn(arrived('off', { host: 'other.example' }, once), 'xmpp.example:5222');
    assert.ok(back);
    assert.deepEqual([allowsPlain(back, false), allowsPlain(back, true)], [false, false]);
  });
});

describe('the ways of a link', () => {
  const cause = { text: 'sent on' };
  const onward = routeOn(arrived('required'), 'other.example:5222');
  const end = { cause, reconnect: 'retry', ...(onward && { onward }) } as const;

  it('lead on three times in a row, and then back after a wait', () => {
    const routes = new ClientRoutes(parseJid('alice@home.example'), undefined, 'required');
    const names = () => routes.next(undefined).server?.host;
    for (let row = 0; row < 2; row++) {
      assert.equal(names(), undefined);
      for (let time = 0; time < 3; time++) {
        assert.ok(routes.follow(end).onward);
        assert.equal(names(), 'other.example');
      }
      const last = routes.follow(end);
      assert.deepEqual([last.onward, last.reconnect], [undefined, 'yield']);
      assert.match(last.cause.text, /^the servers of home\.example send their clients from one to the other/);
    }
  });

  it('lead past each of the destinations of DNS, and those are not counted', () => {
    const routes = new ClientRoutes(parseJid('alice@home.example'), undefined, 'required');
    const named = ['a', 'b', 'c', 'd', 'e', 'f'].map(host => ({ host, port: 5222, directTls: false }));
    const { route, dialled } = arrived('required');
    const besides: Route[] = [];
    for (let beside = routeBeside({ route, dialled: { ...dialled, left: named } }); beside !== undefined; ) {
      besides.push(beside);
      beside = routeBeside({ route: beside, dialled: { ...dialled, left: beside.left?.slice(1) ?? [] } });
    }
    assert.deepEqual(
      besides.map(({ left }) => left?.length),
      [4, 3, 2, 1],
    );
    for (const beside of besides) assert.ok(routes.follow({ ...end, onward: beside }).onward);
    for (let time = 0; time < 3; time++) assert.ok(routes.follow(end).onward);
    for (const beside of besides) assert.ok(routes.follow({ ...end, onward: beside }).onward);
    assert.equal(routes.follow(end).onward, undefined);
  });

  it('are counted anew once the link was online', () => {
    const routes = new ClientRoutes(parseJid('alice@home.example'), undefined, 'required');
    for (let time = 0; time < 9; time++) {
      assert.ok(routes.follow(end).onward);
      assert.equal(routes.next(undefined).server?.host, 'other.example');
      routes.online(arrived('required'));
    }
  });

  it('lead to the place of a session once, and to that of a redirect before', () => {
    const routes = new ClientRoutes(parseJid('alice@home.example'), undefined, 'required');
    const next = () => routes.next('session.example:5222').server?.host;
    assert.equal(next(), undefined);
    routes.online(arrived('required'));
    assert.deepEqual([next(), next()], ['session.example', undefined]);
    routes.online(arrived('required'));
    routes.follow(end);
    assert.deepEqual([next(), next()], ['other.example', undefined]);
  });
});
