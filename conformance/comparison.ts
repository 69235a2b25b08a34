/**
 * Whether an answer is what a case expects, and what to call the outcome.
 *
 * Decides what counts: status, media type without parameters, the header fields that the case names, and the body. XML is
 * compared without prefixes, order of attributes and order of differently named siblings.
 */
import { decode } from 'cborg';
import { childElements, type Element, textOf } from '../src/xml/element.ts';
import { documentLimits } from '../src/xml/limits.ts';
import { parseDocument } from '../src/xml/parse.ts';
import { NS } from '../src/xmpp/ns.ts';
import { type Answer, type Body, type Case, CBOR, FORM, JSON_TYPE, type Shape, XML } from './case.ts';
import type { Reply } from './exchange.ts';

/** The outcome of a case. */
export type Outcome = 'same' | 'mended' | 'different' | 'skipped';

/** The outcome, and what to say about it. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly note: string;
}

/** Puts in what differs from run to run. */
type Fill = (text: string) => string;

const LIMITS = documentLimits(1024 * 1024);

/** Judges an answer to a case. */
export function judge({ original, mended }: Case, reply: Reply, fillIn: Fill): Verdict {
  const found = original.find(answer => answers(answer, reply, fillIn));
  if (found !== undefined) return { outcome: 'same', note: found.of ?? '' };
  if (mended !== undefined && answers(mended, reply, fillIn))
    return { outcome: 'mended', note: `mod_rest ${mended.row}` };
  const expected = [...original, ...(mended === undefined ? [] : [mended])].map(answer => described(answer, fillIn));
  return { outcome: 'different', note: `expected ${[...new Set(expected)].join(' or ')}; found ${shown(reply)}` };
}

/** Whether `reply` is this answer. */
export function answers({ status, body, headers = {} }: Answer, reply: Reply, fillIn: Fill): boolean {
  if (status !== reply.status) return false;
  if (!Object.entries(headers).every(([name, pattern]) => pattern.test(reply.headers[name] ?? ''))) return false;
  // What a program says when it fails is nothing to rely on.
  if (body === undefined) return reply.body.length === 0 || status === 500;
  try {
    return bodyHolds(body, reply, fillIn);
  } catch {
    // What cannot be read is not what was expected.
    return false;
  }
}

function bodyHolds(body: Body, reply: Reply, fillIn: Fill): boolean {
  const text = reply.body.toString();
  if (mediaTypeOf(reply) !== mediaType(body)) return false;
  if ('json' in body) return holds(body.json, JSON.parse(text), fillIn);
  if ('cbor' in body) return holds(body.cbor, decode(reply.body), fillIn);
  if ('form' in body) return holds(body.form, Object.fromEntries(new URLSearchParams(text)), fillIn);
  if ('html' in body) return true;
  const found = parseDocument(text, LIMITS, NS.client);
  return 'fault' in body
    ? found.ns === NS.stream && childElements(found)[0]?.name === body.fault
    : sameXml(parseDocument(fillIn(body.xml), LIMITS, NS.client), found);
}

function mediaTypeOf({ headers }: Reply): string | undefined {
  return headers['content-type']?.split(';', 1)[0]?.trim();
}

function mediaType(body: Body): string {
  if ('json' in body) return JSON_TYPE;
  if ('cbor' in body) return CBOR;
  if ('form' in body) return FORM;
  return 'html' in body ? 'text/html' : XML;
}

/** Whether a value is as the shape says; as deep as the shape, which is ours. */
function holds(shape: Shape, found: unknown, fillIn: Fill): boolean {
  if (shape instanceof RegExp) return typeof found === 'string' && shape.test(found);
  if (typeof shape === 'string') return fillIn(shape) === found;
  if (typeof shape !== 'object' || shape === null) return shape === found;
  if (isList(shape)) {
    return Array.isArray(found) && shape.every(one => found.some((item: unknown) => holds(one, item, fillIn)));
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return false;
  const values: Readonly<Record<string, unknown>> = { ...found };
  return Object.entries(shape).every(([key, one]) => holds(one, values[key], fillIn));
}

function isList(shape: object): shape is readonly Shape[] {
  return Array.isArray(shape);
}

/** Whether two elements say the same. Iterative: what is compared comes from a server that nobody knows. */
function sameXml(expected: Element, found: Element): boolean {
  const pairs: [Element, Element][] = [[expected, found]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [one, other] = pair;
    if (!sameHead(one, other)) return false;
    const [children, others] = [inOrder(one), inOrder(other)];
    if (children.length !== others.length) return false;
    if (children.length === 0 && textOf(one) !== textOf(other)) return false;
    for (const [index, child] of children.entries()) pairs.push([child, others[index] ?? child]);
  }
  return true;
}

function sameHead(one: Element, other: Element): boolean {
  const names = Object.keys(one.attrs);
  return (
    one.name === other.name &&
    one.ns === other.ns &&
    names.length === Object.keys(other.attrs).length &&
    names.every(name => other.attrs[name] !== undefined && ['*', other.attrs[name]].includes(one.attrs[name] ?? ''))
  );
}

function inOrder(found: Element): readonly Element[] {
  const keyOf = ({ ns, name }: Element) => `${ns} ${name}`;
  return childElements(found).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
}

function described({ status, body }: Answer, fillIn: Fill): string {
  if (body === undefined) return String(status);
  return `${status} ${mediaType(body)} ${fillIn(patternText(body))}`;
}

/** The body as JSON, with patterns as they are written. */
function patternText(body: Body): string {
  return JSON.stringify(Object.values(body)[0], (_key, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  );
}

/** What was answered, on one line that can be shown on any terminal. */
function shown({ status, headers, body }: Reply): string {
  const text = body.toString().replace(/\s+/g, ' ');
  const cut = text.length > 160 ? `${text.slice(0, 160)}…` : text;
  const words = [String(status), headers['content-type'] ?? '', cut].filter(word => word !== '');
  return words.join(' ').replace(/[^\x20-\x7e…\u00a1-\uffff]/g, '?');
}
