import { describe, expect, test } from "vitest";
import { instant, micros, millis, seconds } from "../base/time.ts";
import { endOf, guardMs, planFineLock, remainingMs } from "./fine-lock.ts";
import type { Lease } from "./lease.ts";

const COARSE: Lease = { kind: "timed", seconds: 2, coversProtocol: false };
const COVERING: Lease = { kind: "timed", seconds: 2, coversProtocol: true };
/** RFC 9568 section 6.1 for an owner that waits: 3 x 100 ms + 100 ms / 256. */
const TENTH = micros(300_390);

describe("the plan of a lock", () => {
  test("auto, where the lease ends too late: ends when an owner that waits would take over", () => {
    expect(planFineLock("auto", COARSE, TENTH)).toEqual({ kind: "timed", window: 300_390, coversProtocol: true });
  });

  test("auto, where the lease ends in time: not needed", () => {
    expect(planFineLock("auto", COVERING, seconds(3))).toEqual({ kind: "off", because: "lease-suffices" });
  });

  test("on, where the lease ends in time: locks all the same", () => {
    expect(planFineLock("on", COVERING, seconds(3))).toEqual({
      kind: "timed",
      window: 3_000_000,
      coversProtocol: true,
    });
  });

  test("off, and addresses that are not leased: nothing is locked", () => {
    expect(planFineLock("off", COARSE, TENTH)).toEqual({ kind: "off", because: "setting" });
    expect(planFineLock("on", { kind: "permanent" }, TENTH)).toEqual({ kind: "off", because: "permanent" });
  });

  test("a shorter wait than the kernel's clock can measure: 32 ms, which does not cover the protocol", () => {
    expect(planFineLock("auto", COARSE, micros(30_039))).toEqual({
      kind: "timed",
      window: 32_000,
      coversProtocol: false,
    });
  });
});

describe("the times of a lock", () => {
  const lock = { kind: "timed", window: TENTH, coversProtocol: true } as const;

  test("after an advert: the window from then on, in whole milliseconds that have passed at its end", () => {
    const end = endOf(lock, instant(1_000_000));
    expect(end).toBe(1_300_390);
    expect(remainingMs(end, instant(1_000_000))).toBe(300);
    expect(remainingMs(end, instant(1_000_391))).toBe(299);
    expect(remainingMs(end, instant(1_299_391))).toBe(0);
    expect(remainingMs(end, instant(9_000_000))).toBe(0);
  });

  test("a guard: lives 15 s longer than the lease, for ever with an address that is not leased", () => {
    expect(guardMs(COARSE)).toBe(17_000);
    expect(guardMs({ kind: "timed", seconds: 29, coversProtocol: true })).toBe(44_000);
    expect(guardMs({ kind: "permanent" })).toBe("forever");
  });

  test("milliseconds and microseconds: are not mixed up", () => {
    expect(remainingMs(endOf({ ...lock, window: millis(32) }, instant(0)), instant(0))).toBe(32);
  });
});
