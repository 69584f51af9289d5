import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant, millis } from "../base/time.ts";
import { detectPause, initialPause } from "./pause.ts";
import type { ClockSample, Pause } from "./pause.ts";

const at = (milliseconds: number) => instant(Math.round(milliseconds * 1_000));
const none: Pause = { kind: "none" };
const paused = (by: "process" | "suspend" | "freeze", milliseconds: number): Pause => ({
  kind: "paused",
  by,
  length: millis(milliseconds),
});

/** All in milliseconds. The clocks have origins of their own: 0, 50 s and 1,000,000 s. */
function sample(now: number, extra: { suspended?: number; outside?: number; resolution?: number } = {}): ClockSample {
  const outside =
    extra.outside === undefined
      ? undefined
      : { at: at(1_000_000_000 + extra.outside), resolutionMicros: (extra.resolution ?? 0.001) * 1_000 };
  return { now: at(now), boottime: at(50_000 + now + (extra.suspended ?? 0)), outside };
}

/** The RTC of a machine on which `real` milliseconds have passed: it shows whole seconds. */
function rtc(now: number, real: number, suspended = 0): ClockSample {
  return sample(now, { suspended, outside: Math.floor(real / 1_000) * 1_000, resolution: 1_000 });
}

describe("two samples", () => {
  const rows = [
    { name: "woken in time", before: sample(0), after: sample(500), wakeBy: 500, pause: none },
    {
      name: "woken before its time by something else",
      before: sample(0),
      after: sample(200),
      wakeBy: 500,
      pause: none,
    },
    { name: "woken 100 ms late: a busy machine", before: sample(0), after: sample(600), wakeBy: 500, pause: none },
    { name: "woken 101 ms late", before: sample(0), after: sample(601), wakeBy: 500, pause: paused("process", 101) },
    {
      name: "stopped for 14 s",
      before: sample(0),
      after: sample(14_000),
      wakeBy: 500,
      pause: paused("process", 13_500),
    },
    { name: "a long wait that was wanted", before: sample(0), after: sample(60_000), wakeBy: 60_000, pause: none },
    {
      name: "suspended for 30 s, woken in time afterwards",
      before: sample(0),
      after: sample(500, { suspended: 30_000 }),
      wakeBy: 500,
      pause: paused("suspend", 30_000),
    },
    {
      name: "suspended for 100 ms: within the tolerance",
      before: sample(0),
      after: sample(500, { suspended: 100 }),
      wakeBy: 500,
      pause: none,
    },
    {
      name: "suspended once, long ago",
      before: sample(0, { suspended: 30_000 }),
      after: sample(500, { suspended: 30_000 }),
      wakeBy: 500,
      pause: none,
    },
    {
      name: "suspended and late: the longer one counts",
      before: sample(0),
      after: sample(800, { suspended: 30_000 }),
      wakeBy: 500,
      pause: paused("suspend", 30_000),
    },
    {
      name: "briefly suspended and very late: the longer one counts",
      before: sample(0),
      after: sample(9_000, { suspended: 200 }),
      wakeBy: 500,
      pause: paused("process", 8_500),
    },
    {
      name: "frozen for 5 s, fine outside clock",
      before: sample(0, { outside: 0 }),
      after: sample(500, { outside: 5_500 }),
      wakeBy: 500,
      pause: paused("freeze", 4_999.499),
    },
    {
      name: "frozen for 100 ms, fine outside clock: within the tolerance",
      before: sample(0, { outside: 0 }),
      after: sample(500, { outside: 600 }),
      wakeBy: 500,
      pause: none,
    },
    {
      name: "suspended with an outside clock: no freeze beside it",
      before: sample(0, { outside: 0 }),
      after: sample(500, { suspended: 30_000, outside: 30_500 }),
      wakeBy: 500,
      pause: paused("suspend", 30_000),
    },
    {
      name: "stopped with an outside clock: no freeze beside it",
      before: sample(0, { outside: 0 }),
      after: sample(14_000, { outside: 14_000 }),
      wakeBy: 500,
      pause: paused("process", 13_500),
    },
    {
      name: "outside clock set back by an hour",
      before: sample(0, { outside: 0 }),
      after: sample(500, { outside: -3_600_000 }),
      wakeBy: 500,
      pause: none,
    },
    {
      name: "outside clock appears",
      before: sample(0),
      after: sample(500, { outside: 99_000 }),
      wakeBy: 500,
      pause: none,
    },
    { name: "outside clock vanishes", before: sample(0, { outside: 0 }), after: sample(500), wakeBy: 500, pause: none },
    {
      name: "RTC, frozen for 10 s",
      before: rtc(0, 0),
      after: rtc(500, 10_500),
      wakeBy: 500,
      pause: paused("freeze", 8_499.5),
    },
    { name: "RTC, the next second has begun", before: rtc(0, 999), after: rtc(2, 1_001), wakeBy: 2, pause: none },
  ];
  test.each(rows)("$name", ({ before, after, wakeBy, pause }) => {
    expect(detectPause(initialPause(before), after, at(wakeBy)).pause).toEqual(pause);
  });
});

