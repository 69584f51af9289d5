import { describe, expect, test } from "vitest";
import { instant } from "../../base/time.ts";
import { arrived, type Arrival } from "./arrival.ts";

const heardAt = (...milliseconds: readonly number[]): Arrival | undefined =>
  milliseconds.reduce<Arrival | undefined>((before, at) => arrived(before, instant(at * 1_000)), undefined);

describe("how regularly somebody is heard", () => {
  test("once: no interval yet; twice: the time between them", () => {
    expect(heardAt(5)).toEqual({ lastAt: 5_000, interval: undefined, jitter: undefined });
    expect(heardAt(5, 1_005)).toEqual({ lastAt: 1_005_000, interval: 1_000_000, jitter: 0 });
  });

  test("exactly every second: no jitter", () => {
    expect(heardAt(0, 1_000, 2_000, 3_000)).toMatchObject({ interval: 1_000_000, jitter: 0 });
  });

  test("one that is 160 ms late: a sixteenth of it goes into interval and jitter (RFC 3550 section 6.4.1)", () => {
    expect(heardAt(0, 1_000, 2_160)).toMatchObject({ interval: 1_010_000, jitter: 10_000 });
  });

  test("a minute of silence: measured anew", () => {
    expect(heardAt(0, 1_000, 61_000)).toEqual({ lastAt: 61_000_000, interval: undefined, jitter: undefined });
    expect(heardAt(0, 1_000, 61_000, 61_500)).toMatchObject({ interval: 500_000 });
  });
});
