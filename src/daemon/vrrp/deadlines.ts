import { createDeadlineHeap, type Deadline, type DeadlineHeap } from "../../base/deadline-heap.ts";
import { earlier, elapsed, millis, type Instant } from "../../base/time.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";

/**
 * The alarms of all instances on one alarm of the clock. Instances advert on a common beat, so hundreds of them are due at
 * once: they are woken in one turn, after one look at what has arrived.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #before: () => void;
  readonly #alarm: Alarm;
  /** Of those who come first, and of the others. */
  readonly #heaps: readonly [DeadlineHeap<Slot>, DeadlineHeap<Slot>] = [createDeadlineHeap(), createDeadlineHeap()];
  #armedFor: Instant | undefined;
  #isRinging = false;

  /** `before` comes first in each turn in which somebody is due. It may set and clear alarms. */
  constructor(clock: Clock, before: () => void) {
    this.#clock = clock;
    this.#before = before;
    this.#alarm = clock.alarm(() => this.#ring());
  }

  /**
   * As that of a clock, but that several may ring in one turn. `comesFirst` is asked when it is set: of all that are due, those
   * are woken first.
   */
  alarm(callback: () => void, comesFirst: () => boolean = never): Alarm {
    const slot: Slot = { at: undefined, entry: undefined, heap: this.#heaps[1], comesFirst, callback };
    return {
      set: (at) => this.#set(slot, at),
      clear: () => void (slot.at = undefined),
      close: () => void (slot.at = undefined),
    };
  }

  close(): void {
    this.#alarm.close();
  }

  /**
   * A backup's deadline is put off by each advert. The entry stays where it is then, and is moved when its old time has come:
   * once in several adverts.
   */
  #set(slot: Slot, at: Instant): void {
    slot.at = at;
    const heap = this.#heaps[slot.comesFirst() ? 0 : 1];
    if (slot.entry !== undefined) {
      if (slot.heap === heap && slot.entry.at <= at) return;
      slot.heap.remove(slot.entry);
    }
    slot.heap = heap;
    slot.entry = heap.add(at, slot);
    this.#arm();
  }

  #ring(): void {
    // Silence until a deadline is proven only by what is taken in after it.
    const now = this.#clock.now();
    this.#armedFor = undefined;
    this.#isRinging = true;
    try {
      this.#before();
      for (let woken = 1; ; woken++) {
        const slot = this.#takeDue(now);
        if (slot === undefined) break;
        slot.callback();
        if (woken % LOOK_EVERY === 0 && elapsed(now, this.#clock.now()) > LONGEST_TURN) break;
      }
    } finally {
      this.#isRinging = false;
      this.#arm(this.#clock.now());
    }
  }

  /** The first that is due; its alarm is cleared. */
  #takeDue(now: Instant): Slot | undefined {
    const [first, others] = this.#heaps;
    return takeDue(first, now) ?? takeDue(others, now);
  }

  /** Who is left over comes next, unless he is so late that everything else has waited for long. */
  #arm(now?: Instant): void {
    const [first, others] = this.#heaps;
    let next = earlier(first.first()?.at, others.first()?.at);
    if (next !== undefined && now !== undefined && elapsed(next, now) > PATIENCE) next = now;
    if (this.#isRinging || next === this.#armedFor) return;
    this.#armedFor = next;
    if (next === undefined) this.#alarm.clear();
    else this.#alarm.set(next);
  }
}

function takeDue(heap: DeadlineHeap<Slot>, now: Instant): Slot | undefined {
  for (let first = heap.first(); first !== undefined && first.at <= now; first = heap.first()) {
    heap.remove(first);
    const slot = first.value;
    const { at } = slot;
    slot.entry = undefined;
    if (at === undefined) continue;
    if (at <= now) {
      slot.at = undefined;
      return slot;
    }
    slot.entry = heap.add(at, slot);
  }
  return undefined;
}

function never(): boolean {
  return false;
}

interface Slot {
  /** What it is set for. */
  at: Instant | undefined;
  /** Its place among all, no later than `at`. */
  entry: Deadline<Slot> | undefined;
  /** Where that is. */
  heap: DeadlineHeap<Slot>;
  readonly comesFirst: () => boolean;
  readonly callback: () => void;
}

/** A turn ends then, for the sake of everything else: packets, renewals, heartbeats, the kernel's news. */
const LONGEST_TURN = millis(10);
/** For so long, thousands of masters advert before their leases are renewed: together, as leases want it. */
const PATIENCE = millis(200);
/** What is woken mostly takes microseconds. */
const LOOK_EVERY = 16;
