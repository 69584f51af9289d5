import { createDeadlineHeap } from "../base/deadline-heap.ts";
import type { Instant } from "../base/time.ts";

/** Something that will happen, until it has happened or is taken back. */
export interface Pending {
  /** Nothing happens if it is over. */
  cancel(): void;
}

/** What will happen, in the order of time; what is due at the same instant happens in the order it was added. */
export class EventQueue {
  readonly #heap = createDeadlineHeap<() => void>();

  add(at: Instant, action: () => void): Pending {
    const deadline = this.#heap.add(at, action);
    return { cancel: () => void this.#heap.remove(deadline) };
  }

  /** When the next thing happens; undefined: never. */
  next(): Instant | undefined {
    return this.#heap.first()?.at;
  }

  /** Takes the next thing out of the queue, for the caller to do. */
  take(): (() => void) | undefined {
    const first = this.#heap.first();
    if (first !== undefined) this.#heap.remove(first);
    return first?.value;
  }
}
