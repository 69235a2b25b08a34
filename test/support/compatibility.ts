/**
 * `docs/compatibility.md` as a table: which differences from mod_rest are meant.
 *
 * Decides how the page is read: under each of its headings for a direction stands one table, whose last column names the
 * recorded exchanges that show the difference.
 */
import { readFileSync } from 'node:fs';

/** A deviation. */
export interface Deviation {
  /** The heading that it stands under. */
  readonly heading: string;
  /** Why we deviate, in one of the words of the page's first table. */
  readonly class: string;
  readonly ids: readonly string[];
}

const PAGE = new URL('../../docs/compatibility.md', import.meta.url);

/** The rows of the page that name vectors. */
export function deviations(): readonly Deviation[] {
  const found: Deviation[] = [];
  let heading = '';
  for (const line of readFileSync(PAGE, 'utf8').split('\n')) {
    if (line.startsWith('## ')) heading = line.slice(3);
    const cells = line.startsWith('|') ? line.split('|').map(cell => cell.trim()) : [];
    const ids = [...(cells[5] ?? '').matchAll(/`([^`]+)`/g)].map(([, id]) => id ?? '');
    if (ids.length > 0) found.push({ heading, class: cells[3] ?? '', ids });
  }
  return found;
}
