/**
 * From tags to elements, within limits.
 *
 * Decides what one stanza or document may be made of: it counts depth, attributes, elements and length, and looks for
 * names that would end the stream of another parser. A stanza with too much, or with such a name, is given up without
 * ending the input. Elements are built on a stack, so the nesting of the input is never the nesting of calls. Bytes are
 * counted by the one who decoded them.
 */
import { appendText, type Element, isPlainAttribute, isQualifiedName, namespaceProblem } from './element.ts';
import type { XmlLimits } from './limits.ts';
import {
  Bindings,
  expandAttributes,
  expandName,
  isDeclaration,
  type RawAttribute,
  type Renames,
} from './namespaces.ts';
import type { TokenEvents } from './tokens.ts';
import { XmlError } from './xml-error.ts';

/** What a builder delivers. */
export interface TreeEvents {
  /** The start tag of a root that stays open; `contentNs` is the default namespace inside it. */
  open(root: Element, contentNs: string): void;
  /** A complete element. */
  element(element: Element): void;
  /** An element that was given up has ended; `head` is its start tag without children. */
  refused(head: Element, reason: string): void;
  /** The root's end tag. */
  close(): void;
}

/** How to build. */
export interface TreeOptions {
  /** How deep the elements stand that are delivered: 0 for a document, 1 for the children of a stream's root. */
  readonly level: 0 | 1;
  readonly limits: XmlLimits;
  /** The default namespace around everything. */
  readonly defaultNs?: string;
  readonly renames?: Renames;
  /** Whether a stanza that breaks Namespaces in XML is refused alone. By RFC 6120 §11.3 it ends the stream. */
  readonly forgivesNames?: boolean;
}

/** An element whose end tag is still to come. */
interface Open {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Element['attrs'];
  readonly children: (Element | string)[];
}

const NO_RENAMES: Renames = new Map();
const UNCOMMON_NAME = 'a name has a character that not every parser takes';
const WHITE_SPACE = /^[ \t\r\n]*$/;

/** Whether a text is nothing but white space (XML 1.0 §2.3), or empty. */
export function isWhiteSpace(text: string): boolean {
  return WHITE_SPACE.test(text);
}

/** An element without its children. */
export function headOf({ name, ns, attrs }: Element): Element {
  return { name, ns, attrs, children: [] };
}

/** Builds elements out of tokens. */
export class TreeBuilder implements TokenEvents {
  readonly #level: number;
  readonly #limits: XmlLimits;
  readonly #renames: Renames;
  readonly #forgivesNames: boolean;
  readonly #bindings: Bindings;
  readonly #events: TreeEvents;
  readonly #open: Open[] = [];
  /** For each open element, the bindings as they were around it. */
  readonly #marks: number[] = [];
  #depth = 0;
  #elements = 0;
  #unitStart = 0;
  /** Why the element that is being read will not be delivered; what else it holds is then only skipped. */
  #refusal: string | undefined;

  constructor(options: TreeOptions, events: TreeEvents) {
    const { level, limits, defaultNs = '', renames = NO_RENAMES, forgivesNames = false } = options;
    this.#level = level;
    this.#limits = limits;
    this.#renames = renames;
    this.#forgivesNames = forgivesNames;
    this.#bindings = new Bindings(defaultNs);
    this.#events = events;
  }

  /** Whether the root is open and none of its children is. */
  get idle(): boolean {
    return this.#depth === 1 && this.#level === 1;
  }

  /** Position in characters where the element that is being read began, or where the last one ended. */
  get unitStart(): number {
    return this.#unitStart;
  }

