/**
 * When two elements say the same.
 *
 * Decides what the mapping may change without losing anything: the order of attributes, the order of differently named
 * children, and white space between child elements. Children of one name keep their order, and where text and elements
 * mix, everything keeps its place.
 */
import { childElements, type Element } from '../xml/element.ts';

const WHITE_SPACE = /^[ \t\r\n]*$/;

/** Whether two elements are equivalent. Iterative: what it compares came from outside. */
export function equivalent(one: Element, other: Element): boolean {
  const pairs: [Element, Element][] = [[one, other]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    if (a.name !== b.name || a.ns !== b.ns || !sameAttributes(a, b)) return false;
    const inside = pairChildren(a, b);
    if (inside === undefined) return false;
    pairs.push(...inside);
  }
  return true;
}

function sameAttributes(a: Element, b: Element): boolean {
  const names = Object.keys(a.attrs);
  if (names.length !== Object.keys(b.attrs).length) return false;
  return names.every(name => Object.hasOwn(b.attrs, name) && a.attrs[name] === b.attrs[name]);
}

/** The child elements that have to be equivalent; `undefined` when they cannot be. */
function pairChildren(a: Element, b: Element): readonly [Element, Element][] | undefined {
  // What we have written stands mostly in the order in which it came, and then nothing needs to be sorted.
  return pairInOrder(a.children, b.children) ?? pairByName(a, b);
}

type Children = Element['children'];

/** The elements of two lists in pairs, when the lists go together item by item. */
function pairInOrder(a: Children, b: Children): [Element, Element][] | undefined {
  if (a.length !== b.length) return undefined;
  const pairs: [Element, Element][] = [];
  for (let index = 0; index < a.length; index += 1) {
    const [left, right] = [a[index], b[index]];
    if (typeof left === 'object' && typeof right === 'object') {
      if (left.name !== right.name || left.ns !== right.ns) return undefined;
      pairs.push([left, right]);
    } else if (left !== right) return undefined;
  }
  return pairs;
}

function pairByName(a: Element, b: Element): [Element, Element][] | undefined {
  const [inA, inB] = [significant(a), significant(b)];
  if (inA.length !== inB.length) return undefined;
  const mixed = [...inA, ...inB].some(child => typeof child === 'string');
  return mixed ? pairInOrder(inA, inB) : pairInOrder(byName(inA), byName(inB));
}

/** The children without the white space that only lays them out. */
function significant(parent: Element): readonly (Element | string)[] {
  if (childElements(parent).length === 0) return parent.children;
  const texts = parent.children.filter(child => typeof child === 'string');
  return texts.every(text => WHITE_SPACE.test(text)) ? childElements(parent) : parent.children;
}

/** Sorts by expanded name; a stable sort keeps the order of equally named ones. */
function byName(children: readonly (Element | string)[]): readonly (Element | string)[] {
  const nameOf = (child: Element | string) => (typeof child === 'string' ? '' : `{${child.ns}}${child.name}`);
  return children.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
}
