import type { Instant } from "./time.ts";

/** An entry of a heap. */
export interface Deadline<Value> {
  readonly value: Value;
  readonly at: Instant;
  /** How many were added before; breaks ties. */
  readonly order: number;
  /** Its place, which the heap alone changes. */
  place: number;
}

/**
 * Instants in the order they come, equal ones in the order they were added. Adding and removing take a number of steps
 * that grows with the logarithm of the size.
 */
export interface DeadlineHeap<Value> {
  readonly size: number;
  first(): Deadline<Value> | undefined;
  /** The answer is what `remove` takes. */
  add(at: Instant, value: Value): Deadline<Value>;
  /** Whether it was there. */
  remove(deadline: Deadline<Value>): boolean;
}

export function createDeadlineHeap<Value>(): DeadlineHeap<Value> {
  const entries: Deadline<Value>[] = [];
  let added = 0;

  const put = (entry: Deadline<Value>, index: number): void => {
    entries[index] = entry;
    entry.place = index;
  };

  const rise = (entry: Deadline<Value>): void => {
    let index = entry.place;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = entries[parentIndex];
      if (parent === undefined || !precedes(entry, parent)) break;
      put(parent, index);
      index = parentIndex;
    }
    put(entry, index);
  };

  const sink = (entry: Deadline<Value>): void => {
    let index = entry.place;
    for (;;) {
      const left = entries[2 * index + 1];
      const right = entries[2 * index + 2];
      const child = left !== undefined && right !== undefined && precedes(right, left) ? right : left;
      if (child === undefined || !precedes(child, entry)) break;
      const childIndex = child.place;
      put(child, index);
      index = childIndex;
    }
    put(entry, index);
  };

  return {
    get size() {
      return entries.length;
    },
    first: () => entries[0],
    add: (at, value) => {
      const entry = { at, value, order: added++, place: entries.length };
      entries.push(entry);
      rise(entry);
      return entry;
    },
    remove: (deadline) => {
      const index = deadline.place;
      if (entries[index] !== deadline) return false;
      const last = entries.pop();
      if (last === undefined || last === deadline) return true;
      put(last, index);
      // At most one of the two moves it.
      rise(last);
      sink(last);
      return true;
    },
  };
}

function precedes<Value>(left: Deadline<Value>, right: Deadline<Value>): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}
