/**
 * Namespaces in XML 1.0 (third edition): from qualified names to expanded ones.
 *
 * Decides which namespace a name is in and refuses what is not namespace-well-formed. saxes could do this, but it walks
 * the whole stack of open elements for each name; here each lookup is one step, and closing an element undoes just the
 * declarations that it made.
 */
import { NC_NAME_RE } from 'xmlchars/xmlns/1.0/ed3.js';
import { type Attributes, XML_NS, XMLNS_NS } from './element.ts';
import { XmlError } from './xml-error.ts';

/** An attribute or a namespace declaration as it was written. */
export interface RawAttribute {
  readonly name: string;
  readonly value: string;
}

/** Namespaces that are read as another one: `jabber:component:accept` is `jabber:client` to everyone above. */
export type Renames = ReadonlyMap<string, string>;

/** What a declaration took the place of; `ns` is undefined where the prefix was free. */
interface Replaced {
  readonly prefix: string;
  readonly ns: string | undefined;
}

/** The declarations in force at the place where the reader stands. The empty prefix is the default namespace. */
export class Bindings {
  readonly #bound: Map<string, string>;
  readonly #replaced: Replaced[] = [];

  /** @param defaultNs the namespace of unprefixed element names around the document */
  constructor(defaultNs: string) {
    this.#bound = new Map([
      ['', defaultNs],
      ['xml', XML_NS],
    ]);
  }

  /** The present state, for `restore`. */
  get mark(): number {
    return this.#replaced.length;
  }

  /**
   * Takes over the declarations of a start tag.
   *
   * @throws XmlError `not-well-formed` when one of them is not allowed
   */
  declare(raw: readonly RawAttribute[]): void {
    for (const { name, value } of raw) {
      if (!isDeclaration(name)) continue;
      const prefix = name.slice('xmlns:'.length);
      requireDeclarable(name, prefix, value);
      this.#replaced.push({ prefix, ns: this.#bound.get(prefix) });
      this.#bound.set(prefix, value);
    }
  }

  /** Undoes every declaration since `mark` was read. */
  restore(mark: number): void {
    for (let last = this.#replaced.length; last > mark; last--) {
      const { prefix, ns } = this.#replaced.pop() ?? fail('a declaration was undone twice');
      if (ns === undefined) this.#bound.delete(prefix);
      else this.#bound.set(prefix, ns);
    }
  }

  /**
   * The namespace of a prefix.
   *
   * @throws XmlError `not-well-formed` when it is not declared
   */
  lookup(prefix: string): string {
    return this.#bound.get(prefix) ?? fail(`the prefix '${prefix}' is not declared`);
  }
}

/** Whether an attribute name declares a namespace (Namespaces in XML 1.0 §3). */
export function isDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name[5] === ':');
}

/** Namespaces in XML 1.0 §3, the reserved prefixes, and §5 on undeclaring. */
function requireDeclarable(name: string, prefix: string, uri: string): void {
  if (name !== 'xmlns' && !NC_NAME_RE.test(prefix)) fail(`'${prefix}' cannot be a prefix`);
  if (prefix === 'xmlns' || uri === XMLNS_NS) fail("the prefix 'xmlns' and its namespace cannot be declared");
  if ((prefix === 'xml') !== (uri === XML_NS)) fail("the prefix 'xml' and its namespace belong together");
  if (prefix !== '' && uri === '') fail(`the prefix '${prefix}' cannot be undeclared`);
}

/**
 * Resolves the name of an element.
 *
 * @throws XmlError `not-well-formed` when it is not a qualified name or its prefix is not declared
 */
export function expandName(qname: string, bindings: Bindings): { readonly name: string; readonly ns: string } {
  const colon = qname.indexOf(':');
  const prefix = colon === -1 ? '' : prefixOf(qname, colon);
  return { name: qname.slice(colon + 1), ns: bindings.lookup(prefix) };
}

/**
 * Resolves the names of attributes, declarations left out. An unprefixed attribute is in no namespace.
 *
 * @param raw attributes of one tag, no two under the same name
 * @throws XmlError `not-well-formed` for an undeclared prefix, or two names that are the same once resolved
 */
export function expandAttributes(raw: readonly RawAttribute[], bindings: Bindings): Attributes {
  const attrs: Record<string, string> = {};
  for (const { name, value } of raw) {
    const colon = name.indexOf(':');
    if (colon !== -1) {
      if (!isDeclaration(name)) expandAttribute(attrs, name, colon, value, bindings);
    } else if (name === '__proto__') define(attrs, name, value);
    else if (name !== 'xmlns') attrs[name] = value;
  }
  return attrs;
}

function expandAttribute(
  attrs: Record<string, string>,
  qname: string,
  colon: number,
  value: string,
  bindings: Bindings,
): void {
  const ns = bindings.lookup(prefixOf(qname, colon));
  const key = ns === XML_NS ? qname : `{${ns}}${qname.slice(colon + 1)}`;
  if (Object.hasOwn(attrs, key)) fail(`the attribute '${qname}' is there twice`);
  attrs[key] = value;
}

/** Assigning to `__proto__` would set the prototype; defined as a property, it is an attribute like any other. */
function define(attrs: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(attrs, name, { value, enumerable: true, writable: true, configurable: true });
}

function prefixOf(qname: string, colon: number): string {
  if (colon === 0 || !NC_NAME_RE.test(qname.slice(colon + 1))) fail(`'${qname}' is not a qualified name`);
  return qname.slice(0, colon);
}

function fail(reason: string): never {
  throw new XmlError('not-well-formed', reason);
}
