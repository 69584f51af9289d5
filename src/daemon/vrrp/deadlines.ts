import { createDeadlineHeap, type Deadline, type DeadlineHeap } from "../../base/deadline-heap.ts";
import { after, earlier, elapsed, micros, millis, type Instant } from "../../base/time.ts";
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
  /** How many of those who come first are set for the same moment. */
  readonly #sharers = new Map<Instant, number>();
  #forgotAt: Instant;
  #armedFor: Instant | undefined;
  #isRinging = false;

  /** `before` comes first in each turn in which somebody is due. It may set and clear alarms. */
  constructor(clock: Clock, before: () => void) {
    this.#clock = clock;
    this.#before = before;
    this.#forgotAt = clock.now();
    this.#alarm = clock.alarm(() => this.#ring());
  }

  /**
   * As that of a clock, but that several may ring in one turn. `comesFirst` is asked when it is set: of all that are due, those
   * are woken first.
   */
  alarm(callback: () => void, comesFirst: () => boolean = never): Alarm {
    const slot: Slot = { at: undefined, entry: undefined, turn: undefined, heap: this.#heaps[1], comesFirst, callback };
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
    const heap = this.#heaps[slot.comesFirst() ? 0 : 1];
    const stays = slot.heap === heap && slot.entry !== undefined;
    const isSame = slot.at === at;
    slot.at = at;
    if (stays && (isSame || (slot.entry?.at ?? at) <= at)) return;
    if (slot.entry !== undefined) slot.heap.remove(slot.entry);
    slot.heap = heap;
    slot.entry = heap.add(this.#momentOf(slot, at), slot);
    this.#arm();
  }

  /**
   * What is in front of thousands takes longer at one time than at another. So that those behind are not late by that, each
   * group of those who come first has a moment of its own, for which it is ready.
   */
  #momentOf(slot: Slot, at: Instant): Instant {
    if (slot.heap !== this.#heaps[0]) return at;
    if (slot.turn?.at === at) return slot.turn.moment;
    const before = this.#sharers.get(at) ?? 0;
    this.#sharers.set(at, before + 1);
    const moment = after(at, micros(Math.floor(before / GROUP) * GROUP_PERIOD));
    if (slot.turn === undefined || slot.turn.at < at) slot.turn = { at, moment };
    return moment;
  }

  #forgetPast(now: Instant): void {
    if (elapsed(this.#forgotAt, now) < FORGET_EVERY) return;
    this.#forgotAt = now;
    for (const at of this.#sharers.keys()) if (at < now) this.#sharers.delete(at);
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
      this.#forgetPast(now);
      this.#arm(this.#clock.now());
    }
  }

  /** The first that is due; its alarm is cleared. */
  #takeDue(now: Instant): Slot | undefined {
    for (const heap of this.#heaps) {
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
        slot.entry = heap.add(this.#momentOf(slot, at), slot);
      }
    }
    return undefined;
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

function never(): boolean {
  return false;
}

interface Slot {
  /** What it is set for. */
  at: Instant | undefined;
  /** Its place among all. Of a deadline that was put off it is the old one. */
  entry: Deadline<Slot> | undefined;
  /** When it is woken for a deadline that it shares with others, also if it was set for something else in between. */
  turn: { readonly at: Instant; readonly moment: Instant } | undefined;
  /** Where that is. */
  heap: DeadlineHeap<Slot>;
  readonly comesFirst: () => boolean;
  readonly callback: () => void;
}

/** It takes so many some milliseconds, and seldom as many as these. */
const GROUP = 256;
const GROUP_PERIOD = millis(10);
const FORGET_EVERY = millis(1_000);
/** A turn ends then, for the sake of everything else: packets, renewals, heartbeats, the kernel's news. */
const LONGEST_TURN = millis(10);
/** For so long, thousands of masters advert before their leases are renewed: together, as leases want it. */
const PATIENCE = millis(200);
/** What is woken mostly takes microseconds. */
const LOOK_EVERY = 16;
