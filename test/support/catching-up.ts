/**
 * Catching up with an archive that is a list, and what it has handed on: for tests of what it does when.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { archiveIdOf } from '../../src/host/archive-page.ts';
import { CatchUp } from '../../src/host/catch-up.ts';
import type { Stanza } from '../../src/xmpp/stanza.ts';
import { Archive, BOT } from './list-archive.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryLog } from './memory-log.ts';

/** A catching up with its archive and what it has handed on; the position is as old as `at`. */
export function opened(position?: string, at?: number) {
  const archive = new Archive();
  const kept: Stanza[] = [];
  const positions = new Map(position === undefined ? [] : [[BOT, { archiveId: position, at }]]);
  const note = (archiveId: string | undefined, time: number | undefined) =>
    archiveId !== undefined && positions.set(BOT, { archiveId, at: time });
  const [log, clock] = [new MemoryLog(), new ManualClock()];
  const journal = { full: Promise.resolve() };
  const catchUp = new CatchUp({
    account: BOT,
    log,
    clock,
    positions: {
      position: link => positions.get(link),
      async setPosition(_link, id, time) {
        await journal.full;
        note(id, time);
      },
    },
    sink: {
      wants: () => true,
      async take(stanzas, isPosition) {
        await journal.full;
        kept.push(...stanzas);
        if (isPosition) for (const stanza of stanzas) note(archiveIdOf(stanza, BOT), undefined);
      },
    },
  });
  const ids = () => kept.map(({ id }) => id);
  const noted = () => positions.get(BOT)?.archiveId;
  return { archive, kept, ids, positions, noted, catchUp, log, clock, journal };
}

/** Lets what was begun come to its end. */
export async function settled(catchUp: CatchUp): Promise<void> {
  await catchUp.done;
}

/** Begins a session and lets it come to the end of its second look. */
export async function settledTwice({ archive, catchUp, clock }: ReturnType<typeof opened>): Promise<void> {
  catchUp.begin(archive.ask);
  await settled(catchUp);
  clock.advance(5_000);
  await settled(catchUp);
}

/** Lets so much time pass that whoever waits for it has done what follows. */
export async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await turn();
    clock.advance(1_000);
  }
  await turn();
}
