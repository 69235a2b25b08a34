/**
 * From bytes to elements: the strict reader that every way into the house uses.
 *
 * Decides how XML is taken in (RFC 6120 §11): a stream child by child, a document as a whole, and no more bytes of either
 * than its limits say. `utf8.ts` decodes, `tokens.ts` finds the tags, `tree.ts` builds the elements. The same events come
 * however the bytes were split. A stanza over a limit is refused alone where the limits allow that; everything else that
 * is wrong ends the reader.
 */
import type { SaxesParser } from 'saxes';
import type { Element } from './element.ts';
import type { XmlLimits } from './limits.ts';
import type { Renames } from './namespaces.ts';
import { feed, located, strictSaxes } from './tokens.ts';
import { headOf, isWhiteSpace, TreeBuilder, type TreeEvents, tooLarge } from './tree.ts';
import { type Decoded, decodeUtf8, Utf8Reader } from './utf8.ts';
import { XmlError } from './xml-error.ts';

/** What a stream delivers. The calls come in the order of the input, inside `StreamReader.write`. */
export interface StreamEvents {
  /** The root's start tag; `contentNs` is the default namespace that it declares. */
  open(root: Element, contentNs: string): void;
  /** A complete child of the root. */
  element(element: Element): void;
  /**
   * A child of the root was over a limit, or had a name that not every parser takes. `head` is its start tag without
   * children; when the reason is in that tag itself, also without its namespaced attributes.
   */
  refused(head: Element, reason: string): void;
  /** The root's end tag. */
  close(): void;
}

/** How to read. */
export interface ReadOptions {
  readonly limits: XmlLimits;
  /** Namespaces of elements that are read as another one. */
  readonly renames?: Renames;
  /**
   * Whether a child of the root that breaks Namespaces in XML is refused alone, for a stream that many share: Prosody and
   * ejabberd write elements of the XML namespace in a way that is not namespace-well-formed.
   */
  readonly forgivesNames?: boolean;
}

const NO_EVENTS = { open: () => {}, refused: () => {}, close: () => {} };

/** Reads one XML stream: a root that stays open and its children one by one. */
export class StreamReader {
  readonly #limits: XmlLimits;
  readonly #utf8 = new Utf8Reader();
  readonly #builder: TreeBuilder;
  readonly #saxes: SaxesParser;
  /** What the present bytes have brought; delivered once they are read, because an end tag can still prove wrong. */
  #due: (() => void)[] = [];
  #text = '';
  /** Position in characters where `#text` begins. */
  #textStart = 0;
  /** Bytes before `#text` of the child, or the root's start tag, that is not complete yet. */
  #carriedBytes = 0;
  #stopped = false;

  constructor(events: StreamEvents, options: ReadOptions) {
    this.#limits = options.limits;
    this.#builder = new TreeBuilder({ ...options, level: 1 }, this.#queueing(events));
    this.#saxes = strictSaxes(this.#builder);
  }