  startTag(qname: string, raw: readonly RawAttribute[], position: number): void {
    this.#depth += 1;
    const height = this.#depth - this.#level;
    this.#elements = height <= 1 ? 1 : this.#elements + 1;
    const problem = this.#problem(height, qname, raw, position);
    if (problem !== undefined) this.#refuse(height, problem);
    if (this.#refusal !== undefined && height > 1) return;
    const element = this.#begin(qname, problem === undefined ? raw : raw.filter(isPlain), height);
    if (height > 0 || element === undefined) return;
    this.#events.open(headOf(element), this.#rename(this.#bindings.lookup('')));
    this.#unitStart = position;
  }

  /** @param height 1 for an element that will be delivered, more for what it holds, 0 for a stream's root */
  #problem(height: number, qname: string, raw: readonly RawAttribute[], position: number): string | undefined {
    const { depth, attributes, elements, bytes } = this.#limits;
    if (height > depth) return `elements are nested deeper than ${depth}`;
    if (this.#elements > elements) return `there are more than ${elements} elements`;
    if (raw.length > attributes) return `an element has more than ${attributes} attributes`;
    // A character is a byte at least, so this is surely over; the exact count is made where the element ends.
    if (height > 1 && position - this.#unitStart > bytes) return tooLarge(bytes);
    return isQualifiedName(qname) ? firstProblem(raw) : UNCOMMON_NAME;
  }

  /** Gives up a child of the stream's root alone; in a document, and for the root itself, there is nothing to go on to. */
  #refuse(height: number, reason: string): void {
    if (this.#level === 0 || height < 1) throw new XmlError('policy-violation', reason);
    this.#refusal ??= reason;
    this.#open.length = Math.min(this.#open.length, this.#level + 1);
    this.#marks.length = this.#open.length;
  }

  /** Opens an element; one whose names cannot be resolved is given up where that is forgiven, and then undefined. */
  #begin(qname: string, raw: readonly RawAttribute[], height: number): Open | undefined {
    try {
      return this.#push(qname, raw);
    } catch (fault) {
      if (!this.#forgivesNames || height < 1 || !(fault instanceof XmlError)) throw fault;
      this.#refuse(height, fault.message);
      // What is to be answered still needs its head.
      return height > 1 ? undefined : this.#push(qname, raw.filter(isBare));
    }
  }

  #push(qname: string, raw: readonly RawAttribute[]): Open {
    const mark = this.#bindings.mark;
    const element = this.#resolve(qname, raw, mark);
    this.#marks.push(mark);
    this.#open.push(element);
    return element;
  }

  /** @param mark the state of the bindings that a fault leaves behind */
  #resolve(qname: string, raw: readonly RawAttribute[], mark: number): Open {
    try {
      this.#bindings.declare(raw);
      const { name, ns } = expandName(qname, this.#bindings);
      return { name, ns: this.#rename(ns), attrs: expandAttributes(raw, this.#bindings), children: [] };
    } catch (fault) {
      this.#bindings.restore(mark);
      throw fault;
    }
  }

  #rename(ns: string): string {
    return this.#renames.get(ns) ?? ns;
  }

  text(text: string, position: number): void {
    // Text around the root is for saxes to judge.
    if (this.#depth > this.#level) this.#append(text);
    else if (this.idle) this.#between(text, position);
  }

  cdata(text: string): void {
    if (this.idle) throw strayText();
    this.#append(text);
  }

  /** Only white space stands between stanzas (RFC 6120 §11.7), and it belongs to none of them. */
  #between(text: string, position: number): void {
    if (!isWhiteSpace(text)) throw strayText();
    this.#unitStart = position - 1;
  }

  #append(text: string): void {
    const parent = this.#open.at(-1);
    if (parent !== undefined && this.#refusal === undefined) appendText(parent.children, text);
  }

  endTag(position: number): void {
    const height = this.#depth - this.#level;
    this.#depth -= 1;
    if (this.#refusal !== undefined && height > 1) return;
    const element = this.#pop();
    if (element === undefined) return;
    if (height > 1) this.#open.at(-1)?.children.push(element);
    else this.#deliver(element, height, position);
  }

  #pop(): Open | undefined {
    this.#bindings.restore(this.#marks.pop() ?? 0);
    return this.#open.pop();
  }

  #deliver(element: Open, height: number, position: number): void {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (height < 1) this.#events.close();
    else if (refusal !== undefined) this.#events.refused(headOf(element), refusal);
    else this.#events.element(element);
    this.#unitStart = position;
  }
}

/** Why an element of more than `bytes` bytes is refused. */
export function tooLarge(bytes: number): string {
  return `it is larger than ${bytes} bytes`;
}

/** What is wrong with the names and declarations of a tag, though XML allows them. */
function firstProblem(raw: readonly RawAttribute[]): string | undefined {
  for (const { name, value } of raw) {
    const problem = isQualifiedName(name) ? declarationProblem(name, value) : UNCOMMON_NAME;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function declarationProblem(name: string, value: string): string | undefined {
  return isDeclaration(name) ? namespaceProblem(value) : undefined;
}

/** What the head of a refused element keeps: enough to answer it, and nothing that grows when it is resolved. */
function isPlain({ name }: RawAttribute): boolean {
  return !name.includes(':') || name.startsWith('xml:') || isDeclaration(name);
}

/** What needs no namespace to be understood. */
function isBare({ name }: RawAttribute): boolean {
  return isPlainAttribute(name) && !isDeclaration(name);
}

function strayText(): XmlError {
  return new XmlError('bad-format', 'there is text between the stanzas');
}
