import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Element } from '../../xml/element.ts';
import { CLIENT_LIMITS, documentLimits } from '../../xml/limits.ts';
import { parseDocument, StreamReader } from '../../xml/parse.ts';
import { write } from '../../xml/write.ts';
import { StreamFault } from '../header.ts';
import { parseJid } from '../jid.ts';
import { NS } from '../ns.ts';
import { SaslFault, type SaslReason } from '../sasl/client-fault.ts';
import { readSasl2Answer } from '../sasl2.ts';
import { advance, connected } from './login.ts';
import type { LoginCommand, LoginInput, LoginState, Plan } from './words.ts';

const PLAN: Plan = { account: parseJid('user@home.example'), tls: 'required', resource: 'desk', spare: 'spare' };
const OFF: Plan = { ...PLAN, tls: 'off' };
const RESUME: Plan = { ...OFF, resume: { id: 'sm-1', handled: 7 } };
const BACK: Plan = { ...PLAN, resume: { id: 'sm-1', handled: 7 } };

const HEADER = header(
  "<stream:stream version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
);
const TLS = `<starttls xmlns='${NS.tls}'/>`;
const SASL = `<mechanisms xmlns='${NS.sasl}'><mechanism>PLAIN</mechanism></mechanisms>`;
const BIND = `<bind xmlns='${NS.bind}'/>`;
const SM = `<sm xmlns='${NS.management}'/>`;
const SESSION = `<session xmlns='${NS.session}'/>`;
const BOUND = received(
  `<iq type='result' id='bind'><bind xmlns='${NS.bind}'><jid>user@home.example/desk</jid></bind></iq>`,
);
const ENABLED = received(`<enabled xmlns='${NS.management}' resume='true' id='sm-2' max='60'/>`);

/** What a reader makes of the start of a stream. */
function header(xml: string): LoginInput {
  let input: LoginInput | undefined;
  const open = (root: Element, contentNs: string) => {
    input = { name: 'header', root, contentNs };
  };
  const ignore = () => {};
  const events = { open, element: ignore, refused: ignore, close: ignore };
  new StreamReader(events, { limits: CLIENT_LIMITS }).write(Buffer.from(xml));
  assert.ok(input);
  return input;
}

function parse(xml: string): Element {
  return parseDocument(xml, documentLimits(100_000), NS.client);
}

function received(xml: string): LoginInput {
  return { name: 'element', element: parse(xml) };
}

function features(inside: string): LoginInput {
  return received(`<features xmlns='${NS.stream}'>${inside}</features>`);
}

/** A command in a line. */
function inWords(command: LoginCommand): string {
  switch (command.do) {
    case 'write':
      return command.xml;
    case 'open':
      return command.authenticated ? 'open, logged in' : 'open';
    case 'authenticate':
      return `authenticate ${command.offer.profile} ${command.offer.mechanisms} ${command.inline.map(one => write(one)).join('')}`.trim();
    case 'exchange':
      return `exchange ${command.received.name}`;
    case 'forgo':
      return `forgo ${command.handled}`;
    case 'begin':
      return `begin ${command.address} ${command.management?.resumption?.id ?? command.management} ${command.early.length}`;
    case 'continue':
      return `continue ${command.handled}`;
    case 'fail':
      return `fail ${command.failure.kind}`;
    case 'anew':
      return `anew ${command.why}`;
    case 'secure':
      return 'secure';
  }
}

/** Runs inputs through the machine from the start; what the last one made it do, and where it stands then. */
function run(plan: Plan, ...inputs: readonly LoginInput[]): { state: LoginState; said: readonly string[] } {
  return runFrom(connected(plan, false), plan, inputs);
}

/** The same on a connection that began with TLS. */
function runSecured(plan: Plan, ...inputs: readonly LoginInput[]): { state: LoginState; said: readonly string[] } {
  return runFrom(connected(plan, true), plan, inputs);
}

