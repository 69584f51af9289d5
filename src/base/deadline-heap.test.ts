import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant } from "./time.ts";
import { createDeadlineHeap } from "./deadline-heap.ts";
import type { Deadline } from "./deadline-heap.ts";

describe("the heap of deadlines", () => {
  const taken = (heap: ReturnType<typeof createDeadlineHeap<string>>): string[] => {
    const values: string[] = [];
    for (let first = heap.first(); first !== undefined; first = heap.first()) {
      values.push(first.value);
      heap.remove(first);
    }
    return values;
  };

  test("empty: has no first deadline", () => {
    const heap = createDeadlineHeap<string>();
    expect(heap.first()).toBeUndefined();
    expect(heap.size).toBe(0);
  });

  test("deadlines added in any order: come in the order of their instants, equal ones as they were added", () => {
    const heap = createDeadlineHeap<string>();
    for (const [at, value] of [
      [30, "c"],
      [10, "a"],
      [20, "b"],
      [10, "a again"],
      [30, "c again"],
    ] as const) {
      heap.add(instant(at), value);
    }
    expect(taken(heap)).toEqual(["a", "a again", "b", "c", "c again"]);
  });

  test("one that was removed already: says so and takes nothing else with it", () => {
    const heap = createDeadlineHeap<string>();
    const gone = heap.add(instant(5), "gone");
    heap.add(instant(7), "stays");
    expect(heap.remove(gone)).toBe(true);
    expect(heap.remove(gone)).toBe(false);
    expect(taken(heap)).toEqual(["stays"]);
  });

  test("any additions and removals: the rest comes as a sorted list would give it", () => {
    const times = fc.array(fc.nat(50), { minLength: 10, maxLength: 60 });
    const drops = fc.array(fc.nat(100), { maxLength: 20 });
    fc.assert(
      fc.property(times, drops, (added, dropped) => {
        const heap = createDeadlineHeap<number>();
        const kept = added.map((at, index): Deadline<number> => heap.add(instant(at), index));
        for (const drop of dropped) {
          const [removed] = kept.splice(drop % Math.max(1, kept.length), 1);
          if (removed !== undefined) heap.remove(removed);
        }
        const pairs = kept.map(({ at, value }) => [at, value]);
        const expected = pairs.toSorted(([a = 0, i = 0], [b = 0, j = 0]) => a - b || i - j);
        const actual: number[][] = [];
        for (let first = heap.first(); first !== undefined; first = heap.first()) {
          actual.push([first.at, first.value]);
          heap.remove(first);
        }
        expect(actual).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});
