/**
 * The HTTP side against what was recorded from mod_rest: each recorded request is made again, and its answer is the
 * recorded one or a row of `docs/compatibility.md`.
 *
 * Status, media type, errors and echoed stanzas are compared whole. What the XMPP server behind an answer says is not: it
 * was Prosody there, and is the embedded host here.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startGateway } from '../src/compose.ts';
import { loadConfig } from '../src/config/load.ts';
import { createLog } from '../src/log.ts';
import { isObject, type Json, type JsonObject } from '../src/mapping/json.ts';
import { childElements, element } from '../src/xml/element.ts';
import { NS } from '../src/xmpp/ns.ts';
import { compare } from './support/compatibility.ts';
import { Folder } from './support/folder.ts';
import { canonical, holds, MISSING, parseRecorded, vectors } from './support/vectors.ts';

/** A body that is too long to be recorded as it is. */
interface BodySpec {
  readonly prefix: string;
  readonly fill: string;
  readonly count: number;
  readonly suffix: string;
}

interface Body {
  readonly body?: string | null;
  readonly body_spec?: BodySpec;
}

interface HttpVector {
  readonly id: string;
  readonly request: Body & {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly response: Body & { readonly status?: number | null; readonly content_type?: string | null };
}

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

const VECTORS = vectors<HttpVector>('http.json');
const MADE_ID = 'GENERATED-ID';

function bodyOf({ body, body_spec: spec }: Body): string | undefined {
  return spec === undefined ? (body ?? undefined) : spec.prefix + spec.fill.repeat(spec.count) + spec.suffix;
}

/** Makes a request byte by byte as it was made, since fetch would put paths right. */
async function ask(port: number, { request }: HttpVector): Promise<Answer> {
  const body = bodyOf(request);
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const fields = { ...length, ...request.headers, Connection: 'close' };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  // A server that has refused a large body does not read the rest of it, and writing then fails.
  socket.on('error', () => {});
  socket.write(`${request.method} ${request.path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
  await new Promise(resolve => socket.once('close', resolve));
  const [head = '', ...rest] = received.split('\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    type: mediaType(/^content-type: (.*)$/im.exec(head)?.[1]),
    body: rest.join('\r\n\r\n'),
  };
}

function mediaType(field: string | null | undefined): string | undefined {
  return field?.split(';', 1)[0]?.trim();
}

/** Compares a body by its media type. */
const BODIES: Readonly<Record<string, (theirs: string, ours: string, isEcho: boolean) => boolean>> = {
  'application/json': (theirs, ours, isEcho) => sameJson(JSON.parse(theirs), JSON.parse(ours), isEcho),
  'application/xmpp+xml': sameXml,
  'application/x-www-form-urlencoded': (theirs, ours, isEcho) => !isEcho || sorted(theirs) === sorted(ours),
};

function sorted(form: string): string {
  return form.split('&').toSorted().join('&');
}

/** The parts of our answers in which mod_rest's own words stand; the rest of an error is for people. */
function sameJson(theirs: JsonObject, ours: JsonObject, isEcho: boolean): boolean {
  if (typeof theirs['code'] === 'number') {
    return (
      theirs['code'] === ours['code'] && (!isObject(theirs['error']) || holds(picked(theirs['error']), ours['error']))
    );
  }
  if (!isEcho) return holds({ kind: 'iq' }, ours) || 'xmpp' in theirs || holds({ kind: theirs['kind'] ?? null }, ours);
  return holds(theirs['id'] === MADE_ID ? { ...theirs, id: ours['id'] ?? null } : theirs, ours as Json);
}

function picked({ type, condition }: JsonObject): Json {
  return { type: type ?? null, condition: condition ?? null };
}

function sameXml(theirs: string, ours: string, isEcho: boolean): boolean {
  const [recorded, found] = [parseRecorded(theirs), parseRecorded(ours)];
  if (recorded === undefined || found === undefined) return false;
  if (recorded.ns === NS.stream) return childElements(recorded)[0]?.name === childElements(found)[0]?.name;
  if (!isEcho) return recorded.name === found.name || recorded.name === 'xmpp';
  const id = recorded.attrs['id'] === MADE_ID ? { id: MADE_ID } : {};
  return canonical(recorded) === canonical(element(found.name, found.ns, { ...found.attrs, ...id }, found.children));
}

function alike({ request, response }: HttpVector, ours: Answer): boolean {
  const type = mediaType(response.content_type);
  if (response.status !== ours.status || type !== ours.type) return false;
  const recorded = bodyOf(response);
  if (recorded === undefined || recorded === '' || request.method === 'HEAD') return true;
  const isEcho = ours.status === 200 && request.path.startsWith('/rest/echo');
  return BODIES[type ?? '']?.(recorded, ours.body, isEcho) ?? false;
}

test('requests are answered as recorded, or a deviation is meant', { skip: MISSING }, async t => {
  await using folder = await Folder.make();
  const host = 'RESTANZA_HOSTS__localhost__EMBEDDED__';
  const { config } = await loadConfig({
    folder: folder.path,
    environment: {
      RESTANZA_LISTEN: '127.0.0.1:0',
      [`${host}C2S`]: '127.0.0.1:0',
      [`${host}ACCOUNTS__alice`]: 'secret',
      [`${host}ACCOUNTS__bob`]: 'secret',
    },
  });
  await using gateway = await startGateway(config, createLog('silent'));
  const port = Number(new URL(gateway.url).port);
  // What the recorder could not finish sending got no answer that could be compared.
  const answered = VECTORS.filter(({ response }) => typeof response.status === 'number');
  const different: string[] = [];
  for (const vector of answered) if (!alike(vector, await ask(port, vector))) different.push(vector.id);
  assert.ok(answered.length > 100);
  compare(t, { heading: 'HTTP', all: answered.map(({ id }) => id), different });
});
