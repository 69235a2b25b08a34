/**
 * What one target is owed, in memory: which delivery may be made next.
 *
 * Decides the order. The deliveries of one sender (the bare address) are a lane: they are made one after the other, in the
 * order of their entries, and the first one that has to wait for its time holds up those behind it. Lanes do not wait for
 * each other; of those that are due, the oldest entry comes first. A claim costs the logarithm of the number of lanes,
 * however much waits.
 *
 * A presence says how things are, so that a newer one makes an older one pointless. When a hundred deliveries wait, one that
 * was never tried gives way to a newer one of the same sender to the same address. Below that, and for presence that asks
 * or tells something (subscriptions, probes, errors, what happens in a room), each is delivered; `presence-key.ts` says which
 * is which.
 */
import { Heap } from './heap.ts';
import type { Backlog } from './journal.ts';
import { SortedQueue } from './sorted-queue.ts';

/** Where a delivery stands among all: the seq of its entry, and its place among the deliveries of that. */
export interface Position {
  readonly seq: number;
  readonly place: number;
}

/** A delivery that is queued. */
export interface Queued extends Position {
  readonly id: string;
  readonly link: string;
  readonly target: string;
  /** The bare address of the sender; empty when there is none. */
  readonly sender: string;
  /** Bytes of its stanza. */
  readonly size: number;
  /** Tries since it was queued. */
  readonly tries: number;
  /** Attempts ever, also before it was queued again. */
  readonly made: number;
  /** When it is due, in milliseconds since 1970; 0 for at once. */
  readonly next: number;
  /** Two presences with the same key are about the same; absent for everything that no newer one replaces. */
  readonly presence?: string;
}

/** The deliveries of one sender. */
interface Lane {
  readonly sender: string;
  /** Those that are not under way. */
  readonly waiting: SortedQueue<Queued>;
  underWay: Queued | undefined;
  /** Grows when another delivery becomes the lane's first; turns of earlier ones mean nothing then. */
  stamp: number;
}

/** The first delivery of a lane, waiting to be claimed. */
interface Turn {
  readonly lane: Lane;
  readonly stamp: number;
  readonly first: Queued;
}

/** How many wait for a target before a presence gives way to a newer one. */
const CROWD = 100;

/** The order of deliveries, for sorting. */
export function comparePositions(one: Position, other: Position): number {
  return one.seq - other.seq || one.place - other.place;
}

const isOlder = (one: Turn, other: Turn) => comparePositions(one.first, other.first) < 0;
const isSooner = (one: Turn, other: Turn) =>
  one.first.next === other.first.next ? isOlder(one, other) : one.first.next < other.first.next;

/** The lanes of one target. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** Turns whose time has come, oldest entry first. */
  readonly #due = new Heap<Turn>(isOlder);
  /** Turns whose time may not have come, soonest first. */
  readonly #later = new Heap<Turn>(isSooner);
  /** By key, the last presence that waits. */
  readonly #presences = new Map<string, Queued>();
  #entries = 0;
  #bytes = 0;

  /** What is queued, under way or not. */
  get backlog(): Backlog {
    return { entries: this.#entries, bytes: this.#bytes };
  }

  /**
   * Adds a delivery of a new entry.
   *
   * @returns the delivery that it makes pointless, which is taken out
   */
  add(item: Queued): Queued | undefined {
    const pointless = this.#supersede(item);
    const lane = this.#laneOf(item.sender);
    lane.waiting.add(item);
    this.#count(item, 1);
    if (lane.waiting.at(0) === item) this.#schedule(lane);
    return pointless;
  }

  /** Adds deliveries of any age, each at its place in the order. */
  addAll(items: Iterable<Queued>): void {
    for (const [sender, group] of Map.groupBy(items, item => item.sender)) {
      const lane = this.#laneOf(sender);
      lane.waiting.addAll(group);
      for (const item of group) this.#count(item, 1);
      this.#schedule(lane);
    }
  }

  /**
   * Takes the first of each lane that is due and has none under way, oldest entry first.
   *
   * @param now milliseconds since 1970
   * @returns deliveries that are under way from now on
   */
  claim(now: number, limit: number): readonly Queued[] {
    for (let turn = valid(this.#later); turn !== undefined && turn.first.next <= now; turn = valid(this.#later)) {
      this.#later.pop();
      this.#due.push(turn);
    }
    const claimed: Queued[] = [];
    for (let turn = valid(this.#due); turn !== undefined && claimed.length < limit; turn = valid(this.#due)) {
      this.#due.pop();
      claimed.push(this.#begin(turn));
    }
    return claimed;
  }

  /**
   * Ends a try, so that the lane's next delivery can be claimed.
   *
   * @param item a delivery that is under way
   * @param again what goes back into the lane, the same delivery with what has changed; nothing when it is settled
   */
  end(item: Queued, again?: Queued): void {
    const lane = this.#lanes.get(item.sender);
    if (lane?.underWay !== item) return;
    lane.underWay = undefined;
    if (again === undefined) this.#count(item, -1);
    else lane.waiting.add(again);
    this.#schedule(lane);
  }

  /** Makes a delivery due at once, unless it is under way or not here. */
  hasten(item: Queued): void {
    const lane = this.#lanes.get(item.sender);
    const found = lane?.waiting.take(item);
    if (lane === undefined || found === undefined) return;
    lane.waiting.add(found.next === 0 ? found : { ...found, next: 0 });
    if (found.next !== 0) this.#schedule(lane);
  }

  /** When the next delivery that is not under way falls due, in milliseconds since 1970; 0 for at once. */
  get nextDue(): number | undefined {
    return valid(this.#due) === undefined ? valid(this.#later)?.first.next : 0;
  }

  #laneOf(sender: string): Lane {
    const known = this.#lanes.get(sender);
    if (known !== undefined) return known;
    const lane = { sender, waiting: new SortedQueue<Queued>(comparePositions), underWay: undefined, stamp: 0 };
    this.#lanes.set(sender, lane);
    return lane;
  }

  /** Gives the lane's first delivery a turn, and makes turns given before worthless. */
  #schedule(lane: Lane): void {
    lane.stamp += 1;
    if (lane.underWay !== undefined) return;
    const first = lane.waiting.at(0);
    if (first === undefined) this.#lanes.delete(lane.sender);
    else (first.next === 0 ? this.#due : this.#later).push({ lane, stamp: lane.stamp, first });
  }

  #begin({ lane, first }: Turn): Queued {
    lane.waiting.shift();
    lane.underWay = first;
    lane.stamp += 1;
    if (first.presence !== undefined && this.#presences.get(first.presence) === first) {
      this.#presences.delete(first.presence);
    }
    return first;
  }

  #supersede(item: Queued): Queued | undefined {
    if (item.presence === undefined) return undefined;
    const older = this.#presences.get(item.presence);
    this.#presences.set(item.presence, item);
    if (older === undefined || this.#entries < CROWD) return undefined;
    const lane = this.#laneOf(older.sender);
    if (lane.waiting.take(older) === undefined) return undefined;
    this.#count(older, -1);
    this.#schedule(lane);
    return older;
  }

  #count({ size }: Queued, sign: 1 | -1): void {
    this.#entries += sign;
    this.#bytes += sign * size;
  }
}

/** The first turn that still means something. */
function valid(turns: Heap<Turn>): Turn | undefined {
  while (turns.first !== undefined && turns.first.stamp !== turns.first.lane.stamp) turns.pop();
  return turns.first;
}
