/**
 * The configuration as text: for the operator, and for the documentation.
 *
 * Decides how `restanza check` shows the values that hold, and how the table of `docs/config.md` shows the keys. Secrets
 * are shown to nobody.
 */
import { KEYS, type Row } from './keys.ts';
import { keyOf, placeOf, printable } from './problem.ts';
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

/** The keys as a Markdown table. */
export function keyTable(): string {
  const head = ['Key and variable', 'Value', 'Default', 'Example', 'Meaning'];
  const rows = Object.entries<Row>(KEYS).map(([key, row]) => keyRow(key, row));
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |\n`).join('');
}

function keyRow(key: string, { form, default: preset, example, doc }: Row): string[] {
  const names = `${code(key)}<br>${code(variableOf(key.split('.')))}`;
  return [names, form.expected, preset === undefined ? '' : code(preset), code(example), doc];
}

function code(text: string): string {
  return `\`${text}\``;
}
