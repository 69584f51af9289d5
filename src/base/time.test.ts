import { describe, expect, test } from "vitest";
import { after, earliest, elapsed, instant, micros, millis, seconds, toMillis, toSeconds } from "./time.ts";

describe("units", () => {
  test("into microseconds, rounded to whole ones", () => {
    expect(seconds(3)).toBe(3_000_000);
    expect(seconds(40.95)).toBe(40_950_000);
    expect(seconds(0.0000005)).toBe(1);
    expect(seconds(0.0000004)).toBe(0);
    expect(millis(250)).toBe(250_000);
    // 1.005 * 1,000 is 1004.9999999999999 in binary.
    expect(millis(1.005)).toBe(1_005);
    expect(seconds(1.000001)).toBe(1_000_001);
  });

  test("out of microseconds", () => {
    expect(toSeconds(micros(3_609_375))).toBe(3.609375);
    expect(toMillis(micros(1_500))).toBe(1.5);
  });
});

describe("what is no whole number", () => {
  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("%d: a bug of the caller", (count) => {
    expect(() => micros(count)).toThrow(RangeError);
    expect(() => instant(count)).toThrow(RangeError);
  });

  test("the largest whole number: taken, and one more microsecond is a bug", () => {
    expect(micros(Number.MAX_SAFE_INTEGER)).toBe(9_007_199_254_740_991);
    expect(() => after(instant(Number.MAX_SAFE_INTEGER), micros(1))).toThrow(RangeError);
  });

  test("a negative duration: taken, for a shift may go back", () => {
    expect(after(instant(10), micros(-3))).toBe(7);
  });

  test("infinite seconds: a bug", () => {
    expect(() => seconds(Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(() => millis(Number.NaN)).toThrow(RangeError);
  });
});

test("elapsed: positive for what was, negative for what is to come", () => {
  expect(elapsed(instant(100), instant(140))).toBe(40);
  expect(elapsed(instant(140), instant(100))).toBe(-40);
});

describe("the earliest", () => {
  test("of several, wherever it stands, and 0 is a time like any other", () => {
    expect(earliest(instant(3), instant(1), instant(2))).toBe(1);
    expect(earliest(instant(5), undefined, instant(0))).toBe(0);
    expect(earliest(undefined, instant(7))).toBe(7);
  });

  test("of none: none", () => {
    expect(earliest()).toBeUndefined();
    expect(earliest(undefined, undefined)).toBeUndefined();
  });
});