describe("series of samples", () => {
  /** Feeds samples, each in time, and gathers the pauses. */
  function pauses(samples: readonly ClockSample[]): readonly Pause[] {
    const [first, ...others] = samples;
    if (first === undefined) return [];
    let state = initialPause(first);
    const found: Pause[] = [];
    for (const next of others) {
      const step = detectPause(state, next, next.now);
      state = step.state;
      if (step.pause.kind === "paused") found.push(step.pause);
    }
    return found;
  }

  test("RTC, a long quiet time, sampled at any moments and drifting by up to 0.05 %: never an alarm", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 200 });
    const drift = fc.double({ min: -0.0005, max: 0.0005, noNaN: true });
    fc.assert(
      fc.property(gaps, drift, fc.integer({ min: 0, max: 999 }), (waits, rate, phase) => {
        let now = 0;
        const samples = waits.map((wait) => rtc((now += wait), phase + now * (1 + rate)));
        expect(pauses(samples)).toEqual([]);
      }),
    );
  });

  test("RTC: each sample narrows the bounds from one side, and both widen by a thousandth of the time between", () => {
    let state = initialPause(rtc(0, 0));
    expect(state.offset).toEqual({ kind: "between", low: 999_950_000_000, high: 999_951_000_000 });
    state = detectPause(state, rtc(300, 300), at(300)).state;
    expect(state.offset).toEqual({ kind: "between", low: 999_949_999_700, high: 999_950_700_000 });
    state = detectPause(state, rtc(1_100, 1_100), at(1_100)).state;
    expect(state.offset).toEqual({ kind: "between", low: 999_949_998_900, high: 999_950_700_800 });
  });

  test("RTC, a freeze of 1.3 s after samples at other phases: found, for the bounds have narrowed", () => {
    const calm = [0, 300, 700, 900, 1_100, 1_500, 1_900, 2_200].map((now) => rtc(now, now));
    expect(pauses([...calm, rtc(2_650, 3_950), rtc(3_050, 4_350)])).toMatchObject([{ kind: "paused", by: "freeze" }]);
  });

  test("RTC, a freeze of 2.5 s: told once and not again", () => {
    const calm = [0, 500, 1_000].map((now) => rtc(now, now));
    const later = [1_500, 2_000, 2_500, 3_000].map((now) => rtc(now, now + 2_500));
    expect(pauses([...calm, ...later])).toMatchObject([{ kind: "paused", by: "freeze" }]);
  });

  test("fine outside clock that drifts by 0.05 %, for an hour: no alarm", () => {
    const samples = Array.from({ length: 7_200 }, (_, index) => sample(index * 500, { outside: index * 500.25 }));
    expect(pauses(samples)).toEqual([]);
  });

  test("outside clock set back, then a freeze: the freeze is found", () => {
    const samples = [
      sample(0, { outside: 0 }),
      sample(500, { outside: -7_000 }),
      sample(1_000, { outside: -6_500 }),
      sample(1_500, { outside: -1_000 }),
    ];
    expect(pauses(samples)).toMatchObject([{ kind: "paused", by: "freeze" }]);
  });
});
