import { describe, expect, test } from "vitest";
import { readFileNumber } from "./file-number.ts";

describe("readFileNumber", () => {
  const rows: readonly [string, number][] = [
    ["0\n", 0],
    ["10\n", 10],
    ["-20", -20],
    ["+7", 7],
    ["  \t\n 5", 5],
    ["0x10", 16],
    ["-0X1f", -31],
    ["010", 8],
    ["089", 0],
    ["5 apples", 5],
    ["12abc", 12],
    ["3.9", 3],
    ["", 0],
    [" \n", 0],
    ["-0", 0],
    ["2147483647", 2_147_483_647],
    ["-2147483648", -2_147_483_648],
  ];
  test.each(rows)("%j: %i (strtol(3), base 0)", (text, value) => {
    expect(readFileNumber(text)).toEqual({ kind: "number", value });
  });

  test.each(["apples", "- 5", "--5", "on", "x10", "\uFEFF5"])("%j: no number", (text) => {
    expect(readFileNumber(text)).toEqual({ kind: "no-number" });
  });

  test.each(["2147483648", "-2147483649", "0xffffffff", "99999999999999999999999"])("%s: beyond 32 bits", (text) => {
    expect(readFileNumber(`${text}\n`)).toEqual({ kind: "out-of-range", text });
  });
});
