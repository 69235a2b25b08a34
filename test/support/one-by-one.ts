/**
 * What comes in on a link, one stanza after the other.
 *
 * Decides nothing: a link hands on batches, and many tests care for each stanza alone.
 */

/** The items of the batches; the next batch is pulled when the last item of one has been. */
export async function* oneByOne<Item>(batches: AsyncIterable<readonly Item[]>): AsyncIterableIterator<Item> {
  for await (const batch of batches) yield* batch;
}
