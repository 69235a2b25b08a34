import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  authenticated,
  BIND,
  conditionOf,
  FULL,
  HEADER,
  header,
  near,
  online,
  PLAIN,
  received,
  run,
  SUCCESS,
} from '../../../test/support/stream-machine.ts';
import { element } from '../../xml/element.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { advance } from './stream.ts';
import { accepted, type StreamInput, type StreamState } from './stream-states.ts';

describe('a stream that opens', () => {
  it('is answered with a header and the features', () => {
    const { said, state } = run(accepted(false), header());
    assert.equal(said[0], 'open');
    assert.equal(said[1], `<stream:features><starttls xmlns='${NS.tls}'/></stream:features>`);
    assert.equal(state.name, 'choosing');
  });

  it('offers SASL without TLS to this machine only', () => {
    assert.doesNotMatch(run(accepted(false), header()).said.join(), /mechanism/);
    assert.match(
      run(accepted(true), header()).said.join(),
      /<mechanism>SCRAM-SHA-256<\/mechanism><mechanism>SCRAM-SHA-1<\/mechanism><mechanism>PLAIN<\/mechanism>/,
    );
  });

  it('answers to the name that the client gave', () => {
    const named = header(HEADER.replace(' to=', " from='user@home.example' to="));
    assert.equal(run(accepted(true), named).said[0], 'open to user@home.example');
  });

  const FAULTS: readonly [what: string, from: string | RegExp, to: string, condition: string][] = [
    ['another host', "to='home.example'", "to='else.example'", 'host-unknown'],
    ['a subdomain', "to='home.example'", "to='muc.home.example'", 'host-unknown'],
    ['an address at the host', "to='home.example'", "to='user@home.example'", 'host-unknown'],
    ['no host', "to='home.example'", '', 'host-unknown'],
    ['a host that is no address', "to='home.example'", "to='a@b@c'", 'host-unknown'],
    ['no version', "version='1.0'", '', 'unsupported-version'],
    ['an old version', "version='1.0'", "version='0.9'", 'unsupported-version'],
    ['a version that is none', "version='1.0'", "version='new'", 'unsupported-version'],
    ['a sender that is no address', "to='home.example'", "to='home.example' from='@'", 'invalid-from'],
    ['the namespace of servers', "xmlns='jabber:client'", "xmlns='jabber:server'", 'invalid-namespace'],
    ['no namespace', "xmlns='jabber:client'", '', 'invalid-namespace'],
    ['another namespace of streams', 'http://etherx.jabber.org/streams', 'urn:x', 'invalid-namespace'],
    ['another root', /stream:stream/, 'stream:flow', 'bad-format'],
  ];
  for (const [what, from, to, condition] of FAULTS) {
    it(`with ${what} ends with ${condition}, after a header`, () => {
      const { said, state } = run(accepted(true), header(HEADER.replace(from, to)));
      assert.deepEqual([said[0], conditionOf(said), state.name], ['open', condition, 'ended']);
    });
  }

  it('takes a later version, and the host in any spelling', () => {
    const shouted = HEADER.replace('home.example', 'HOME.Example').replace('1.0', '1.1');
    assert.equal(run(accepted(true), header(shouted)).state.name, 'choosing');
  });

  it('checks the host again on every restart', () => {
    const elsewhere = header(HEADER.replace('home.example', 'else.example'));
    assert.equal(conditionOf(run(near(), PLAIN, SUCCESS, elsewhere).said), 'host-unknown');
  });

  it('does not let somebody else restart it after SASL', () => {
    const other = header(HEADER.replace(' to=', " from='other@home.example' to="));
    assert.equal(conditionOf(run(near(), PLAIN, SUCCESS, other).said), 'invalid-from');
  });
});

