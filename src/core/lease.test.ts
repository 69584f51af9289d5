import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant, micros, millis, seconds, toSeconds } from "../base/time.ts";
import { isExpired, leaseEnd, leaseSeconds, planLease, renewalPeriod } from "./lease.ts";
import type { TimedLease } from "./lease.ts";

const at = (milliseconds: number) => instant(milliseconds * 1_000);
const lease = (length: number): TimedLease => ({ kind: "timed", seconds: length, coversProtocol: true });

describe("the length", () => {
  const rows = [
    // [down_timer_adverts, interval in ms, seconds, covers]
    [3, 1_000, 2, true],
    [2, 1_000, 1, true],
    [1, 2_000, 1, true],
    [3, 3_000, 8, true],
    [3, 700, 1, true],
    [3, 990, 1, true],
    [4, 750, 2, true],
    [3, 660, 2, false],
    [3, 100, 2, false],
    [1, 1_000, 2, false],
    [3, 10, 2, false],
    [3, 40_950, 121, true],
  ] as const;
  test.each(rows)(
    "%i adverts of %i ms: %i s, covers the protocol: %s",
    (downTimerAdverts, interval, length, covers) => {
      expect(leaseSeconds(downTimerAdverts, millis(interval))).toEqual({ seconds: length, coversProtocol: covers });
    },
  );

  test("any interval: what covers the protocol ends at least a second before a backup acts, and less than two", () => {
    const interval = fc.integer({ min: 10, max: 40_950 }).map((count) => millis(count));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), interval, (downTimerAdverts, advertisementInterval) => {
        const { seconds: length, coversProtocol } = leaseSeconds(downTimerAdverts, advertisementInterval);
        const spare = downTimerAdverts * toSeconds(advertisementInterval) - length;
        expect(Number.isInteger(length) && length >= 1).toBe(true);
        if (coversProtocol) expect(spare).toBeGreaterThanOrEqual(1 - 1e-9);
        if (coversProtocol) expect(spare).toBeLessThan(2);
        else expect(downTimerAdverts * toSeconds(advertisementInterval)).toBeLessThan(2);
      }),
    );
  });
});

describe("the setting", () => {
  test("auto: follows the interval", () => {
    expect(planLease("auto", 3, seconds(2))).toEqual({ kind: "timed", seconds: 5, coversProtocol: true });
    expect(planLease("auto", 3, millis(500))).toEqual({ kind: "timed", seconds: 2, coversProtocol: false });
  });

  test("off: permanent", () => {
    expect(planLease("off", 3, seconds(2))).toEqual({ kind: "permanent" });
  });

  test("fixed: as it is, and honest about what it covers", () => {
    expect(planLease({ seconds: 5 }, 3, seconds(2))).toEqual({ kind: "timed", seconds: 5, coversProtocol: true });
    expect(planLease({ seconds: 6 }, 3, seconds(2))).toEqual({ kind: "timed", seconds: 6, coversProtocol: false });
    expect(planLease({ seconds: 1 }, 3, millis(500))).toEqual({ kind: "timed", seconds: 1, coversProtocol: false });
  });
});

describe("the renewal", () => {
  const holder = (interval: number, length: number) => ({
    advertisementInterval: millis(interval),
    lease: lease(length),
  });
  const rows = [
    { name: "1 s and its lease of 2 s: twice per advert", holders: [holder(1_000, 2)], period: 500 },
    { name: "5 s and its lease of 14 s: twice per advert", holders: [holder(5_000, 14)], period: 2_500 },
    {
      name: "several: the fastest decides for all",
      holders: [holder(5_000, 14), holder(1_400, 3), holder(3_000, 8)],
      period: 700,
    },
    { name: "a short lease on a long interval: four times within it", holders: [holder(10_000, 2)], period: 500 },
    { name: "100 ms: not more often than every 250 ms", holders: [holder(100, 2)], period: 250 },
    { name: "a lease of 1 s: every 250 ms", holders: [holder(1_000, 1)], period: 250 },
  ];
  test.each(rows)("$name", ({ holders, period }) => {
    expect(renewalPeriod(holders)).toBe(millis(period));
  });

  test("an odd number of microseconds: the half is rounded down", () => {
    expect(renewalPeriod([{ advertisementInterval: micros(800_001), lease: lease(2) }])).toBe(micros(400_000));
  });

  test("nobody: none", () => {
    expect(renewalPeriod([])).toBeUndefined();
  });
});

describe("the end", () => {
  test("100 ms before the kernel's", () => {
    expect(leaseEnd(lease(2), at(10_000))).toBe(at(11_900));
  });

  test.each([
    [11_899, false],
    [11_900, true],
    [60_000, true],
    [10_000, false],
  ])("2 s renewed at 10,000 ms, asked at %i ms: expired %s", (now, expired) => {
    expect(isExpired(lease(2), at(10_000), at(now))).toBe(expired);
  });

  test("permanent: never", () => {
    expect(isExpired({ kind: "permanent" }, at(0), at(1_000_000_000))).toBe(false);
  });
});
