import { describe, expect, test } from "vitest";
import { ip, type IpAddress } from "../../base/address.ts";
import { acceptSequence, clockSkew, isTimely, nextSequence } from "./replay.ts";
import type { ReplayRule, SequenceNumber } from "./replay.ts";

const A = ip("192.0.2.1");
const B = ip("192.0.2.2");
const time: ReplayRule = { kind: "time", window: 5 };
const monotonic: ReplayRule = { kind: "monotonic", window: 5 };
/** 2026-01-01 00:00:00 UTC. */
const SECONDS = 1_767_225_600;
const NOW_MS = SECONDS * 1000;
const sequence = (seconds: number, fraction = 0): SequenceNumber => ({ seconds, fraction });
const marks = (...list: readonly (readonly [IpAddress, SequenceNumber])[]) => new Map(list);

describe("the window", () => {
  test.each([
    [SECONDS, true],
    [SECONDS - 5, true],
    [SECONDS - 6, false],
    [SECONDS + 5, true],
    [SECONDS + 6, false],
  ])("signed at %i, at 1767225600 by our clock: %s", (seconds, timely) => {
    expect(isTimely(time, sequence(seconds), NOW_MS)).toBe(timely);
    expect(isTimely(monotonic, sequence(seconds), NOW_MS)).toBe(true);
  });

  test("the seconds have gone round: counts on both sides", () => {
    const newYear2106 = 0x1_0000_0002 * 1000;
    expect(clockSkew(sequence(0xffff_ffff), newYear2106)).toBe(3);
    expect(isTimely(time, sequence(0xffff_ffff), newYear2106)).toBe(true);
    expect(isTimely(time, sequence(7), newYear2106)).toBe(true);
    expect(isTimely(time, sequence(8), newYear2106)).toBe(false);
  });

  test("a clock behind ours is positive, one ahead negative", () => {
    expect(clockSkew(sequence(SECONDS - 3), NOW_MS)).toBe(3);
    expect(clockSkew(sequence(SECONDS + 3), NOW_MS)).toBe(-3);
  });
});

describe("repetitions", () => {
  const known = marks([A, sequence(SECONDS, 10)]);

  test("an unknown sender: accepted and remembered", () => {
    expect(acceptSequence(known, B, sequence(SECONDS, 10), time, NOW_MS)).toEqual(
      marks([A, sequence(SECONDS, 10)], [B, sequence(SECONDS, 10)]),
    );
  });
  test("the same number: refused", () => {
    expect(acceptSequence(known, A, sequence(SECONDS, 10), time, NOW_MS)).toBeUndefined();
  });
  test("a lower fraction, a lower second: refused", () => {
    expect(acceptSequence(known, A, sequence(SECONDS, 9), time, NOW_MS)).toBeUndefined();
    expect(acceptSequence(known, A, sequence(SECONDS - 1, 999), monotonic, NOW_MS)).toBeUndefined();
  });
  test("a higher fraction, a higher second: accepted", () => {
    expect(acceptSequence(known, A, sequence(SECONDS, 11), time, NOW_MS)?.get(A)).toEqual(sequence(SECONDS, 11));
    expect(acceptSequence(known, A, sequence(SECONDS + 1), time, NOW_MS)?.get(A)).toEqual(sequence(SECONDS + 1));
  });
  test("the seconds have gone round: a small number is above a great one (RFC 1982)", () => {
    const late = marks([A, sequence(0xffff_ffff, 5)]);
    expect(acceptSequence(late, A, sequence(0, 0), monotonic, NOW_MS)?.get(A)).toEqual(sequence(0, 0));
  });
  test("the mark is out of the window: the sender's clock was set right, accepted by time", () => {
    const ahead = marks([A, sequence(SECONDS + 100)]);
    expect(acceptSequence(ahead, A, sequence(SECONDS), time, NOW_MS)?.get(A)).toEqual(sequence(SECONDS));
    expect(acceptSequence(ahead, A, sequence(SECONDS), monotonic, NOW_MS)).toBeUndefined();
  });
  test("a 65th sender: the one heard longest ago is forgotten", () => {
    let list = marks();
    for (let number = 1; number <= 64; number++) {
      list = new Map(acceptSequence(list, ip(`192.0.2.${number}`), sequence(SECONDS, 1), time, NOW_MS));
    }
    list = new Map(acceptSequence(list, ip("192.0.2.1"), sequence(SECONDS, 2), time, NOW_MS));
    list = new Map(acceptSequence(list, ip("192.0.2.65"), sequence(SECONDS, 1), time, NOW_MS));
    expect(list.size).toBe(64);
    expect(list.has(ip("192.0.2.1"))).toBe(true);
    expect(list.has(ip("192.0.2.2"))).toBe(false);
  });
});

describe("the number of the next advert", () => {
  test("the first: the time of day, the fraction in units of 2^-16 s", () => {
    expect(nextSequence(undefined, time, NOW_MS)).toEqual(sequence(SECONDS, 0));
    // 0.5 s are 0x8000 units, 0.999 s are 65,470 = 0xffbe.
    expect(nextSequence(undefined, time, NOW_MS + 500)).toEqual(sequence(SECONDS, 0x8000_0000));
    expect(nextSequence(undefined, time, NOW_MS + 999)).toEqual(sequence(SECONDS, 0xffbe_0000));
  });
  test("a second one in the same millisecond: the counter", () => {
    expect(nextSequence(sequence(SECONDS, 0x8000_0000), time, NOW_MS + 500)).toEqual(sequence(SECONDS, 0x8000_0001));
  });
  test("the counter overflows into the fraction, and the fraction into the seconds", () => {
    expect(nextSequence(sequence(SECONDS, 0x8000_ffff), time, NOW_MS + 500)).toEqual(sequence(SECONDS, 0x8001_0000));
    expect(nextSequence(sequence(SECONDS, 0xffff_ffff), time, NOW_MS)).toEqual(sequence(SECONDS + 1, 0));
  });
  test("the clock was set back within the window: goes on above the last", () => {
    expect(nextSequence(sequence(SECONDS + 5, 7), time, NOW_MS)).toEqual(sequence(SECONDS + 5, 8));
  });
  test("the clock was set back beyond the window: by the clock again, but for monotonic", () => {
    expect(nextSequence(sequence(SECONDS + 6, 7), time, NOW_MS)).toEqual(sequence(SECONDS, 0));
    expect(nextSequence(sequence(SECONDS + 6, 7), monotonic, NOW_MS)).toEqual(sequence(SECONDS + 6, 8));
  });
});
