import { expect, test } from "vitest";
import { instant, millis } from "../../base/time.ts";
import { followFile, type FileSight, type FileState } from "./tracked-file.ts";

const T0 = instant(1_000_000);
const later = (ms: number): ReturnType<typeof instant> => instant(T0 + millis(ms));
const says = (text: string): FileSight => ({ kind: "text", text });
const GONE: FileSight = { kind: "missing" };
const MINUS_50: FileState = { value: -50, remark: undefined, goneAt: undefined };

test("a file that was never there: 0, and said to be missing", () => {
  expect(followFile(undefined, GONE, T0)).toEqual({ value: 0, remark: { kind: "missing" }, goneAt: undefined });
});

test("a file that appears: its number at once", () => {
  const missing = followFile(undefined, GONE, T0);
  expect(followFile(missing, says("-50\n"), later(1))).toEqual(MINUS_50);
});

test("a file that vanishes: counts as it did for a moment, and then as 0", () => {
  const vanished = followFile(MINUS_50, GONE, T0);
  expect(vanished).toMatchObject({ value: -50, goneAt: later(100) });
  expect(followFile(vanished, GONE, later(99))).toMatchObject({ value: -50, goneAt: later(100) });
  expect(followFile(vanished, GONE, later(100))).toEqual({ value: 0, remark: { kind: "missing" }, goneAt: undefined });
});

test("an editor moves the old file away and writes a new one: never 0 in between", () => {
  const vanished = followFile(MINUS_50, GONE, T0);
  expect(followFile(vanished, says("-60"), later(30))).toEqual({ value: -60, remark: undefined, goneAt: undefined });
});

test("a file with 0 that vanishes: missing at once, since nothing changes", () => {
  const zero: FileState = { value: 0, remark: undefined, goneAt: undefined };
  expect(followFile(zero, GONE, T0)).toEqual({ value: 0, remark: { kind: "missing" }, goneAt: undefined });
});

test("no number: 0 and a remark", () => {
  expect(followFile(MINUS_50, says("apples"), T0)).toEqual({
    value: 0,
    remark: { kind: "no-number" },
    goneAt: undefined,
  });
});

test("cannot be read: 0 and the reason", () => {
  const sight: FileSight = { kind: "unreadable", reason: "Permission denied" };
  expect(followFile(MINUS_50, sight, T0)).toEqual({ value: 0, remark: sight, goneAt: undefined });
});

test("a number beyond 32 bits: what counted before goes on, and 0 where nothing did", () => {
  const sight = says("99999999999");
  expect(followFile(MINUS_50, sight, T0)).toMatchObject({ value: -50, remark: { kind: "out-of-range" } });
  expect(followFile(undefined, sight, T0)).toMatchObject({ value: 0, remark: { kind: "out-of-range" } });
});
