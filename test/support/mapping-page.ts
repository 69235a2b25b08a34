/**
 * The page `docs/mapping.md`, with the tables of keys that the mapping has.
 *
 * Run as a program (`npm run docs`), it writes the tables into the page.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { keyTables } from '../../src/mapping/document.ts';

/** Where the page is. */
export const MAPPING_PAGE = new URL('../../docs/mapping.md', import.meta.url);

const TABLES = /(?<=^<!-- keys -->\n).*?(?=^<!-- end of keys -->$)/ms;

/** The page with the tables of keys as they must be. */
export function withKeyTables(page: string): string {
  if (!TABLES.test(page)) throw new Error('docs/mapping.md has lost the comments that stand around the tables of keys');
  return page.replace(TABLES, () => `\n${keyTables()}\n`);
}

if (import.meta.main) await writeFile(MAPPING_PAGE, withKeyTables(await readFile(MAPPING_PAGE, 'utf8')));
