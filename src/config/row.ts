/**
 * What there is to say about a configuration key.
 *
 * Decides the columns of the table of keys; its rows are in `keys.ts` and `callback-keys.ts`.
 */
import type { Form } from './values.ts';

/** A key. */
export interface Row {
  readonly form: Form<unknown>;
  /** As one would write it. Without one, the key must be set where its group is, unless it is optional. */
  readonly default?: string;
  /** The key may be left out, and then has no value. */
  readonly optional?: true;
  /** A few sentences for the documentation. */
  readonly doc: string;
  /** A value as one would write it. */
  readonly example: string;
  /** The value is shown to nobody. */
  readonly secret?: true;
  /** The key names a file; its content is the value of this key beside it. */
  readonly contentOf?: string;
}
