import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant, millis, seconds, toSeconds } from "../base/time.ts";
import { leaseEnd, leaseSeconds, lifetimeNow, planLease, renewalDueAt, type LeasedAddress } from "./lease.ts";
import type { TimedLease } from "./lease.ts";

const at = (milliseconds: number) => instant(milliseconds * 1_000);
const lease = (length: number): TimedLease => ({ kind: "timed", seconds: length, coversProtocol: true });

describe("the length", () => {
  const rows = [
    // [down_timer_adverts, interval in ms, seconds, covers]
    [3, 1_000, 2, true],
    [2, 1_000, 1, true],
    [1, 2_000, 1, true],
    [3, 2_000, 5, true],
    [3, 3_000, 7, true],
    [3, 10_000, 26, true],
    [3, 700, 1, true],
    [3, 990, 1, true],
    [4, 750, 2, true],
    [3, 660, 2, false],
    [3, 100, 2, false],
    [1, 1_000, 2, false],
    [3, 10, 2, false],
    [3, 40_950, 108, true],
  ] as const;
  test.each(rows)(
    "%i adverts of %i ms: %i s, covers the protocol: %s",
    (downTimerAdverts, interval, length, covers) => {
      expect(leaseSeconds(downTimerAdverts, millis(interval))).toEqual({ seconds: length, coversProtocol: covers });
    },
  );

  // The kernel looks once a second; or it waits for the very moment, with a timer that is late by an eighth, and rounds.
  test("any interval: what covers the protocol is gone before a backup acts, and one more second might not be", () => {
    const interval = fc.integer({ min: 10, max: 40_950 }).map((count) => millis(count));
    const goneAfter = (length: number): number => length + Math.max(1, 0.3 + length / 8);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), interval, (downTimerAdverts, advertisementInterval) => {
        const { seconds: length, coversProtocol } = leaseSeconds(downTimerAdverts, advertisementInterval);
        const wait = downTimerAdverts * toSeconds(advertisementInterval);
        expect(Number.isInteger(length) && length >= 1).toBe(true);
        if (coversProtocol) expect(goneAfter(length)).toBeLessThanOrEqual(wait + 1e-9);
        if (coversProtocol) expect(goneAfter(length + 1)).toBeGreaterThan(wait - 1e-9);
        else expect(wait).toBeLessThan(2);
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

/** An address whose router adverted at 100 s; everything else in milliseconds after that. */
const leased = (
  interval: number,
  length: number,
  covers: boolean,
  renewed: number,
  granted: number,
  hasCompany = false,
): LeasedAddress => ({
  lease: { kind: "timed", seconds: length, coversProtocol: covers },
  downTimerAdverts: 3,
  advertisementInterval: millis(interval),
  advertisedAt: instant(100_000_000),
  renewedAt: instant(100_000_000 + renewed * 1_000),
  granted,
  hasCompany,
});

// A backup may take over 3 intervals after the advert; the kernel is up to 0.6 s late.
describe("the lifetime at a moment of the interval", () => {
  const rows = [
    { name: "right after the advert: the whole lease", of: leased(1_000, 2, true, -600, 2), now: 0, is: 2 },
    {
      name: "0.4 s after it: gone at 3.0 s at the latest, still the whole",
      of: leased(1_000, 2, true, 0, 2),
      now: 400,
      is: 2,
    },
    {
      name: "0.401 s after it: 2 s would end too late, 1 s sooner than now: none",
      of: leased(1_000, 2, true, 0, 2),
      now: 401,
      is: undefined,
    },
    {
      name: "0.1 s after it, others renewed at other moments: gone at 3.0 s or a tenth later, still the whole",
      of: leased(1_000, 2, true, -1_000, 2, true),
      now: 100,
      is: 2,
    },
    {
      name: "0.101 s after it, others renewed at other moments: 1 s",
      of: leased(1_000, 2, true, -1_000, 2, true),
      now: 101,
      is: 1,
    },
    {
      name: "half an interval after it, the last renewal having failed: 1 s",
      of: leased(1_000, 2, true, -1_000, 2),
      now: 500,
      is: 1,
    },
    { name: "an advert that is long overdue: none", of: leased(1_000, 2, true, -1_000, 1), now: 2_500, is: undefined },
    {
      name: "3 s, 0.9 s after it: 6 s would end before what it has",
      of: leased(3_000, 7, true, 0, 7),
      now: 900,
      is: undefined,
    },
    {
      name: "3 s, in the middle, nothing renewed for long: 6 s",
      of: leased(3_000, 7, true, -3_000, 7),
      now: 1_500,
      is: 6,
    },
    {
      name: "a lease that does not cover the protocol: always the whole",
      of: leased(100, 2, false, 0, 2),
      now: 90,
      is: 2,
    },
  ];
  test.each(rows)("$name", ({ of, now, is }) => {
    expect(lifetimeNow(of, instant(100_000_000 + now * 1_000))).toBe(is);
  });
});

describe("the next renewal", () => {
  const rows = [
    { name: "before that of the last advert: at once", of: leased(1_000, 2, true, -600, 2), at: 0 },
    {
      name: "after that of the advert: a little before the whole lease may not be given any more",
      of: leased(1_000, 2, true, 0, 2),
      at: 300,
    },
    {
      name: "others renewed at other moments: none but that of the advert",
      of: leased(1_000, 2, true, 0, 2, true),
      at: undefined,
    },
    {
      name: "3 s: after that of the advert, while 7 s still end in time with a timer that is late by an eighth",
      of: leased(3_000, 7, true, 0, 7),
      at: 725,
    },
    { name: "after both: with the next advert", of: leased(1_000, 2, true, 300, 2), at: undefined },
    {
      name: "a short lease on a long interval: four times within it",
      of: leased(10_000, 2, true, 5_000, 2),
      at: 5_500,
    },
    { name: "a lease of 1 s: four times within it", of: leased(800, 1, true, 0, 1), at: 250 },
    { name: "100 ms, not covered: not more often than every 250 ms", of: leased(100, 2, false, 20, 2), at: 270 },
    { name: "0.6 s, not covered: twice per advert", of: leased(600, 2, false, 10, 2), at: 310 },
  ];
  test.each(rows)("$name", ({ of, at }) => {
    const now = instant(99_000_000);
    expect(renewalDueAt(of, now)).toBe(at === undefined ? undefined : instant(100_000_000 + at * 1_000));
  });

  test("a second one that was missed: with the next advert, and not at once again and again", () => {
    const missed = leased(1_000, 2, true, 0, 2);
    expect(renewalDueAt(missed, instant(100_399_000))).toBe(instant(100_300_000));
    expect(renewalDueAt(missed, instant(100_401_000))).toBeUndefined();
  });
});

describe("the end", () => {
  test("100 ms before the kernel's", () => {
    expect(leaseEnd(lease(2), at(10_000))).toBe(at(11_900));
  });
});
