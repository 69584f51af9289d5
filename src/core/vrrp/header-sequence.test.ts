import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { acceptHeader, firstSequences, takeSequence } from "./header-sequence.ts";

const A = ip("192.0.2.1");
const B = ip("192.0.2.2");
const heard = (highest: number, ...accepted: readonly (readonly [typeof A, number])[]) => ({
  accepted: new Map(accepted),
  highest,
});

describe("sequence numbers of authentication headers", () => {
  test("the first number sent: above the seconds of the day, so above those of a run before", () => {
    expect(takeSequence(firstSequences(1_767_225_600_999)).sequence).toBe(1_767_225_601);
  });
  test("a clock that is far off leaves numbers for the years to come", () => {
    expect(takeSequence(firstSequences(9_000_000_000_000)).sequence).toBe(0xf000_0001);
  });
  test("each advert: one more", () => {
    const first = takeSequence(heard(5));
    expect([first.sequence, takeSequence(first.sequences).sequence]).toEqual([6, 7]);
  });
  test("all 32 bits are used up: begins anew", () => {
    expect(takeSequence(heard(0xffff_ffff)).sequence).toBe(1);
  });
  test("a master with higher numbers was heard: goes on from them, as its other backups do (keepalived)", () => {
    const sequences = acceptHeader(heard(5), A, 900);
    expect(sequences === undefined ? 0 : takeSequence(sequences).sequence).toBe(901);
  });
  test("one with lower numbers was heard: our own stay", () => {
    expect(acceptHeader(heard(900), A, 5)).toEqual(heard(900, [A, 5]));
  });
  test("the same number again, or a lower one: refused", () => {
    expect(acceptHeader(heard(900, [A, 5]), A, 5)).toBeUndefined();
    expect(acceptHeader(heard(900, [A, 5]), A, 4)).toBeUndefined();
  });
  test("another sender with a lower number: accepted, each has its own", () => {
    expect(acceptHeader(heard(900, [A, 5]), B, 3)).toEqual(heard(900, [A, 5], [B, 3]));
  });
  test("the sender has used up 32 bits: accepted", () => {
    expect(acceptHeader(heard(900, [A, 0xffff_ffff]), A, 1)?.accepted.get(A)).toBe(1);
  });
});