function runFrom(first: LoginState, plan: Plan, inputs: readonly LoginInput[]) {
  let state = first;
  let said: readonly string[] = [];
  for (const input of inputs) {
    const next = advance(plan, state, input);
    state = next.state;
    said = next.commands.map(inWords);
  }
  return { state, said };
}

const RESPONSE: LoginInput = { name: 'response', element: parse(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`) };
const SUCCESS = received(`<success xmlns='${NS.sasl}'/>`);
const AUTHENTICATED: LoginInput = { name: 'authenticated' };
const SECURED: LoginInput = { name: 'secured' };
const LOGIN = [HEADER, features(SASL), RESPONSE, SUCCESS, AUTHENTICATED, HEADER];

describe('a login', () => {
  it('goes from TLS over SASL to a session that is counted', () => {
    const steps: readonly (readonly [LoginInput, readonly string[]])[] = [
      [HEADER, []],
      [features(TLS + SASL), [TLS]],
      [received(`<proceed xmlns='${NS.tls}'/>`), ['secure']],
      [SECURED, ['open']],
      [HEADER, []],
      [features(SASL), ['authenticate sasl PLAIN']],
      [RESPONSE, [`<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`]],
      [received(`<challenge xmlns='${NS.sasl}'/>`), ['exchange challenge']],
      [RESPONSE, [`<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`]],
      [SUCCESS, ['exchange success']],
      [AUTHENTICATED, ['open, logged in']],
      [HEADER, []],
      [
        features(BIND + SESSION + SM),
        [`<iq id='bind' type='set'><bind xmlns='${NS.bind}'><resource>desk</resource></bind></iq>`],
      ],
      [BOUND, [`<iq to='home.example' id='session' type='set'><session xmlns='${NS.session}'/></iq>`]],
      [received("<iq type='result' id='session'/>"), [`<enable xmlns='${NS.management}' resume='true'/>`]],
      [ENABLED, ['begin user@home.example/desk sm-2 0']],
    ];
    const inputs = steps.map(([input]) => input);
    for (const [at, [, expected]] of steps.entries()) {
      assert.deepEqual(run(PLAN, ...inputs.slice(0, at + 1)).said, expected);
    }
    assert.equal(run(PLAN, ...inputs).state.name, 'over');
  });

  it('is done with the resource where nothing else is offered, or needed', () => {
    for (const more of ['', `<session xmlns='${NS.session}'><optional/></session>`, '<unknown/>']) {
      assert.deepEqual(run(OFF, ...LOGIN, features(BIND + more), BOUND).said, [
        'begin user@home.example/desk undefined 0',
      ]);
    }
  });

  it('is done without counts where the server refuses them', () => {
    const failed = received(`<failed xmlns='${NS.management}'/>`);
    assert.deepEqual(run(OFF, ...LOGIN, features(BIND + SM), BOUND, failed).said, [
      'begin user@home.example/desk undefined 0',
    ]);
  });

  it('leaves the resource to the server where none is wanted', () => {
    const { resource: _, ...any } = OFF;
    assert.deepEqual(run(any, ...LOGIN, features(BIND)).said, [
      `<iq id='bind' type='set'><bind xmlns='${NS.bind}'/></iq>`,
    ]);
  });

  it('asks for another resource when the wanted one is taken, once', () => {
    const conflict = received(
      `<iq type='error' id='bind'><error type='cancel'><conflict xmlns='${NS.stanzaErrors}'/></error></iq>`,
    );
    const again = run(OFF, ...LOGIN, features(BIND), conflict);
    assert.match(again.said.join(), /<resource>desk-spare<\/resource>/);
    assert.deepEqual(run(OFF, ...LOGIN, features(BIND), conflict, conflict).said, ['fail bind-refused']);
  });

  it('keeps what comes before it is done', () => {
    const early = received("<message from='a@b.example'/>");
    assert.deepEqual(run(OFF, ...LOGIN, features(BIND + SM), BOUND, early, early, ENABLED).said, [
      'begin user@home.example/desk sm-2 2',
    ]);
  });

  it('keeps what comes while a session is begun, and takes no other answer for that of its request', () => {
    const begun = received("<iq type='result' id='session'/>");
    for (const early of [
      "<message from='a@b.example'/>",
      "<iq type='result' id='other'/>",
      "<iq type='get' id='session'><ping xmlns='urn:xmpp:ping'/></iq>",
    ]) {
      assert.deepEqual(run(OFF, ...LOGIN, features(BIND + SESSION), BOUND, received(early), begun).said, [
        'begin user@home.example/desk undefined 1',
      ]);
    }
  });

  it('does not begin TLS once it has shown what it knows', () => {
    const offered = run({ ...PLAN, tls: 'optional' }, ...LOGIN, features(TLS + BIND));
    assert.match(offered.said.join(), /^<iq id='bind'/);
  });

  it('goes on with a session, before it asks for a resource', () => {
    const asked = run(RESUME, ...LOGIN, features(BIND + SM));
    assert.deepEqual(asked.said, [`<resume xmlns='${NS.management}' previd='sm-1' h='7'/>`]);
    const resumed = received(`<resumed xmlns='${NS.management}' previd='sm-1' h='12'/>`);
    assert.deepEqual(run(RESUME, ...LOGIN, features(BIND + SM), resumed).said, ['continue 12']);
  });

  it('begins a new session when the old one is forgotten', () => {
    for (const [count, told] of [
      ['', 'forgo undefined'],
      [" h='5'", 'forgo 5'],
    ] as const) {
      const failed = received(`<failed xmlns='${NS.management}'${count}/>`);
      const { said } = run(RESUME, ...LOGIN, features(BIND + SM), failed);
      assert.equal(said[0], told);
      assert.match(said[1] ?? '', /^<iq id='bind'/);
      assert.deepEqual(run(RESUME, ...LOGIN, features(BIND + SM), failed, BOUND, ENABLED).said, [
        'begin user@home.example/desk sm-2 0',
      ]);
    }
  });
});

describe('a login with SASL2', () => {
  const offer = (inline: string) =>
    features(`<authentication xmlns='${NS.sasl2}'><mechanism>PLAIN</mechanism>${inline}</authentication>${SASL}`);
  const ALL = `<inline><bind xmlns='${NS.bind2}'><inline><feature var='${NS.management}'/></inline></bind>${SM}</inline>`;
  const granted = (inside: string, resource = '/desk.1', byToken = false): LoginInput => {
    const id = `<authorization-identifier>user@home.example${resource}</authorization-identifier>`;
    const said = readSasl2Answer(parse(`<success xmlns='${NS.sasl2}'>${id}${inside}</success>`));
    assert.ok(said.name === 'success');
    return { name: 'authenticated', granted: { ...said, byToken } };
  };
  const upTo = (inline: string) => [HEADER, offer(inline), RESPONSE, received(`<success xmlns='${NS.sasl2}'/>`)];

  it('is done over TLS only', () => {
    assert.deepEqual(run(OFF, HEADER, offer(ALL)).said, ['authenticate sasl PLAIN']);
    assert.deepEqual(run({ ...PLAN, tls: 'optional' }, HEADER, offer(ALL)).said, ['authenticate sasl PLAIN']);
    assert.match(runSecured(PLAN, HEADER, offer(ALL)).said.join(), /^authenticate sasl2 PLAIN/);
  });

  it('that has no mechanism for us is one by RFC 6120, if that is on offer too', () => {
    const denied = (reason: SaslReason): LoginInput => ({ name: 'denied', fault: new SaslFault(reason, reason) });
    const unsuited = denied('no-mechanism');
    assert.deepEqual(runSecured(PLAN, HEADER, offer(ALL), unsuited).said, ['authenticate sasl PLAIN']);
    const bound = [RESPONSE, SUCCESS, AUTHENTICATED, HEADER, features(BIND), BOUND];
    assert.match(runSecured(PLAN, HEADER, offer(ALL), unsuited, ...bound).said.join(), /^begin user@home/);
    assert.deepEqual(runSecured(PLAN, HEADER, offer(ALL), unsuited, unsuited).said, ['fail denied']);
    assert.deepEqual(runSecured(PLAN, HEADER, offer(ALL), denied('downgraded')).said, ['fail denied']);
    assert.deepEqual(runSecured(PLAN, HEADER, features(SASL), unsuited).said, ['fail denied']);
    const alone = features(`<authentication xmlns='${NS.sasl2}'><mechanism>X</mechanism></authentication>`);
    assert.deepEqual(runSecured(PLAN, HEADER, alone, unsuited).said, ['fail denied']);
  });

  it('asks for everything at once', () => {
    assert.deepEqual(runSecured(BACK, HEADER, offer(ALL)).said, [
      `authenticate sasl2 PLAIN <bind xmlns='${NS.bind2}'><tag>desk</tag><enable xmlns='${NS.management}' resume='true'/></bind>` +
        `<resume xmlns='${NS.management}' previd='sm-1' h='7'/>`,
    ]);
    assert.deepEqual(runSecured(BACK, HEADER, offer('')).said, ['authenticate sasl2 PLAIN']);
  });

  it('takes a token for the session that there was, and for no other', () => {
    const resumed = `<resumed xmlns='${NS.management}' previd='sm-1' h='9'/>`;
    const failed = `<failed xmlns='${NS.management}' h='8'/>`;
    const bound = `<bound xmlns='${NS.bind2}'/>`;
    const gone = 'anew the session that it was for is gone';
    assert.deepEqual(runSecured(BACK, ...upTo(ALL), granted(resumed, '', true)).said, ['continue 9']);
    for (const more of ['', bound]) {
      assert.deepEqual(runSecured(BACK, ...upTo(ALL), granted(failed + more, '/desk.1', true)).said, ['forgo 8', gone]);
      assert.deepEqual(runSecured(BACK, ...upTo(ALL), granted(more, '/desk.1', true)).said, [gone]);
    }
  });

  it('begins anew without a token that is refused, but not after a breach of the protocol', () => {
    const denied = (reason: SaslReason): LoginInput => ({
      name: 'denied',
      fault: new SaslFault(reason, reason),
      byToken: true,
    });
    for (const reason of ['not-authorized', 'credentials-expired', 'invalid-mechanism', 'aborted'] as const) {
      assert.deepEqual(runSecured(BACK, HEADER, offer(ALL), denied(reason)).said, [`anew ${reason}`]);
    }
    for (const reason of ['server-unproven', 'wrong-identity', 'malformed-answer'] as const) {
      assert.deepEqual(runSecured(BACK, HEADER, offer(ALL), denied(reason)).said, ['fail denied']);
    }
  });

  it('knows of tokens only where a session can be gone back to', () => {
    const fast = `<fast xmlns='${NS.fast}'><mechanism>HT-SHA-256-NONE</mechanism></fast>`;
    const asked = (inline: string) => {
      const state = advance(BACK, advance(BACK, connected(BACK, true), HEADER).state, offer(inline));
      return state.commands.map(one => one.do === 'authenticate' && [one.offer.fast, one.resumption?.name]);
    };
    assert.deepEqual(asked(`<inline>${fast}${SM}</inline>`), [[['HT-SHA-256-NONE'], 'resume']]);
    assert.deepEqual(asked(`<inline>${fast}</inline>`), [[undefined, undefined]]);
  });

  it('is done when all is granted', () => {
    const bound = `<bound xmlns='${NS.bind2}'><enabled xmlns='${NS.management}' resume='1' id='sm-3'/></bound>`;
    assert.deepEqual(runSecured(PLAN, ...upTo(ALL), granted(bound)).said, ['begin user@home.example/desk.1 sm-3 0']);
    const resumed = `<resumed xmlns='${NS.management}' previd='sm-1' h='9'/>`;
    assert.deepEqual(runSecured(BACK, ...upTo(ALL), granted(resumed, '')).said, ['continue 9']);
    const both = `<failed xmlns='${NS.management}' h='3'/>${bound}`;
    assert.deepEqual(runSecured(BACK, ...upTo(ALL), granted(both)).said, [
      'forgo 3',
      'begin user@home.example/desk.1 sm-3 0',
    ]);
  });

  it('binds nothing in the place of a session that can be resumed only after it', () => {
    const apart = `<inline><bind xmlns='${NS.bind2}'><inline/></bind></inline>`;
    const bind = `<bind xmlns='${NS.bind2}'><tag>desk</tag></bind>`;
    assert.deepEqual(runSecured(PLAN, HEADER, offer(apart)).said, [`authenticate sasl2 PLAIN ${bind}`]);
    assert.deepEqual(runSecured(BACK, HEADER, offer(apart)).said, ['authenticate sasl2 PLAIN']);
    const after = (inside: string) => runSecured(BACK, ...upTo(apart), granted('', ''), features(inside)).said;
    assert.deepEqual(after(BIND + SM), [`<resume xmlns='${NS.management}' previd='sm-1' h='7'/>`]);
    assert.match(after(BIND).join(), /^<iq id='bind'/);
    assert.deepEqual(after(''), ['forgo undefined', 'fail no-bind']);
  });

  it('goes on with the features that follow, on the same stream', () => {
    assert.match(runSecured(PLAN, ...upTo(''), granted('', ''), features(BIND + SM)).said.join(), /^<iq id='bind'/);
    const bound = granted(`<bound xmlns='${NS.bind2}'/>`);
    assert.deepEqual(runSecured(PLAN, ...upTo(ALL), bound, features(SM)).said, [
      `<enable xmlns='${NS.management}' resume='true'/>`,
    ]);
    const early = received("<message from='a@b.example'/>");
    assert.deepEqual(runSecured(PLAN, ...upTo(ALL), bound, early, features('')).said, [
      'begin user@home.example/desk.1 undefined 1',
    ]);
    const refused = granted(`<bound xmlns='${NS.bind2}'><failed xmlns='${NS.management}'/></bound>`);
    assert.deepEqual(runSecured(PLAN, ...upTo(ALL), refused, features(SM)).said, [
      'begin user@home.example/desk.1 undefined 0',
    ]);
  });

  it('asks once for a session that cannot be resumed', () => {
    const failed = granted(`<failed xmlns='${NS.management}' h='8'/>`, '');
    const after = runSecured(BACK, ...upTo(ALL), failed, features(BIND + SM));
    assert.match(after.said.join(), /^<iq id='bind'/);
  });

  it('does not take an address of somebody else, or none', () => {
    for (const resource of ['', '.evil/x']) {
      const bound = granted(`<bound xmlns='${NS.bind2}'/>`, resource);
      assert.throws(() => runSecured(PLAN, ...upTo(ALL), bound), { condition: 'invalid-from' });
    }
  });
});

describe('a login that cannot be done', () => {
  const FAILURES: readonly [what: string, plan: Plan, inputs: readonly LoginInput[], failure: string][] = [
    ['TLS is required and not offered', PLAN, [features(SASL)], 'no-tls'],
    ['TLS is required and SASL2 alone is offered', PLAN, [features(`<authentication xmlns='${NS.sasl2}'/>`)], 'no-tls'],
    ['TLS is refused', PLAN, [features(TLS), received(`<failure xmlns='${NS.tls}'/>`)], 'tls-refused'],
    ['nothing is offered', OFF, [features('')], 'no-login'],
    ['only TLS is offered, which is off', OFF, [features(TLS)], 'no-login'],
  ];
  for (const [what, plan, inputs, failure] of FAILURES) {
    it(`says so when ${what}`, () => {
      const { said, state } = run(plan, HEADER, ...inputs);
      assert.deepEqual([said, state.name], [[`fail ${failure}`], 'over']);
    });
  }

  it('says whether TLS, which is off, would have helped', () => {
    for (const [child, wantsTls] of [
      ['<required/>', true],
      ['<optional/>', false],
    ] as const) {
      const { state, commands } = advance(
        OFF,
        run(OFF, HEADER).state,
        features(`<starttls xmlns='${NS.tls}'>${child}</starttls>`),
      );
      assert.equal(state.name, 'over');
      assert.deepEqual(commands, [{ do: 'fail', failure: { kind: 'no-login', wantsTls } }]);
    }
  });

  it('says so when the login is denied, or there is no session after it', () => {
    const denied: LoginInput = { name: 'denied', fault: new SaslFault('not-authorized', 'no') };
    assert.deepEqual(run(OFF, HEADER, features(SASL), denied).said, ['fail denied']);
    assert.deepEqual(run(OFF, ...LOGIN, features(SM)).said, ['fail no-bind']);
  });

  it('never shows credentials without TLS where it is required, whatever is offered', () => {
    for (const offered of [SASL, TLS + SASL, SASL + BIND + SM, BIND + SM]) {
      assert.doesNotMatch(run(PLAN, HEADER, features(offered)).said.join(), /authenticate/);
    }
  });

  it('keeps 256 stanzas that come before it is done, and takes no more', () => {
    const early = received("<message from='a@b.example'/>");
    const managing = [...LOGIN, features(BIND + SM), BOUND];
    const many = Array.from({ length: 256 }, () => early);
    assert.deepEqual(run(OFF, ...managing, ...many, ENABLED).said, ['begin user@home.example/desk sm-2 256']);
    assert.throws(() => run(OFF, ...managing, ...many, early), { condition: 'policy-violation' });
  });

  it('takes nothing that has no place', () => {
    const stray = received("<message from='a@b.example'/>");
    const places: readonly (readonly LoginInput[])[] = [
      [stray],
      [HEADER, stray],
      [HEADER, features(SASL), stray],
      [...LOGIN, stray],
      [...LOGIN, features(BIND), stray],
      [...LOGIN, features(BIND), received("<message type='error' id='bind'/>")],
      [...LOGIN, features(BIND + SM), BOUND, received('<other/>')],
      [HEADER, HEADER],
      [SECURED],
      [AUTHENTICATED],
      [RESPONSE],
      [HEADER, features(SASL), RESPONSE, SUCCESS, SUCCESS],
      [...LOGIN, features(BIND + SM), BOUND, BOUND, received("<x xmlns='urn:x'/>")],
    ];
    for (const inputs of places) assert.throws(() => run(OFF, ...inputs), StreamFault);
    for (const answer of [`<x xmlns='${NS.tls}'/>`, "<proceed xmlns='urn:x'/>"]) {
      assert.throws(() => run(PLAN, HEADER, features(TLS), received(answer)), StreamFault);
    }
  });

  for (const jid of ['', 'user@home.example', 'other@home.example/desk', 'user@else.example/desk', 'a@b@c']) {
    it(`does not take ${jid || 'nothing'} for the address`, () => {
      const bound = received(`<iq type='result' id='bind'><bind xmlns='${NS.bind}'><jid>${jid}</jid></bind></iq>`);
      assert.throws(() => run(OFF, ...LOGIN, features(BIND), bound), { condition: 'invalid-from' });
    });
  }

  it('does not go on with a session of another name', () => {
    const resumed = received(`<resumed xmlns='${NS.management}' previd='sm-9' h='1'/>`);
    assert.throws(() => run(RESUME, ...LOGIN, features(BIND + SM), resumed), StreamFault);
  });

  it('takes a stream without a version for one without features', () => {
    const old = header("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
    assert.throws(() => run(OFF, old), { condition: 'unsupported-version' });
  });

  it('says nothing any more once it is over', () => {
    const { state } = run(OFF, HEADER, features(''));
    for (const input of [HEADER, SECURED, AUTHENTICATED, RESPONSE, BOUND]) {
      assert.deepEqual(advance(OFF, state, input), { state, commands: [] });
    }
  });
});
