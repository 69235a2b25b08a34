/**
 * The words in which the benchmark speaks of what it measures, and the rounds in which it does so.
 *
 * Decides that the contenders of a row take turns, round after round, that each is tried and warmed up before, and that one
 * that cannot be measured is left out with its reason.
 */
import { median } from './statistics.ts';

/** What one turn came to. */
export interface Sample {
  /** In the unit of the row. */
  readonly figure: number;
  /** What went wrong, and how often. */
  readonly faults?: Readonly<Record<string, number>>;
  /** Further figures, by name with unit. */
  readonly beside?: Readonly<Record<string, number>>;
}

/** One of those that are compared. */
export interface Contender {
  /** Unique in its row; goals refer to it. */
  readonly id: string;
  readonly name: string;
  /** Makes sure that it does what is measured. */
  readonly check?: () => Promise<unknown>;
  /** Takes a turn of about so many seconds. */
  readonly run: (seconds: number) => Promise<Sample>;
}

/** What is compared. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly contenders: readonly Contender[];
  /** Whether each contender takes a turn before the first round that is not counted. */
  readonly warmUp?: boolean;
}

/** What came of a contender; without samples, `why` says why. */
export interface Standing {
  readonly id: string;
  readonly name: string;
  readonly samples: readonly number[];
  readonly median: number;
  /** Summed over all turns. */
  readonly faults: Readonly<Record<string, number>>;
  /** Medians. */
  readonly beside: Readonly<Record<string, number>>;
  readonly why?: string;
}

/** What came of a row. */
export interface Outcome extends Pick<Row, 'id' | 'title' | 'unit'> {
  readonly standings: readonly Standing[];
}

/** How long and how often. */
export interface Effort {
  readonly rounds: number;
  /** Seconds of one turn. */
  readonly seconds: number;
}

/** Measures a row. */
export async function measure(
  { id, title, unit, contenders, warmUp = true }: Row,
  { rounds, seconds }: Effort,
): Promise<Outcome> {
  const turns = new Map<Contender, readonly Sample[]>();
  const failed = new Map<Contender, string>();
  const attempt = async (contender: Contender, act: () => Promise<unknown>) => {
    if (failed.has(contender)) return;
    await act().catch((error: unknown) =>
      failed.set(contender, error instanceof Error ? error.message : String(error)),
    );
  };
  for (const contender of contenders) await attempt(contender, async () => contender.check?.());
  if (warmUp) for (const contender of contenders) await attempt(contender, () => contender.run(seconds));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      await attempt(contender, async () => {
        const sample = await contender.run(seconds);
        turns.set(contender, [...(turns.get(contender) ?? []), sample]);
      });
    }
  }
  const standings = contenders.map(contender => sumUp(contender, turns.get(contender) ?? [], failed.get(contender)));
  return { id, title, unit, standings };
}

function sumUp({ id, name }: Contender, turns: readonly Sample[], why: string | undefined): Standing {
  const samples = turns.map(({ figure }) => figure);
  return {
    id,
    name,
    samples,
    median: median(samples),
    faults: combine(
      turns.map(({ faults = {} }) => faults),
      values => values.reduce((sum, value) => sum + value, 0),
    ),
    beside: combine(
      turns.map(({ beside = {} }) => beside),
      median,
    ),
    ...(why !== undefined && { why }),
  };
}

/** Puts the values that stand under the same name together. */
function combine(
  records: readonly Readonly<Record<string, number>>[],
  make: (values: readonly number[]) => number,
): Readonly<Record<string, number>> {
  const names = new Set(records.flatMap(record => Object.keys(record)));
  const valuesOf = (name: string) => records.flatMap(record => record[name] ?? []);
  return Object.fromEntries([...names].map(name => [name, make(valuesOf(name))]));
}
