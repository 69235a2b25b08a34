/**
 * The page `docs/config.md`, with the table of keys that the program has.
 *
 * Run as a program (`npm run docs`), it writes the table into the page.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { keyTable } from '../../src/config/report.ts';

/** Where the page is. */
export const CONFIG_PAGE = new URL('../../docs/config.md', import.meta.url);

const TABLE = /(?<=^<!-- keys -->\n).*?(?=^<!-- end of keys -->$)/ms;

/** The page with the table of keys as it must be. */
export function withKeyTable(page: string): string {
  if (!TABLE.test(page)) throw new Error('docs/config.md has lost the comments that stand around the table of keys');
  return page.replace(TABLE, () => keyTable());
}

if (import.meta.main) await writeFile(CONFIG_PAGE, withKeyTable(await readFile(CONFIG_PAGE, 'utf8')));