  /**
   * Reads the next bytes; events are delivered before it returns.
   *
   * @throws XmlError with its place when the stream breaks a rule; what stood before the fault was delivered, and the
   *   reader is stopped, as it is when an event throws
   */
  write(bytes: Uint8Array): void {
    if (this.#stopped) return;
    let fault: unknown;
    try {
      this.#read(this.#utf8.read(bytes));
    } catch (error) {
      fault = located(error, this.#saxes);
    }
    this.#deliver();
    if (fault === undefined || this.#stopped) return;
    this.#stopped = true;
    throw fault;
  }

  /** Ends the reading, also from inside an event: whatever else is in the current bytes or comes later is ignored. */
  stop(): void {
    this.#stopped = true;
  }

  /** Puts what the builder delivers into the queue; the size of a stanza is known, and judged, where it ends. */
  #queueing(events: StreamEvents): TreeEvents {
    const { bytes } = this.#limits;
    const queue = (event: (size: number) => void) => {
      const size = this.#endingBytes();
      this.#due.push(() => event(size));
    };
    return {
      open: (root, contentNs) => queue(() => events.open(root, contentNs)),
      element: element =>
        queue(size => (size > bytes ? events.refused(headOf(element), tooLarge(bytes)) : events.element(element))),
      refused: (head, reason) => queue(() => events.refused(head, reason)),
      close: () => queue(() => events.close()),
    };
  }

  #deliver(): void {
    const due = this.#due;
    this.#due = [];
    try {
      for (const event of due) if (!this.#stopped) event();
    } catch (error) {
      this.#stopped = true;
      throw error;
    }
  }

  #read({ text, valid }: Decoded): void {
    // saxes keeps text until the next tag: white space sent as keepalive for years would pile up there.
    const keepalive = valid && this.#carriedBytes === 0 && this.#builder.idle && isWhiteSpace(text);
    if (keepalive) return;
    this.#text = text;
    this.#tokenise(text);
    if (!valid) throw notUtf8();
    this.#carry();
  }

  #tokenise(text: string): void {
    try {
      feed(this.#saxes, text);
    } catch (error) {
      // saxes reports the end of an element before it compares the names of its tags.
      if (this.#saxes.position === this.#builder.unitStart) this.#due.pop();
      throw error;
    }
  }

  /** Counts what is left over for the next bytes. White space between stanzas counts for nothing. */
  #carry(): void {
    const end = this.#textStart + this.#text.length;
    const bytes = this.#unitBytes(end);
    const rest = this.#unitText(end);
    const quiet = this.#builder.idle && bytes === rest.length && isWhiteSpace(rest);
    this.#carriedBytes = quiet ? 0 : bytes;
    this.#textStart = end;
    this.#requireBearable(this.#carriedBytes);
  }

  /** Bytes of the unit that ends where saxes stands. */
  #endingBytes(): number {
    const bytes = this.#unitBytes(this.#saxes.position);
    this.#requireBearable(bytes);
    return bytes;
  }

  /** Bytes from the start of the present unit up to a position in `#text`. */
  #unitBytes(end: number): number {
    const carried = this.#builder.unitStart < this.#textStart ? this.#carriedBytes : 0;
    return carried + Buffer.byteLength(this.#unitText(end));
  }

  /** The part of the present unit that stands in `#text`. */
  #unitText(end: number): string {
    return this.#text.slice(Math.max(this.#builder.unitStart - this.#textStart, 0), end - this.#textStart);
  }

  #requireBearable(bytes: number): void {
    const { fatalBytes } = this.#limits;
    if (bytes > fatalBytes) throw new XmlError('policy-violation', `a stanza is larger than ${fatalBytes} bytes`);
  }
}

/**
 * Reads one whole document that holds a single element.
 *
 * @param input the document; bytes must be UTF-8
 * @param limits bounds; over any of them the document is refused
 * @param defaultNs the namespace of names that have neither prefix nor `xmlns`
 * @throws XmlError when the document is not acceptable, with the place of the fault when it is in one
 */
export function parseDocument(input: Uint8Array | string, limits: XmlLimits, defaultNs = ''): Element {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength;
  if (size > limits.bytes) throw new XmlError('policy-violation', tooLarge(limits.bytes));
  const { text, valid } = typeof input === 'string' ? wholeString(input) : decodeUtf8(input);
  let result: Element | undefined;
  const keep = (element: Element) => {
    result = element;
  };
  const saxes = strictSaxes(new TreeBuilder({ level: 0, limits, defaultNs }, { ...NO_EVENTS, element: keep }));
  try {
    feed(saxes, text);
    if (!valid) throw notUtf8();
    saxes.close();
  } catch (error) {
    throw located(error, saxes);
  }
  if (result === undefined) throw new XmlError('not-well-formed', 'there is no element');
  return result;
}

/** saxes would take half a surrogate pair and the character behind it for one character. */
function wholeString(text: string): Decoded {
  if (!text.isWellFormed()) throw new XmlError('not-well-formed', 'there is half a surrogate pair');
  return { text, valid: true };
}

function notUtf8(): XmlError {
  return new XmlError('unsupported-encoding', 'the bytes are not UTF-8');
}
