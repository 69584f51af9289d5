import { expect, test } from "vitest";
import { after, instant, millis, seconds, type Micros } from "../base/time.ts";
import { openGuard, watchStrangers, type FloodGuard } from "./flood-guard.ts";

const START = instant(1_000_000_000);
const at = (later: Micros) => after(START, later);
const closed: FloodGuard = { kind: "closed", since: START, strangers: 0 };

test("500 strangers within a tenth of a second: closed", () => {
  const half = watchStrangers(openGuard(START), 499, at(millis(50)));
  expect(half.kind).toBe("open");
  expect(watchStrangers(half, 1, at(millis(99)))).toEqual({ kind: "closed", since: at(millis(99)), strangers: 0 });
});

test("255 each second, as from a full interface of other clusters: stays open for ever", () => {
  let guard = openGuard(START);
  for (let second = 1; second <= 100; second++) guard = watchStrangers(guard, 255, at(seconds(second)));
  expect(guard.kind).toBe("open");
});

test("closed, 5 s of which nothing is heard: open", () => {
  expect(watchStrangers(closed, 0, at(millis(4_999))).kind).toBe("closed");
  expect(watchStrangers(closed, 0, at(seconds(5)))).toEqual({ kind: "open", since: at(seconds(5)), strangers: 0 });
});

test("closed, a sample of 40 in 5 s stands for 2,560, more than a tenth of a flood: closed for 5 s more", () => {
  const goes = watchStrangers(closed, 40, at(seconds(5)));
  expect(goes).toEqual({ kind: "closed", since: at(seconds(5)), strangers: 0 });
  expect(watchStrangers(closed, 39, at(seconds(5))).kind).toBe("open");
});
