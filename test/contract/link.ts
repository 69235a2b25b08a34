/**
 * What every link guarantees (`src/link/link.ts`), whatever it is made of.
 *
 * Decides how a link is judged: from outside only, by what it says of itself, what reaches its peer and what it delivers.
 * Each kind of link runs the whole suite. How a link behaves when its connection breaks differs, and is tested beside it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RestanzaError } from '../../src/errors.ts';
import type { Link, LinkState } from '../../src/link/link.ts';
import { type Element, element } from '../../src/xml/element.ts';
import type { Jid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import type { Message, Stanza } from '../../src/xmpp/stanza.ts';
import { oneByOne } from '../support/one-by-one.ts';

/** A link, and someone whom it can reach. */
export interface LinkUnderTest extends AsyncDisposable {
  readonly link: Link;
  /** An address of the link. */
  readonly own: Jid;
  /** An address that stanzas from `own` can be sent to. */
  readonly peer: Jid;
  /** Lets the peer send a stanza to `own`; those sent in one turn keep their order. */
  deliver(stanza: Stanza): void;
  /** The next stanza that has reached the peer. */
  arrived(): Promise<Stanza>;
}

/** Makes a link that is online or about to be. */
export type MakeLink = () => Promise<LinkUnderTest>;

const MANY = 200;

function numbered(from: Jid, to: Jid, number: number): Message {
  const body = element('body', NS.client, {}, [`number ${number}`]);
  return { kind: 'message', type: 'chat', from, to, id: `id-${number}`, payload: [body] };
}

/** Resolves when the link is online; fails when it is closed before. */
function online(link: Link): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const judge = (state: LinkState) => {
    if (state.name === 'online') resolve();
    if (state.name === 'closed') reject(new Error(state.cause.text));
  };
  link.onState = judge;
  judge(link.state);
  return promise;
}

/** A stanza of each kind, with payloads that must come through whole. */
function samples(from: Jid, to: Jid): readonly Stanza[] {
  const nested = element('a', 'urn:example:a', { k: '<&>\'"\n', 'xml:lang': 'de' }, [
    'text & more',
    element('b', '', {}, [element('c', NS.client, {}, ['👋 \r\n'])]),
  ]);
  return [
    {
      kind: 'message',
      type: 'headline',
      from,
      to,
      id: 'm',
      payload: [element('body', NS.client, {}, ['Grüße']), nested],
    },
    { kind: 'presence', from, to, id: 'p', payload: [element('show', NS.client, {}, ['away'])] },
    { kind: 'iq', type: 'set', from, to, id: 'q', payload: [nested] },
  ];
}

/** What has to come through unchanged. */
function essence({ kind, type, from, to, id, payload }: Stanza) {
  return { kind, type, from, to, id, payload };
}

/** Runs the suite against one kind of link. */
export function linkContract(name: string, makeLink: MakeLink): void {
  describe(`${name} as a link`, () => {
    it('comes online, and tells each state once it is in it', async () => {
      await using test = await makeLink();
      const { link } = test;
      await online(link);
      assert.deepEqual(link.state, { name: 'online' });
      const told: [LinkState, LinkState][] = [];
      link.onState = state => told.push([state, link.state]);
      await link[Symbol.asyncDispose]();
      assert.equal(told.at(-1)?.[0].name, 'closed');
      for (const [state, then] of told) assert.equal(state, then);
    });

    it('sends every kind of stanza whole', async () => {
      await using test = await makeLink();
      await online(test.link);
      for (const stanza of samples(test.own, test.peer)) {
        await test.link.send(stanza);
        assert.deepEqual(essence(await test.arrived()), essence(stanza));
      }
    });

    it('delivers every kind of stanza whole', async () => {
      await using test = await makeLink();
      await online(test.link);
      const incoming = oneByOne(test.link.incoming);
      for (const stanza of samples(test.peer, test.own)) {
        test.deliver(stanza);
        const { value } = await incoming.next();
        assert.deepEqual(essence(value), essence(stanza));
      }
    });

    it('keeps the order of what it sends, whoever waits for what', async () => {
      await using test = await makeLink();
      await online(test.link);
      const numbers = Array.from({ length: MANY }, (_, index) => index);
      const sent = numbers.map(n => test.link.send(numbered(test.own, test.peer, n), n % 7 === 0 ? 'acked' : 'sent'));
      for (const number of numbers) assert.equal((await test.arrived()).id, `id-${number}`);
      await Promise.all(sent);
    });

    it('keeps the order of what comes in', async () => {
      await using test = await makeLink();
      await online(test.link);
      const numbers = Array.from({ length: MANY }, (_, index) => index);
      for (const number of numbers) test.deliver(numbered(test.peer, test.own, number));
      const incoming = oneByOne(test.link.incoming);
      for (const number of numbers) assert.equal((await incoming.next()).value.id, `id-${number}`);
    });

    it('resolves acked only for what the server has', async () => {
      await using test = await makeLink();
      await online(test.link);
      await test.link.send(numbered(test.own, test.peer, 1), 'acked');
      assert.equal((await test.arrived()).id, 'id-1');
    });

    it('refuses what cannot be written, and nobody else is harmed', async () => {
      await using test = await makeLink();
      await online(test.link);
      const illegal: Element = { name: 'body', ns: NS.client, attrs: {}, children: ['\u0000'] };
      const poison = { ...numbered(test.own, test.peer, 1), payload: [illegal] };
      await assert.rejects(test.link.send(poison), RestanzaError);
      await test.link.send(numbered(test.own, test.peer, 2));
      assert.equal((await test.arrived()).id, 'id-2');
    });

    it('has one reader of what comes in', async () => {
      await using test = await makeLink();
      await online(test.link);
      test.deliver(numbered(test.peer, test.own, 1));
      await oneByOne(test.link.incoming).next();
      await assert.rejects(async () => oneByOne(test.link.incoming).next());
    });

    it('ends when it is closed: no state after, nothing sent, nothing delivered', async () => {
      await using test = await makeLink();
      const { link } = test;
      await online(link);
      const rest = Array.fromAsync(oneByOne(link.incoming));
      await Promise.all([link[Symbol.asyncDispose](), link[Symbol.asyncDispose]()]);
      link.onState = state => assert.fail(`told ${state.name} after the end`);
      assert.equal(link.state.name, 'closed');
      assert.deepEqual(await rest, []);
      await assert.rejects(link.send(numbered(test.own, test.peer, 1)), { code: 'link-down' });
      await link[Symbol.asyncDispose]();
    });

    it('never brings the process down for a send that nobody looks at', async () => {
      await using test = await makeLink();
      await online(test.link);
      await test.link[Symbol.asyncDispose]();
      void test.link.send(numbered(test.own, test.peer, 1));
      await new Promise(setImmediate);
    });
  });
}
