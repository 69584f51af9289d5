import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "./random.ts";

const take = <Value>(count: number, draw: () => Value): Value[] => Array.from({ length: count }, () => draw());

describe("a seed", () => {
  // splitmix32, computed by a program in Python that works on integers of any size.
  test.each([
    [0, [0x64625032, 0xd9c0799c, 0xaf362e10, 0x7fa88912]],
    [1, [0x5e2d1772, 0x14e498f0, 0xd20ea1fd, 0xb382f339]],
    [0xdeadbeef, [0x02c137b9, 0x1220ef43, 0x65ff1ee2, 0xa075ce1f]],
  ])("%i: the numbers of splitmix32", (seed, words) => {
    const random = seededRandom(seed);
    expect(take(4, () => random.next() * 2 ** 32)).toEqual(words);
  });

  test("the same one: the same numbers; two generators do not disturb one another", () => {
    const left = seededRandom(7);
    const right = seededRandom(7);
    const expected = take(20, () => left.next());
    expect(take(20, () => right.next())).toEqual(expected);
  });
});

test("below 6: the fraction times six, rounded down", () => {
  const random = seededRandom(42);
  expect(take(12, () => random.below(6))).toEqual([0, 0, 0, 4, 1, 3, 0, 2, 3, 3, 0, 0]);
});

test("chance 1 in 3: where the fraction is less than a third", () => {
  const random = seededRandom(42);
  const hits = [true, true, true, false, true, false, true, false, false, false, true, true];
  expect(take(12, () => random.chance(1, 3))).toEqual(hits);
});

test("chance 0: never, not even for a fraction of exactly 0", () => {
  // splitmix32 maps 0 to 0, and its first step from this seed arrives there.
  expect(seededRandom(0x61c88647).next()).toBe(0);
  expect(seededRandom(0x61c88647).chance(0, 5)).toBe(false);
});

test("chance 0: never; n in n: always", () => {
  const random = seededRandom(3);
  expect(take(200, () => random.chance(0, 5))).not.toContain(true);
  expect(take(200, () => random.chance(5, 5))).not.toContain(false);
});

test("any seed and bound: within the bounds", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 31 }), (seed, bound) => {
      const random = seededRandom(seed);
      for (const fraction of take(5, () => random.next())) expect(fraction >= 0 && fraction < 1).toBe(true);
      for (const whole of take(5, () => random.below(bound))) {
        expect(Number.isInteger(whole) && whole >= 0 && whole < bound).toBe(true);
      }
    }),
  );
});

test("a hundred thousand draws below 10: each digit within 3 % of its share", () => {
  const random = seededRandom(2026);
  const counts = take(10, () => 0);
  for (let draw = 0; draw < 100_000; draw++) {
    const digit = random.below(10);
    counts[digit] = (counts[digit] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(300);
});
