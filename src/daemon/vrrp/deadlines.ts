import { createDeadlineHeap, type Deadline } from "../../base/deadline-heap.ts";
import type { Instant } from "../../base/time.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";

/**
 * The alarms of all instances on one alarm of the clock. Instances advert on a common beat, so hundreds of them are due at
 * once: they are woken in one turn, after one look at what has arrived.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #before: () => void;
  readonly #alarm: Alarm;
  readonly #heap = createDeadlineHeap<Slot>();
  #armedFor: Instant | undefined;
  #isRinging = false;

  /** `before` comes first in each turn in which somebody is due. It may set and clear alarms. */
  constructor(clock: Clock, before: () => void) {
    this.#clock = clock;
    this.#before = before;
    this.#alarm = clock.alarm(() => this.#ring());
  }

  /** As that of a clock, but that several may ring in one turn. */
  alarm(callback: () => void): Alarm {
    const slot: Slot = { at: undefined, entry: undefined, callback };
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
    if (slot.entry !== undefined) {
      if (slot.entry.at <= at) return;
      this.#heap.remove(slot.entry);
    }
    slot.entry = this.#heap.add(at, slot);
    this.#arm();
  }

  #ring(): void {
    // Silence until a deadline is proven only by what is taken in after it.
    const now = this.#clock.now();
    this.#armedFor = undefined;
    this.#isRinging = true;
    try {
      this.#before();
      for (let woken = 0; woken < MOST_IN_ONE_TURN; woken++) {
        const slot = this.#takeDue(now);
        if (slot === undefined) break;
        slot.callback();
      }
    } finally {
      this.#isRinging = false;
      this.#arm();
    }
  }

  /** The first that is due; its alarm is cleared. */
  #takeDue(now: Instant): Slot | undefined {
    for (let first = this.#heap.first(); first !== undefined && first.at <= now; first = this.#heap.first()) {
      this.#heap.remove(first);
      const slot = first.value;
      const { at } = slot;
      slot.entry = undefined;
      if (at === undefined) continue;
      if (at <= now) {
        slot.at = undefined;
        return slot;
      }
      slot.entry = this.#heap.add(at, slot);
    }
    return undefined;
  }

  #arm(): void {
    const next = this.#heap.first()?.at;
    if (this.#isRinging || next === this.#armedFor) return;
    this.#armedFor = next;
    if (next === undefined) this.#alarm.clear();
    else this.#alarm.set(next);
  }
}

interface Slot {
  /** What it is set for. */
  at: Instant | undefined;
  /** Its place among all, no later than `at`. */
  entry: Deadline<Slot> | undefined;
  readonly callback: () => void;
}

/** A turn ends after so many, for the sake of everything else: packets, renewals, the kernel's news. */
const MOST_IN_ONE_TURN = 64;