describe('the end of a stream', () => {
  const STATES: readonly [string, () => StreamState][] = [
    ['choosing', near],
    ['judging', () => run(near(), PLAIN).state],
    ['binding', () => run(authenticated(), BIND).state],
    ['online', online],
  ];
  for (const [name, state] of STATES) {
    it(`comes in ${name} when the client closes it, without an error`, () => {
      const { said, state: then } = run(state(), { name: 'close' });
      assert.deepEqual([said, then.name], [['close'], 'ended']);
    });

    it(`comes in ${name} when the client reports an error, which is not answered with one`, () => {
      const error = received(`<error xmlns='${NS.stream}'><reset xmlns='${NS.streamErrors}'/></error>`);
      const { said, state: then } = run(state(), error);
      assert.deepEqual([said, then.name], [['close'], 'ended']);
    });

    it(`comes in ${name} with a fault from outside, without another header`, () => {
      const { said } = run(state(), { name: 'fault', condition: 'system-shutdown', text: 'stopping' });
      assert.equal(said.length, 1);
      assert.equal(conditionOf(said), 'system-shutdown');
    });
  }

  it('comes with a header when there was none', () => {
    const { said } = run(accepted(true), { name: 'fault', condition: 'connection-timeout', text: 'late' });
    assert.deepEqual([said[0], conditionOf(said)], ['open', 'connection-timeout']);
  });

  it('is the last that is said', () => {
    const { state } = run(online(), { name: 'close' });
    const more: readonly StreamInput[] = [
      header(),
      PLAIN,
      SUCCESS,
      { name: 'close' },
      { name: 'fault', condition: 'reset', text: '' },
    ];
    for (const input of more) assert.deepEqual(run(state, input), { state, said: [] });
  });

  it('comes with internal-server-error for an answer that nobody asked for', () => {
    assert.equal(conditionOf(run(near(), SUCCESS).said), 'internal-server-error');
    assert.equal(conditionOf(run(online(), SUCCESS).said), 'internal-server-error');
    assert.equal(conditionOf(run(near(), { name: 'bound', address: FULL }).said), 'internal-server-error');
  });
});

describe('a stream that is online', () => {
  it('hands stanzas to the router', () => {
    assert.deepEqual(run(online(), received("<message to='a@home.example'/>")).said, ['route message']);
  });

  it('adds the language of the stream to what does not say its own (RFC 6120 §8.1.5)', () => {
    const inLanguage = (lang: string) => header(HEADER.replace(' to=', ` xml:lang='${lang}' to=`));
    const langOf = (stream: StreamInput, xml: string) => {
      const { state } = run(near(), PLAIN, SUCCESS, stream, BIND, { name: 'bound', address: FULL });
      const [command] = advance(state, received(xml), parseJid('home.example')).commands;
      return command?.do === 'route' ? command.stanza.lang : undefined;
    };
    assert.equal(langOf(inLanguage('de-AT'), "<message to='a@home.example'/>"), 'de-AT');
    assert.equal(langOf(inLanguage('de'), "<message to='a@home.example' xml:lang='fr'/>"), 'fr');
    assert.equal(langOf(inLanguage('de'), "<message to='a@home.example' xml:lang=''/>"), '');
    assert.equal(langOf(inLanguage('de'), "<iq type='result' id='1' to='a@home.example'/>"), undefined);
    for (const stream of [header(), ...['', 'a b', 'x'.repeat(16_000), `de${'-x'.repeat(17)}`].map(inLanguage)]) {
      assert.equal(langOf(stream, "<message to='a@home.example'/>"), undefined);
    }
  });

  it('keeps the language of the stream on which a session goes on', () => {
    const stream = header(HEADER.replace(' to=', " xml:lang='de' to="));
    const resume = received(`<resume xmlns='${NS.management}' previd='x' h='0'/>`);
    const { state } = run(near(), PLAIN, SUCCESS, stream, resume, { name: 'resumed', address: FULL, handled: 0 });
    assert.deepEqual(state, { name: 'online', address: FULL, managed: true, lang: 'de' });
  });

  it('answers an element over a limit, and goes on', () => {
    const head = element('message', NS.client, { id: 'm1', to: 'a@home.example' });
    const { said, state } = run(online(), { name: 'refused', head, reason: 'it is too deep' });
    assert.match(said.join(), /^<message to='user@home.example\/desk' from='a@home.example' id='m1' type='error'>/);
    assert.match(said.join(), /<policy-violation .*it is too deep/);
    assert.equal(state.name, 'online');
  });
});
