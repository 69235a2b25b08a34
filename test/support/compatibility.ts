/**
 * `docs/compatibility.md` as a table: which differences from mod_rest are meant.
 *
 * Decides how the page is read: under each of its headings for a direction stands one table, whose last column names the
 * recorded exchanges that show the difference.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';

/** A deviation. */
interface Deviation {
  /** The heading that it stands under. */
  readonly heading: string;
  /** Why we deviate, in one of the words of the page's first table. */
  readonly class: string;
  readonly ids: readonly string[];
}

const PAGE = new URL('../../docs/compatibility.md', import.meta.url);

/** The rows of the page that name vectors. */
function deviations(): readonly Deviation[] {
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

/** What a deviation may be for. */
const CLASSES = ['crash', 'loss', 'protocol', 'leak', 'nuisance'];

/** The recorded exchanges of one direction, and which of them are alike. */
export interface Direction {
  /** The heading of its table in `docs/compatibility.md`. */
  readonly heading: string;
  readonly all: readonly string[];
  readonly different: readonly string[];
  /** Those that this test cannot compare. */
  readonly skipped?: readonly string[];
}

/** Fails unless the recordings that differ are just those that the page names; prints how many there are. */
export function compare(t: TestContext, { heading, all, different, skipped = [] }: Direction): void {
  const meant = deviations().filter(row => row.heading === heading);
  const listed = meant.flatMap(({ ids }) => ids);
  assert.ok(
    meant.every(row => CLASSES.includes(row.class)),
    'a row of docs/compatibility.md has no known class',
  );
  assert.equal(new Set(listed).size, listed.length, 'rows of docs/compatibility.md name a recording twice');
  const open = different.filter(id => !listed.includes(id));
  const mended = different.length - open.length;
  t.diagnostic(`equal ${all.length - different.length}, mended ${mended}, open ${open.length}`);
  if (mended > 0) t.diagnostic(`mended: ${perClass(meant, different)}`);
  assert.deepEqual(open, [], 'these differ, and no row of docs/compatibility.md names them');
  assert.deepEqual(
    listed.filter(id => !different.includes(id) && !skipped.includes(id)),
    [],
    'rows of docs/compatibility.md name these, and they do not differ',
  );
}

/** How many recordings of each class differ. */
function perClass(meant: readonly Deviation[], different: readonly string[]): string {
  const counts = CLASSES.map(name => {
    const ids = meant.filter(row => row.class === name).flatMap(row => row.ids);
    return `${name} ${ids.filter(id => different.includes(id)).length}`;
  });
  return counts.join(', ');
}
