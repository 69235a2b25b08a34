/**
 * Callbacks against what was recorded from mod_rest: the call that a stanza makes and the reply that an answer makes are
 * the recorded ones, or a row of `docs/compatibility.md`.
 *
 * Recorded calls went out in JSON. Of the headers, those that mod_rest has are compared; `Accept` may name more. A receiver
 * on a socket answers as the recorded one did.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { test } from 'node:test';
import { JSON_CODEC } from '../src/bridge/json.ts';
import { Caller, type CallRequest } from '../src/delivery/caller.ts';
import type { CallResult } from '../src/delivery/exchange.ts';
import { replyTo } from '../src/delivery/reply.ts';
import { callbackRequest } from '../src/delivery/request.ts';
import { TARGET_DEFAULTS, type Target } from '../src/delivery/target.ts';
import { readTemplate } from '../src/delivery/url.ts';
import type { Json } from '../src/mapping/json.ts';
import { element } from '../src/xml/element.ts';
import { parseJid } from '../src/xmpp/jid.ts';
import { readStanza, type Stanza, stanzaElement } from '../src/xmpp/stanza.ts';
import { compare } from './support/compatibility.ts';
import { canonical, holds, MISSING, parseRecorded, vectors } from './support/vectors.ts';

interface WebhookVector {
  readonly id: string;
  /** What a user sent; the server stamped the sender. */
  readonly stanza?: string;
  readonly stanza_sent_by?: string;
  /** Or what mod_rest was asked to send. */
  readonly rest_request?: { readonly path: string };
  readonly callbacks: readonly {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly json?: Json;
  }[];
  readonly hook_response: { readonly status: number; readonly ctype?: string | null; readonly body?: string } | null;
  /** The reply as XML, or empty. */
  readonly stanzas_back?: string;
  readonly rest_response?: { readonly status: number; readonly content_type: string; readonly body: string };
}

const VECTORS = vectors<WebhookVector>('webhook.json');
const MADE_ID = 'GENERATED-ID';
const URLS: Readonly<Record<string, string>> = {
  'hook-xml-msg': '/x/{kind}/{type}/{to}/{from}',
};

/**
 * What the service was told: the stanza as it was recorded in JSON, because the server adds to presence, and as it was sent
 * for the other kinds, because JSON loses some of it.
 */
function stanzaOf({ stanza, stanza_sent_by, callbacks }: WebhookVector): Stanza {
  const [call] = callbacks;
  const told =
    call?.json === undefined ? undefined : JSON_CODEC.decode(Buffer.from(JSON.stringify(call.json)), { limit: 1e6 });
  const root = stanza === undefined ? undefined : parseRecorded(stanza);
  if (root === undefined || root.name === 'presence') {
    assert.ok(told !== undefined);
    return told;
  }
  const sent = readStanza(root);
  return { ...sent, from: told?.from ?? parseJid(stanza_sent_by ?? ''), lang: sent.lang ?? 'en' };
}

function callOf(vector: WebhookVector, origin: string): CallRequest {
  const target: Target = {
    ...TARGET_DEFAULTS,
    name: 'hook',
    link: parseJid('hook.localhost'),
    events: ['bare', 'full', 'host'],
    url: readTemplate(origin + (URLS[vector.id] ?? '/stanzas')),
  };
  const notice = { id: 'delivery', stanza: stanzaOf(vector) };
  const prepared = callbackRequest(target, 'application/json', notice, { now: 0, span: '0'.repeat(16), version: '0' });
  assert.equal(prepared.name, 'call');
  return prepared.name === 'call' ? prepared.request : assert.fail();
}

function isCalledAlike({ callbacks }: WebhookVector, { method, path, headers, body }: CallRequest): boolean {
  return callbacks.every(recorded => {
    const theirs = recorded.headers;
    const language = headers['content-language'] === theirs['content-language'];
    const type = headers['content-type'] === theirs['content-type'];
    const accept = headers['accept']?.startsWith(theirs['accept'] ?? '') ?? false;
    const told = holds(recorded.json, JSON.parse(String(body)));
    // The sender of these stanzas was mod_rest's own user, who has no language.
    const languageIsOurs = theirs['content-language'] === undefined;
    return (
      method === recorded.method && path === recorded.path && (language || languageIsOurs) && type && accept && told
    );
  });
}

/** A receiver that answers as it is told. */
class Receiver implements AsyncDisposable {
  readonly #server: Server;
  #answer: WebhookVector['hook_response'] = null;

  constructor() {
    this.#server = createServer((request, response) => {
      request.resume().on('end', () => {
        const { status = 500, ctype, body } = this.#answer ?? {};
        response.writeHead(status, typeof ctype === 'string' ? { 'content-type': ctype } : {}).end(body ?? '');
      });
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    assert.ok(address !== null && typeof address === 'object');
    return `http://127.0.0.1:${address.port}`;
  }

  answerWith(answer: WebhookVector['hook_response']): void {
    this.#answer = answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** What mod_rest sent back, as XML without prefixes; its answers over HTTP hold a stanza where they are no error. */
function isRepliedAlike(vector: WebhookVector, result: CallResult): boolean {
  const reply = replyTo(stanzaOf(vector), result, 'application/json');
  const { stanzas_back: back, rest_response: rest } = vector;
  if (back !== undefined) return reply.name === 'none' ? back === '' : isSame(parseRecorded(back), reply.stanza);
  if (rest?.status !== 200 || reply.name === 'none') return false;
  if (rest.content_type === 'application/xmpp+xml') return isSame(parseRecorded(rest.body), reply.stanza);
  return holds(JSON.parse(rest.body), JSON.parse(JSON_CODEC.encode([reply.stanza])));
}

function isSame(theirs: ReturnType<typeof parseRecorded>, stanza: Stanza): boolean {
  if (theirs === undefined) return false;
  const ours = stanzaElement(stanza);
  const id = theirs.attrs['id'] === MADE_ID ? { id: MADE_ID } : {};
  return canonical(theirs) === canonical(element(ours.name, ours.ns, { ...ours.attrs, ...id }, ours.children));
}

test('stanzas are told and answers are replied as recorded, or a deviation is meant', { skip: MISSING }, async t => {
  await using receiver = new Receiver();
  const origin = await receiver.listen();
  const destination = { origin, hostname: '127.0.0.1', reach: 'anywhere', concurrency: 1 } as const;
  await using caller = new Caller(destination);
  const patience = { timeout: 5_000, signal: new AbortController().signal };
  const different: string[] = [];
  for (const vector of VECTORS) {
    receiver.answerWith(vector.hook_response);
    const request = callOf(vector, origin);
    const refused = { name: 'fault', fault: 'refused', text: '' } as const;
    const result = vector.hook_response === null ? refused : await caller.call(request, patience);
    if (!isCalledAlike(vector, request) || !isRepliedAlike(vector, result)) different.push(vector.id);
  }
  assert.ok(VECTORS.length > 50);
  compare(t, { heading: 'Callbacks', all: VECTORS.map(({ id }) => id), different });
});
