import { describe, expect, test } from "vitest";
import { expandBraces, matchesName } from "./glob.ts";

describe("file names against a pattern (glob(7))", () => {
  test.each([
    ["*", "a", true],
    ["*", ".a", false],
    [".*", ".a", true],
    ["?", "", false],
    ["?", ".", false],
    ["a*b*c", "axxbyyc", true],
    ["a*b*c", "axxbyy", false],
    ["*.conf", "x.conf", true],
    ["*.conf", "x.conf~", false],
    ["[a-c]x", "bx", true],
    ["[!a-c]x", "bx", false],
    ["[^a-c]x", "dx", true],
    ["[]a]", "]", true],
    ["[a-]", "-", true],
    ["[a", "[a", true],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false],
    ["\u4e2d?", "\u4e2d\u{1f600}", true],
  ])("%j and %j: %s", (pattern, name, expected) => {
    expect(matchesName(pattern, name)).toBe(expected);
  });

  test.each([
    ["a{b,c}d", ["abd", "acd"]],
    ["{a,b}{c,d}", ["ac", "ad", "bc", "bd"]],
    ["{a,{b,c}}", ["a", "b", "c"]],
    ["{a}", ["{a}"]],
    ["a{b", ["a{b"]],
    ["a}b,c{", ["a}b,c{"]],
    ["{,x}y", ["y", "xy"]],
  ])("braces in %j are %j, as csh writes them out", (pattern, expected) => {
    expect(expandBraces(pattern)).toEqual(expected);
  });

  test("braces that make too many names end at a bound", () => {
    expect(expandBraces("{a,b}".repeat(64)).length).toBeLessThanOrEqual(256);
  });
});
