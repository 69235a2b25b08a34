/**
 * The state machine of a client's stream, in words: for tests of what it says to which input.
 */
import assert from 'node:assert/strict';
import { advance } from '../../src/link/server/stream.ts';
import { accepted, type Command, type StreamInput, type StreamState } from '../../src/link/server/stream-states.ts';
import type { Element } from '../../src/xml/element.ts';
import { CLIENT_LIMITS, documentLimits, PRE_AUTH_LIMITS } from '../../src/xml/limits.ts';
import { parseDocument, StreamReader } from '../../src/xml/parse.ts';
import { write } from '../../src/xml/write.ts';
import { parseJid } from '../../src/xmpp/jid.ts';
import { NS } from '../../src/xmpp/ns.ts';
import type { Step } from '../../src/xmpp/sasl/exchange.ts';
import { stanzaElement } from '../../src/xmpp/stanza.ts';

const DOMAIN = parseJid('home.example');
/** Who logs in. */
export const ACCOUNT = parseJid('user@home.example');
/** The session that is bound. */
export const FULL = parseJid('user@home.example/desk');

/** A header that is as it should be. */
export const HEADER =
  "<stream:stream to='home.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

/** What a reader makes of the start of a stream. */
export function header(xml: string = HEADER): StreamInput {
  let input: StreamInput | undefined;
  const open = (root: Element, contentNs: string) => {
    input = { name: 'header', root, contentNs };
  };
  const ignore = () => {};
  new StreamReader({ open, element: ignore, refused: ignore, close: ignore }, { limits: CLIENT_LIMITS }).write(
    Buffer.from(xml),
  );
  assert.ok(input);
  return input;
}

/** An element of the client. */
export function received(xml: string): StreamInput {
  return { name: 'element', element: parseDocument(xml, documentLimits(100_000), NS.client) };
}

/** What a SASL exchange has said. */
export function step(judged: Step): StreamInput {
  return { name: 'step', step: judged };
}

/** A command in a line: its name and what is on the wire. */
function inWords(command: Command): string {
  switch (command.do) {
    case 'write':
      return command.xml;
    case 'close':
      return `close ${command.condition ?? ''}${command.xml}`.trim();
    case 'restart':
      return `restart ${command.limits === CLIENT_LIMITS ? 'client' : command.limits === PRE_AUTH_LIMITS ? 'before login' : '?'}`;
    case 'authenticate':
      return `authenticate ${command.mechanism.name} ${command.message === undefined ? 'nothing' : Buffer.from(command.message)}`;
    case 'respond':
      return `respond ${Buffer.from(command.message)}`;
    case 'bind':
      return `bind ${command.account} ${command.address ?? 'any'}`;
    case 'route':
      return `route ${command.stanza.kind}`;
    case 'answer':
      return command.stanza === undefined ? 'silence' : write(stanzaElement(command.stanza), { defaultNs: NS.client });
    case 'manage':
      return command.resumable ? 'manage and keep' : 'manage';
    case 'resume':
      return `resume ${command.account} ${command.previd} ${command.h}`;
    case 'tell':
      return 'tell';
    case 'acknowledge':
      return `acknowledge ${command.h}`;
    case 'open':
      return command.to === undefined ? 'open' : `open to ${command.to}`;
    case 'secure':
      return 'secure';
  }
}

/** Runs inputs through the machine; what the last one made it do, and where it stands then. */
export function run(
  state: StreamState,
  ...inputs: readonly StreamInput[]
): { readonly state: StreamState; readonly said: readonly string[] } {
  let said: readonly string[] = [];
  let at = state;
  for (const input of inputs) {
    const next = advance(at, input, DOMAIN);
    at = next.state;
    said = next.commands.map(inWords);
  }
  return { state: at, said };
}

/** The condition of the SASL failure that was said, if any. */
export function failureOf(said: readonly string[]): string | undefined {
  return /<failure [^>]*><([a-z-]+)\/>/.exec(said.join('\n'))?.[1];
}

/** The condition with which the stream was closed; empty for none. */
export function conditionOf(said: readonly string[]): string | undefined {
  return /^close ([a-z-]*)/m.exec(said.join('\n'))?.[1];
}

/** What a client sends, and what comes of it, on the way of a login. */
export const STARTTLS = received(`<starttls xmlns='${NS.tls}'/>`);
export const PLAIN = received(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>AGEAYg==</auth>`);
export const SUCCESS = step({ kind: 'success', account: ACCOUNT });
export const DENIED = step({ kind: 'failure', condition: 'not-authorized' });
export const BIND = received(`<iq type='set' id='b1'><bind xmlns='${NS.bind}'><resource>desk</resource></bind></iq>`);

/** The machine where features are out: to a client on this machine, to one elsewhere, after SASL, and when it is bound. */
export const near = () => run(accepted(true), header()).state;
export const far = () => run(accepted(false), header()).state;
export const authenticated = () => run(near(), PLAIN, SUCCESS, header()).state;
export const online = () => run(authenticated(), BIND, { name: 'bound', address: FULL }).state;
