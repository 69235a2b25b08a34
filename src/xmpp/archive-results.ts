/**
 * The messages that an archive sends before it answers a query (XEP-0313 §4.2).
 *
 * Decides which messages belong to a query: those that hold a result with its `queryid`, come from the archive that was
 * asked (or, for one's own, from the own account), and go to the address that asked. Others could be put into the answer
 * by anybody who sends a message (CVE-2017-5589 and its relatives).
 */
import { bareOf, type Jid } from './jid.ts';
import { NS } from './ns.ts';
import type { Iq, Message, Stanza } from './stanza.ts';

/** How much is kept for one query; what comes past it is not part of the answer. */
const LIMIT = 5_000;

/** A query that collects its results. */
interface Collecting {
  readonly archive: Jid;
  readonly own: Jid;
  readonly queryid: string | undefined;
  readonly results: Message[];
}

/** The queries of one link that wait for results. */
export class ArchiveResults {
  readonly #collecting = new Set<Collecting>();

  /**
   * Starts to collect for an iq, when it is a query of an archive.
   *
   * @returns the results so far, in the order in which they came, and how to end the collecting
   */
  collect(iq: Iq, own: Jid, archive: Jid): Disposable & { readonly results: readonly Message[] } {
    const query = iq.payload.find(({ name, ns }) => name === 'query' && ns === NS.archive);
    const collecting: Collecting = { archive, own, queryid: query?.attrs['queryid'], results: [] };
    if (query !== undefined) this.#collecting.add(collecting);
    return { results: collecting.results, [Symbol.dispose]: () => this.#collecting.delete(collecting) };
  }

  /** Takes an incoming stanza that is a result of a query; returns whether it was one. */
  take(stanza: Stanza): boolean {
    if (this.#collecting.size === 0 || stanza.kind !== 'message') return false;
    const result = stanza.payload.find(({ name, ns }) => name === 'result' && ns === NS.archive);
    if (result === undefined) return false;
    for (const collecting of this.#collecting) {
      if (!belongs(stanza, result.attrs['queryid'], collecting)) continue;
      if (collecting.results.length < LIMIT) collecting.results.push(stanza);
      return true;
    }
    return false;
  }
}

function belongs({ to, from }: Message, queryid: string | undefined, query: Collecting): boolean {
  const sender = from ?? bareOf(query.own);
  return (
    queryid === query.queryid && to === query.own && (sender === query.archive || sender === bareOf(query.archive))
  );
}
