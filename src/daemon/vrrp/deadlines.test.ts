import { beforeEach, expect, test } from "vitest";
import { after, elapsed, instant, millis, toMillis, type Instant } from "../../base/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { Deadlines } from "./deadlines.ts";

const BEAT = instant(1_000_000_000);
const at = (milliseconds: number): Instant => after(BEAT, millis(milliseconds));

let now: Instant;
let armedFor: Instant | undefined;
let ring: () => void;
let deadlines: Deadlines;

beforeEach(() => {
  now = BEAT;
  armedFor = undefined;
  deadlines = new Deadlines(clock(), () => undefined);
});

test("1,000 with one deadline: 256 of them at a time, every 10 ms, in the order in which they were set", () => {
  const woken = setFirst(1_000, at(0));
  runUntil(at(500));
  expect(woken.map(({ order }) => order)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  const counts = new Map<number, number>();
  for (const { when } of woken) counts.set(when, (counts.get(when) ?? 0) + 1);
  expect([...counts]).toEqual([
    [0, 256],
    [10, 256],
    [20, 256],
    [30, 232],
  ]);
});

test("the next beat: each at the same time after it as after the one before", () => {
  const first = setFirst(600, at(0));
  runUntil(at(500));
  const second = setFirst(600, at(1_000));
  runUntil(at(1_500));
  expect(second.map(({ when }) => when - 1_000)).toEqual(first.map(({ when }) => when));
});

test("those who do not come first wait for none of the groups that are still to come", () => {
  setFirst(600, at(0));
  const others: number[] = [];
  deadlines.alarm(() => others.push(whenMs())).set(at(0));
  runUntil(at(500));
  expect(others).toEqual([0]);
});

test("one with a deadline of its own: waits for none of the groups", () => {
  setFirst(600, at(0));
  const lone = setFirst(1, at(5));
  runUntil(at(500));
  expect(lone).toEqual([{ order: 0, when: 5 }]);
});

test("set for the same moment again: keeps its place", () => {
  const woken: number[] = [];
  const alarm = deadlines.alarm(
    () => void woken.push(whenMs()),
    () => true,
  );
  for (let times = 0; times < 600; times++) alarm.set(at(0));
  runUntil(at(500));
  expect(woken).toEqual([0]);
});

test("set for something else in between, and then as before: keeps its place", () => {
  const woken: number[] = [];
  const alarm = deadlines.alarm(
    () => void woken.push(whenMs()),
    () => true,
  );
  alarm.set(at(50));
  setFirst(600, at(50));
  alarm.set(at(20));
  runUntil(at(30));
  alarm.set(at(50));
  runUntil(at(500));
  expect(woken).toEqual([20, 50]);
});

test("put off, and called off: woken at the later moment, and never", () => {
  const woken: string[] = [];
  const [later, never] = ["later", "never"].map((name) =>
    deadlines.alarm(() => void woken.push(`${name} ${whenMs()}`)),
  );
  later?.set(at(0));
  never?.set(at(0));
  later?.set(at(70));
  never?.clear();
  runUntil(at(500));
  expect(woken).toEqual(["later 70"]);
});

function setFirst(count: number, due: Instant): { readonly order: number; readonly when: number }[] {
  const woken: { readonly order: number; readonly when: number }[] = [];
  for (let order = 0; order < count; order++) {
    const alarm = deadlines.alarm(
      () => void woken.push({ order, when: whenMs() }),
      () => true,
    );
    alarm.set(due);
  }
  return woken;
}

function whenMs(): number {
  return toMillis(elapsed(BEAT, now));
}

/** Nothing takes time here but waiting. */
function runUntil(end: Instant): void {
  while (armedFor !== undefined && armedFor <= end) {
    if (armedFor > now) now = armedFor;
    armedFor = undefined;
    ring();
  }
}

function clock(): Clock {
  return {
    now: () => now,
    boottime: () => now,
    outside: () => undefined,
    wallClockMs: () => 0,
    alarm: (callback) => {
      ring = callback;
      return { set: (due) => void (armedFor = due), clear: () => void (armedFor = undefined), close: () => {} };
    },
  };
}
