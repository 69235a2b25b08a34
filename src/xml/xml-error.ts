/**
 * The one error of the XML room.
 *
 * Decides how a fault in XML is named: by the stream error condition that RFC 6120 §4.9.3 prescribes for it, so that the
 * rooms above can put it on the wire without a translation table. Bytes that are not UTF-8 are `unsupported-encoding`
 * (§4.9.3.22), whatever else they may be.
 */

/** Stream error conditions that a fault in XML itself can have. */
export type XmlCondition =
  | 'not-well-formed'
  | 'restricted-xml'
  | 'policy-violation'
  | 'unsupported-encoding'
  | 'bad-format';

/** Where in the input a fault was found; both counts start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Characters of a reason; a name out of the input may be as long as the input. */
const REASON_LENGTH = 200;

/** XML that may not be read or written. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  readonly condition: XmlCondition;
  readonly position: Position | undefined;

  /**
   * @param condition the stream error condition
   * @param reason what is wrong, without its place; cut when it is very long
   * @param position where, when it was found in input
   */
  constructor(condition: XmlCondition, reason: string, position?: Position) {
    const shown = reason.length > REASON_LENGTH ? `${reason.slice(0, REASON_LENGTH).toWellFormed()}…` : reason;
    super(position === undefined ? shown : `${shown} (line ${position.line}, column ${position.column})`);
    this.condition = condition;
    this.position = position;
  }
}
