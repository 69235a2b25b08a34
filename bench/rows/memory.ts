/**
 * The memory of a gateway while a great many messages pass.
 *
 * Decides what «flat» means: in the last quarter no more than a tenth above the second one.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Field } from '../field.ts';
import type { Count } from '../peers/recipient.ts';
import { median } from '../statistics.ts';
import { runWrk } from '../wrk.ts';
import { componentDoor, message } from './requests.ts';

/** Growth from the second to the last quarter that still counts as flat. */
const FLAT = 1.1;
/** Milliseconds between two looks at the memory, and what one load lasts in seconds. */
const LOOK = 250;
const LOAD = 5;

/** What was seen; memory in bytes. */
export interface MemoryReport {
  readonly messages: number;
  readonly seconds: number;
  readonly before: number;
  readonly highest: number;
  readonly secondQuarter: number;
  readonly lastQuarter: number;
  readonly flat: boolean;
}

/** Sends so many messages through the component on ejabberd, or as many as fit into the time. */
export async function watchMemory(field: Field, wanted: number, seconds: number): Promise<MemoryReport> {
  const { gateway, recipient } = field.ejabberd;
  const target = message(componentDoor(gateway.port), 'JSON');
  const count = async () => (await recipient.ask<Count>({ what: 'count' })).count;
  const [first, start, before] = [await count(), performance.now(), await gateway.memory()];
  const seen: number[] = [];
  const received = async () => (await count()) - first;
  const elapsed = () => (performance.now() - start) / 1000;
  while ((await received()) < wanted && elapsed() < seconds) {
    const load = runWrk(target, Math.min(LOAD, seconds), field.folder);
    const ended = load.then(() => true);
    while (!(await Promise.race([ended, delay(LOOK, false)]))) seen.push(await gateway.memory());
    await load;
  }
  const quarter = (number: number) => seen.slice((number * seen.length) / 4, ((number + 1) * seen.length) / 4);
  const [secondQuarter, lastQuarter] = [median(quarter(1)), median(quarter(3))];
  const [messages, highest] = [await received(), Math.max(...seen)];
  const flat = lastQuarter <= secondQuarter * FLAT;
  return { messages, seconds: elapsed(), before, highest, secondQuarter, lastQuarter, flat };
}
