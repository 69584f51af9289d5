import { expect, test } from "vitest";
import { instant, seconds, type Instant } from "../../base/time.ts";
import { followLink } from "./link-state.ts";

const T0 = instant(1_000_000);
const later = (count: number): Instant => instant(T0 + seconds(count));
const PATIENCE = { down: seconds(2), up: seconds(5) };
const UP = { up: true, changesAt: undefined };
const DOWN = { up: false, changesAt: undefined };

test("what is seen first counts at once", () => {
  expect(followLink(PATIENCE, undefined, false, T0)).toEqual(DOWN);
  expect(followLink(PATIENCE, undefined, true, T0)).toEqual(UP);
});

test("without patience each change counts at once", () => {
  const none = { down: seconds(0), up: seconds(0) };
  expect(followLink(none, UP, false, T0)).toEqual(DOWN);
  expect(followLink(none, DOWN, true, T0)).toEqual(UP);
});

test("down: counts after its delay and not before", () => {
  const falling = followLink(PATIENCE, UP, false, T0);
  expect(falling).toEqual({ up: true, changesAt: later(2) });
  expect(followLink(PATIENCE, falling, false, later(1.9))).toEqual(falling);
  expect(followLink(PATIENCE, falling, false, later(2))).toEqual(DOWN);
});

test("up: has a delay of its own", () => {
  expect(followLink(PATIENCE, DOWN, true, T0)).toEqual({ up: false, changesAt: later(5) });
});

test("back before the delay is over: it never happened, and the next change waits anew", () => {
  const falling = followLink(PATIENCE, UP, false, T0);
  const back = followLink(PATIENCE, falling, true, later(1));
  expect(back).toEqual(UP);
  expect(followLink(PATIENCE, back, false, later(1.5))).toEqual({ up: true, changesAt: later(3.5) });
});
