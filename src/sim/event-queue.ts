import type { Instant } from "../base/time.ts";

/** Something that will happen, until it has happened or is taken back. */
export interface Pending {
  /** Nothing happens if it is over. */
  cancel(): void;
}

/** What will happen, in the order of time; what is due at the same instant happens in the order it was added. */
export class EventQueue {
  /** A binary heap. What was cancelled stays in it until it comes up. */
  readonly #heap: Entry[] = [];
  #sequence = 0;

  add(at: Instant, action: () => void): Pending {
    const entry: Entry = { at, sequence: this.#sequence++, action };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    return {
      cancel: () => {
        entry.action = undefined;
      },
    };
  }

  /** When the next thing happens; undefined: never. */
  next(): Instant | undefined {
    this.#discardCancelled();
    return this.#heap[0]?.at;
  }

  /** Takes the next thing out of the queue, for the caller to do. */
  take(): (() => void) | undefined {
    this.#discardCancelled();
    return this.#pop()?.action;
  }

  #discardCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].action === undefined) this.#pop();
  }

  #pop(): Entry | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfLater(parent, index)) return;
      index = parent;
    }
  }

  #sink(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const smaller = this.#isLater(left, left + 1) ? left + 1 : left;
      if (!this.#swapIfLater(index, smaller)) return;
      index = smaller;
    }
  }

  #swapIfLater(upper: number, lower: number): boolean {
    const [above, below] = [this.#heap[upper], this.#heap[lower]];
    if (above === undefined || below === undefined || !isLater(above, below)) return false;
    this.#heap[upper] = below;
    this.#heap[lower] = above;
    return true;
  }

  #isLater(left: number, right: number): boolean {
    const [one, other] = [this.#heap[left], this.#heap[right]];
    return one !== undefined && other !== undefined && isLater(one, other);
  }
}

interface Entry {
  readonly at: Instant;
  readonly sequence: number;
  /** Undefined: cancelled. */
  action: (() => void) | undefined;
}

function isLater(left: Entry, right: Entry): boolean {
  return left.at > right.at || (left.at === right.at && left.sequence > right.sequence);
}
