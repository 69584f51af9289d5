import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { instant, micros } from "../../base/time.ts";
import { activeDownInterval, nextAdvertisementAt, skewTime, trustWindow, type VirtualRouter } from "./router.ts";

const router: VirtualRouter = {
  vrid: 51,
  family: "ipv4",
  version: 3,
  priority: 100,
  source: ip("192.0.2.10"),
  advertisementInterval: micros(7_000_000),
  preemptMode: true,
  preemptDelay: micros(0),
  downTimerAdverts: 3,
  strongestBackup: 255,
  quickPreempt: false,
  answersLowerPriority: true,
  answersHigherPriority: false,
  synced: false,
  announce: {
    delay: micros(5_000_000),
    repeat: 5,
    refresh: micros(0),
    refreshRepeat: 1,
    lowerPriorityDelay: micros(5_000_000),
    lowerPriorityRepeat: 5,
    extraPeriod: micros(0),
  },
};

describe("Skew_Time and Active_Down_Interval by version, priority and Active_Adver_Interval", () => {
  // By hand from section 6.1 of RFC 9568 and of RFC 3768; fractions of a microsecond are rounded up.
  const rows = [
    // [version, priority, interval, skew, down]
    [3, 1, 1_000_000, 996_094, 3_996_094],
    [3, 100, 1_000_000, 609_375, 3_609_375],
    [3, 200, 1_000_000, 218_750, 3_218_750],
    [3, 254, 1_000_000, 7_813, 3_007_813],
    [3, 255, 1_000_000, 3_907, 3_003_907],
    [3, 100, 3_000_000, 1_828_125, 10_828_125],
    [3, 100, 10_000, 6_094, 36_094],
    [3, 255, 10_000, 40, 30_040],
    [3, 1, 40_950_000, 40_790_040, 163_640_040],
    [2, 1, 1_000_000, 996_094, 3_996_094],
    [2, 100, 1_000_000, 609_375, 3_609_375],
    [2, 100, 5_000_000, 609_375, 15_609_375],
    [2, 255, 255_000_000, 3_907, 765_003_907],
  ] as const;
  test.each(rows)(
    "version %i, priority %i, %i us: skew %i us, down %i us",
    (version, priority, interval, skew, down) => {
      const given = { ...router, version, priority };
      expect(skewTime(given, micros(interval))).toBe(skew);
      expect(activeDownInterval(given, micros(interval))).toBe(down);
    },
  );

  test("down_timer_adverts 1 and 100: as many intervals and one skew (keepalived)", () => {
    expect(activeDownInterval({ ...router, downTimerAdverts: 1 }, micros(2_000_000))).toBe(3_218_750);
    expect(activeDownInterval({ ...router, downTimerAdverts: 100 }, micros(2_000_000))).toBe(201_218_750);
  });

  test("neighboring priorities at the shortest interval: the stronger one is still the first", () => {
    expect(skewTime({ ...router, priority: 101 }, micros(10_000))).toBe(6_055);
    expect(skewTime({ ...router, priority: 100 }, micros(10_000))).toBe(6_094);
  });
});

describe("the next advert: on the common beat, at the next multiple of the interval, within one interval", () => {
  // By hand; in seconds the multiples are 81.9 and 122.85 of 40.95, 100.25 and 100.5 of 0.25.
  const rows = [
    // [circumstance, version, interval, now, next]
    ["between two beats: at the next", 2, 1_000_000, 100_300_000, 101_000_000],
    ["on the beat: a whole interval later", 2, 1_000_000, 100_000_000, 101_000_000],
    ["a microsecond behind the beat: almost an interval later", 2, 1_000_000, 100_000_001, 101_000_000],
    ["a microsecond ahead of the beat: on it", 2, 1_000_000, 100_999_999, 101_000_000],
    ["between two beats", 3, 250_000, 100_300_000, 100_500_000],
    ["on the beat", 3, 250_000, 100_250_000, 100_500_000],
    ["between two beats, the longest of version 3", 3, 40_950_000, 100_300_000, 122_850_000],
    ["on the beat, the longest of version 3", 3, 40_950_000, 81_900_000, 122_850_000],
    ["between two beats, the shortest of version 3", 3, 10_000, 100_003_000, 100_010_000],
    ["before the first beat, the longest of version 2", 2, 255_000_000, 100_300_000, 255_000_000],
    ["between two beats, an interval of no even fraction", 3, 300_000, 100_300_000, 100_500_000],
    ["ten years after boot", 3, 250_000, 315_360_000_300_000, 315_360_000_500_000],
  ] as const;
  test.each(rows)("%s: version %i, interval %i us, at %i us: at %i us", (_name, version, interval, now, next) => {
    const given = { ...router, version, advertisementInterval: micros(interval) };
    expect(nextAdvertisementAt(given, instant(now))).toBe(next);
  });

  test("two virtual routers with the same interval: on the same beat, whatever else they are and whenever they began", () => {
    const one = { ...router, vrid: 1, priority: 255 };
    const other = { ...router, vrid: 2, priority: 1, version: 2, downTimerAdverts: 10 } as const;
    expect(nextAdvertisementAt(one, instant(98_000_001))).toBe(105_000_000);
    expect(nextAdvertisementAt(other, instant(104_999_999))).toBe(105_000_000);
  });
});

test("the trust window: ends when an owner that waits would take over, whatever our own priority", () => {
  expect(trustWindow(router)).toBe(21_027_343);
  const strongest: VirtualRouter = { ...router, version: 2, priority: 255, downTimerAdverts: 5 };
  expect(trustWindow(strongest)).toBe(35_003_906);
  // Known to be no more than 100: 156/256 of the interval, or of a second (timer_expired_backup).
  expect(trustWindow({ ...router, strongestBackup: 100 })).toBe(25_265_625);
  expect(trustWindow({ ...router, version: 2, strongestBackup: 100 })).toBe(21_609_375);
});
