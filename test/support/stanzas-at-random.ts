/**
 * Stanzas and JSON at random, near what the mapping knows.
 *
 * Decides where chance looks: elements are made of the names, attributes and texts that stand in the fixtures, in any
 * combination, or are elements of the fixtures with something changed; JSON is that of the fixtures with a value exchanged.
 */
import fc from 'fast-check';
import { isObject, type Json, type JsonObject } from '../../src/mapping/json.ts';
import { childElements, type Element, element } from '../../src/xml/element.ts';
import { CLIENT_LIMITS } from '../../src/xml/limits.ts';
import { parseDocument } from '../../src/xml/parse.ts';
import { NS } from '../../src/xmpp/ns.ts';
import { type Draft, type Kind, TYPES } from '../../src/xmpp/stanza.ts';
import { loadPairs } from './mapping-pairs.ts';

const { pairs } = loadPairs();
const STANZAS = pairs.map(({ xml }) => parseDocument(xml, CLIENT_LIMITS, NS.client));
const PAYLOADS = STANZAS.flatMap(childElements);

/** An element and all that are inside it. */
function withDescendants(found: Element): readonly Element[] {
  return [found, ...childElements(found).flatMap(withDescendants)];
}

const ELEMENTS = PAYLOADS.flatMap(withDescendants);
const unique = (values: readonly string[]) => [...new Set(values)];
const NAMES = unique(ELEMENTS.map(({ name }) => name));
const NAMESPACES = unique([...ELEMENTS.map(({ ns }) => ns), '', 'urn:unknown']);
const ATTRIBUTES = unique([...ELEMENTS.flatMap(({ attrs }) => Object.keys(attrs)), '{urn:unknown}a', '__proto__']);
const TEXTS = unique(ELEMENTS.flatMap(({ attrs, children }) => [...Object.values(attrs), ...texts(children)]));

function texts(children: Element['children']): readonly string[] {
  return children.filter(child => typeof child === 'string');
}

const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '\n  ',
      '0',
      '1',
      '-0',
      '+5',
      'true',
      'false',
      '1e3',
      ' 7 ',
      '[]',
      '<&>"\'',
      '\r\n',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
);

const attrs = fc.dictionary(fc.constantFrom(...ATTRIBUTES), text, { maxKeys: 4, noNullPrototype: true });

/** A name that stands in the fixtures with its namespace, or any two of them. */
const expandedName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ELEMENTS).map(({ name, ns }) => ({ name, ns })) },
  { weight: 1, arbitrary: fc.record({ name: fc.constantFrom(...NAMES), ns: fc.constantFrom(...NAMESPACES) }) },
);

const { anyElement } = fc.letrec<{ anyElement: Element; children: Element['children'] }>(tie => ({
  anyElement: fc
    .tuple(expandedName, attrs, tie('children'))
    .map(([{ name, ns }, made, children]) => element(name, ns, made, children)),
  children: fc.array(fc.oneof({ depthSize: 'small' }, text, fc.constantFrom(...ELEMENTS), tie('anyElement')), {
    maxLength: 4,
  }),
}));

/** A change of one element. */
type Change = (found: Element) => Element;

const changeOfOne: fc.Arbitrary<Change> = fc.oneof(
  attrs.map(
    (more): Change =>
      found =>
        element(found.name, found.ns, { ...found.attrs, ...more }, found.children),
  ),
  fc.constant<Change>(({ name, ns, children }) => element(name, ns, {}, children)),
  fc.constant<Change>(({ name, ns, attrs: kept, children }) => element(name, ns, kept, children.toReversed())),
  fc.constant<Change>(({ name, ns, attrs: kept, children }) => element(name, ns, kept, [...children, ...children])),
  fc.tuple(fc.oneof(text, anyElement), fc.nat(4)).map(
    ([more, at]): Change =>
      ({ name, ns, attrs: kept, children }) =>
        element(name, ns, kept, children.toSpliced(at, 0, more)),
  ),
  fc.nat(4).map(
    (at): Change =>
      ({ name, ns, attrs: kept, children }) =>
        element(name, ns, kept, children.toSpliced(at, 1)),
  ),
);

/** Makes a change at the n-th element inside an element, itself counted as 0; past the last one nothing changes. */
function changeAt(found: Element, n: number, change: Change): Element {
  let left = n;
  const visit = (one: Element): Element => {
    if (left-- === 0) return change(one);
    return { ...one, children: one.children.map(child => (typeof child === 'string' ? child : visit(child))) };
  };
  return visit(found);
}

/** One of some elements, with up to three changes. */
function changed(elements: readonly Element[]): fc.Arbitrary<Element> {
  return fc
    .tuple(fc.constantFrom(...elements), fc.array(fc.tuple(fc.nat(8), changeOfOne), { maxLength: 3 }))
    .map(([payload, changes]) => changes.reduce((found, [n, change]) => changeAt(found, n, change), payload));
}

/** A payload, most often one of the kind. */
function payload(kind: Kind): fc.Arbitrary<Element> {
  const own = STANZAS.filter(({ name }) => name === kind).flatMap(childElements);
  return fc.oneof(
    { weight: 5, arbitrary: changed(own) },
    { weight: 1, arbitrary: changed(PAYLOADS) },
    { weight: 2, arbitrary: anyElement },
  );
}

const address = fc.constantFrom('juliet@capulet.example', 'romeo@montague.example/orchard', 'rooms.example');

const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

/** A stanza at random. */
export const draftAtRandom: fc.Arbitrary<Draft> = fc.constantFrom<Kind>('message', 'presence', 'iq').chain(kind =>
  fc.record({
    kind: fc.constant(kind),
    type: kind === 'iq' ? fc.constantFrom(...TYPES.iq) : optional(fc.constantFrom(...TYPES[kind])),
    to: optional(address),
    from: optional(address),
    id: optional(text),
    lang: optional(fc.constantFrom('en', 'it')),
    payload: fc.array(payload(kind), { maxLength: 5 }),
  }),
);

const anyJson: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, '', '\u0000', '\ud800', '\uffff', [], {}, [[]], [null], [{}], {
    extra: [{}],
  }),
  fc.constantFrom(...pairs.map(({ json }) => json)),
  fc.constantFrom(...pairs.flatMap(({ json }) => Object.values(json))).map(value => value ?? null),
);

/** Exchanges the n-th value inside a value, counted from the outside in; past the last one nothing changes. */
function exchange(value: Json, n: number, other: Json): Json {
  let left = n;
  const visit = (one: Json): Json => {
    if (left-- === 0) return other;
    if (Array.isArray(one)) return one.map(visit);
    if (!isObject(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, visit(inner ?? null)]));
  };
  return visit(value);
}

/**
 * JSON that nobody should send: objects with any value under any key.
 *
 * @param keys the keys that mean something
 */
export function hostileJson(keys: readonly string[]): fc.Arbitrary<JsonObject> {
  const exchanged = fc
    .tuple(fc.constantFrom(...pairs.map(({ json }) => json)), fc.integer({ min: 1, max: 40 }), anyJson)
    .map(([json, n, other]) => exchange(json, n, other))
    .filter(isObject);
  const any = fc.dictionary(fc.constantFrom(...keys, '__proto__', 'toString'), anyJson, { maxKeys: 4 });
  return fc.oneof(exchanged, any as fc.Arbitrary<JsonObject>);
}
