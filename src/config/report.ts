/**
 * The configuration as text: for the operator, and for the documentation.
 *
 * Decides how `restanza check` shows the values that hold, and how the tables of `docs/config.md` show the keys. Secrets
 * are shown to nobody.
 */
import { CALLBACK, CALLBACK_PLACES, CALLBACK_ROWS } from './callback-keys.ts';
import { KEYS } from './keys.ts';
import { keyOf, placeOf, printable } from './problem.ts';
import type { Row } from './row.ts';
import { variableOf } from './schema.ts';
import { type Entry, valueText } from './settings.ts';

/** The values that hold, one per line, each with the place where it was set. */
export function valueTable(entries: readonly Entry[]): string {
  const rows = entries.map(entry => {
    const { path, source } = entry;
    return [keyOf(path), printable(valueText(entry)), source.from === 'default' ? 'default' : placeOf(source)] as const;
  });
  const [keys, values] = [0, 1].map(column => Math.max(...rows.map(row => (row[column] ?? '').length)));
  return rows
    .map(([key, value, place]) => `${key.padEnd(keys ?? 0)}  ${value.padEnd(values ?? 0)}  ${place}\n`)
    .join('');
}

/** The keys as a Markdown table, without those of callbacks. */
export function keyTable(): string {
  const rows = Object.entries<Row>(KEYS).filter(([key]) => !Object.hasOwn(CALLBACK_ROWS, key));
  return tableOf(rows.map(([key, row]) => keyRow(key, variableOf(key.split('.')), row)));
}

/** The keys below a callback as a Markdown table. */
export function callbackTable(): string {
  const [place] = CALLBACK_PLACES;
  const start = variableOf(place.split('.')).length;
  const rows = Object.entries<Row>(CALLBACK);
  return tableOf(
    rows.map(([key, row]) => keyRow(key, `…${variableOf([...place.split('.'), ...key.split('.')]).slice(start)}`, row)),
  );
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const head = ['Key and variable', 'Value', 'Default', 'Example', 'Meaning'];
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |\n`).join('');
}

function keyRow(key: string, variable: string, { form, default: preset, optional, example, doc }: Row): string[] {
  const names = `${code(key)}<br>${code(variable)}`;
  const fallback = preset === undefined ? (optional ? 'optional' : '') : code(preset);
  return [names, form.expected, fallback, code(example), doc];
}

function code(text: string): string {
  return `\`${text}\``;
}
