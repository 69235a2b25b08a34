/**
 * What a target says about itself when it is probed.
 *
 * Decides, as mod_rest does, that only status 200 counts, and that the `Accept` field of that answer chooses the format over
 * the configuration. A field that names none of our formats chooses nothing: mod_rest takes XML then, which the service did
 * not ask for. A service of mod_component_http is not probed: it knows no such request. The call itself is `probeRequest`
 * through `caller.ts`; it is made at the start and when a receiver is back.
 */
import { parseAccept } from '../bridge/accept.ts';
import type { CallResult } from './exchange.ts';
import { FORMATS, type Format } from './target.ts';

/** What came of a probe, for the log and for what follows. */
export interface Probed {
  /** The format that is used from now on. */
  readonly format: Format;
  /** A sentence for the operator when the probe was not answered as it should be; absent when it was. */
  readonly problem?: string;
}

/**
 * Reads the answer to a probe.
 *
 * @param configured the format of the target's configuration
 */
export function readProbe(result: CallResult, configured: Format): Probed {
  if (result.name === 'fault') return { format: configured, problem: result.text };
  if (result.status !== 200)
    return { format: configured, problem: `the answer to OPTIONS has status ${result.status}` };
  return { format: chosenFormat(result.accept ?? '') ?? configured };
}

function chosenFormat(accept: string): Format | undefined {
  const named = parseAccept(accept).map(({ range }) => range);
  return named.flatMap(range => FORMATS.find(format => format === range && format !== 'component_http') ?? [])[0];
}
