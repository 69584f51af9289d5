import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { after, elapsed, instant, millis } from "../base/time.ts";
import type { Instant } from "../base/time.ts";
import type { Alarm } from "../ports/clock.ts";
import { openLinuxClock } from "./clock.ts";
import type { LinuxClock } from "./clock.ts";

describe("the clocks of this machine", () => {
  let clock: LinuxClock;
  beforeEach(() => {
    clock = openLinuxClock();
  });
  afterEach(() => clock.close());

  test("now: CLOCK_MONOTONIC in microseconds, as Node's own clock has it", () => {
    const before = process.hrtime.bigint() / 1_000n;
    const now = clock.now();
    const later = process.hrtime.bigint() / 1_000n;
    expect(BigInt(now)).toBeGreaterThanOrEqual(before);
    expect(BigInt(now)).toBeLessThanOrEqual(later);
  });

  test("boottime: what /proc/uptime says", () => {
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    expect(Math.abs(clock.boottime() / 1_000_000 - uptime)).toBeLessThan(1);
  });

  test("alarms set in any order: ring in the order of their instants, none early, each in a turn of its own", async () => {
    const start = clock.now();
    const rung: string[] = [];
    await new Promise<void>((resolve) => {
      const ring = (name: string, at: Instant): void => {
        const alarm = clock.alarm(() => {
          expect(clock.now()).toBeGreaterThanOrEqual(at);
          rung.push(name);
          void Promise.resolve().then(() => rung.push(`${name} settled`));
          if (name === "last") resolve();
        });
        alarm.set(at);
      };
      ring("last", after(start, millis(30)));
      ring("first", after(start, millis(10)));
      ring("second", after(start, millis(10)));
      ring("past", after(start, millis(-1_000)));
      rung.push("set");
    });
    await Promise.resolve();
    const names = ["past", "first", "second", "last"];
    expect(rung).toEqual(["set", ...names.flatMap((name) => [name, `${name} settled`])]);
    expect(elapsed(start, clock.now())).toBeGreaterThanOrEqual(30_000);
  });

  test("an alarm set again, from its own callback too: rings for the instant it was set for last", async () => {
    const rung: Instant[] = [];
    const start = clock.now();
    await new Promise<void>((resolve) => {
      const alarm: Alarm = clock.alarm(() => {
        rung.push(clock.now());
        if (rung.length === 3) resolve();
        else alarm.set(after(clock.now(), millis(5)));
      });
      alarm.set(after(start, millis(2)));
      alarm.set(after(start, millis(20)));
    });
    expect(rung).toHaveLength(3);
    expect(rung[0]).toBeGreaterThanOrEqual(start + 20_000);
    expect(rung[2]).toBeGreaterThanOrEqual(start + 30_000);
  });

  test("an alarm that was cleared or closed: is silent, and the others ring", async () => {
    const rung: string[] = [];
    const cleared = clock.alarm(() => rung.push("cleared"));
    const closed = clock.alarm(() => rung.push("closed"));
    const at = after(clock.now(), millis(5));
    cleared.set(at);
    closed.set(at);
    cleared.clear();
    closed.close();
    await new Promise<void>((resolve) => clock.alarm(resolve).set(after(at, millis(5))));
    expect(rung).toEqual([]);
  });

  test("an alarm for the origin of the clock: rings in the next turn", async () => {
    await new Promise<void>((resolve) => clock.alarm(resolve).set(instant(0)));
  });

  test("a clock that was closed: its alarms are silent, a second close does nothing", async () => {
    const other = openLinuxClock();
    let rung = false;
    other.alarm(() => (rung = true)).set(other.now());
    other.close();
    other.close();
    await new Promise<void>((resolve) => clock.alarm(resolve).set(after(clock.now(), millis(5))));
    expect(rung).toBe(false);
  });
});
