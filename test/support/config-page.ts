/**
 * The page `docs/config.md`, with the tables of keys that the program has.
 *
 * Run as a program (`npm run docs`), it writes the tables into the page.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { callbackTable, keyTable } from '../../src/config/report.ts';

/** Where the page is. */
export const CONFIG_PAGE = new URL('../../docs/config.md', import.meta.url);

/** The tables, and where they stand. */
const TABLES = [
  { place: /(?<=^<!-- keys -->\n).*?(?=^<!-- end of keys -->$)/ms, table: keyTable },
  { place: /(?<=^<!-- callback keys -->\n).*?(?=^<!-- end of callback keys -->$)/ms, table: callbackTable },
];

/** The page with the tables of keys as they must be. */
export function withKeyTables(page: string): string {
  return TABLES.reduce((text, { place, table }) => {
    if (!place.test(text)) throw new Error('docs/config.md has lost the comments that stand around a table of keys');
    return text.replace(place, table);
  }, page);
}

if (import.meta.main) await writeFile(CONFIG_PAGE, withKeyTables(await readFile(CONFIG_PAGE, 'utf8')));
