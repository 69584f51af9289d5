import { assert } from "../base/assert.ts";
import { after, instant, type Instant, type Micros } from "../base/time.ts";
import { EventQueue, type Pending } from "./event-queue.ts";
import type { Machine } from "./machine.ts";

/**
 * Time itself, which no fault stops, and everything that happens in it. The same calls give the same course of events.
 *
 * Nothing happens but within `runFor` and `runUntil`.
 */
export class World {
  readonly #queue = new EventQueue();
  readonly #machines: Machine[] = [];
  #now: Instant = instant(0);
  /** Events in the second that has begun. */
  #count = 0;

  /** Since the beginning of the world. */
  now(): Instant {
    return this.#now;
  }

  /** Does something later, whatever state the machines are in by then. */
  after(duration: Micros, action: () => void): Pending {
    return this.#queue.add(after(this.#now, duration), action);
  }

  /** A machine calls this once, when it is made. */
  join(machine: Machine): void {
    this.#machines.push(machine);
  }

  runFor(duration: Micros): void {
    this.runUntil(after(this.#now, duration));
  }

  /**
   * Lets everything happen that is due by then, that instant included.
   *
   * A process that stands still in the middle of a system call calls this from within: the others go on meanwhile.
   */
  runUntil(end: Instant): void {
    for (;;) {
      let [first, at] = [this.#queue, this.#queue.next()];
      for (const machine of this.#machines) {
        const next = machine.nextEvent();
        if (next !== undefined && (at === undefined || next < at)) [first, at] = [machine.queue, next];
      }
      if (at === undefined || at > end) break;
      assert(at >= this.#now, "time never goes back");
      if (Math.floor(at / SECOND) > Math.floor(this.#now / SECOND)) this.#count = 0;
      this.#count += 1;
      if (this.#count > MOST_EVENTS) throw new RangeError(`More than ${MOST_EVENTS} events in a second: a storm`);
      this.#now = at;
      first.take()?.();
    }
    if (end > this.#now) this.#now = end;
  }
}

const SECOND = 1_000_000;
/** A cluster of three at the shortest interval needs some hundreds. */
const MOST_EVENTS = 20_000;
