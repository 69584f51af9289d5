import { expect, test } from "vitest";
import { describeDuration } from "./times.ts";

test.each([
  [0, "0.0 s"],
  [-5, "0.0 s"],
  [449, "0.4 s"],
  [9_999, "9.9 s"],
  [10_000, "10 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [200_000, "3 min 20 s"],
  [3_599_000, "59 min 59 s"],
  [3_600_000, "1 h"],
  [7_500_000, "2 h 5 min"],
  [86_400_000, "1 d"],
  [1_047_600_000, "12 d 3 h"],
])("describeDuration, %i ms: %s", (ms, words) => {
  expect(describeDuration(ms)).toBe(words);
});
