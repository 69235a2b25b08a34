/**
 * HTML as a value.
 *
 * Decides that a text never becomes markup: what is put into a template is escaped, in content and in attributes alike, unless
 * it came out of a template itself.
 */

/** Markup that is safe to send. Only templates make it. */
export class Html {
  readonly #markup: string;

  /** @param markup of this file's making */
  constructor(markup: string) {
    this.#markup = markup;
  }

  /** The markup itself. */
  toString(): string {
    return this.#markup;
  }
}

/** What can stand in a template; what is absent leaves nothing. */
export type Piece = string | Html | readonly Html[] | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as content, or as the value of an attribute between quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => ENTITIES[character] ?? character);
}

/** Makes markup of a template. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(parts.map((part, index) => part + written(pieces[index])).join(''));
}

function written(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'string') return escapeHtml(piece);
  return piece instanceof Html ? String(piece) : piece.join('');
}
