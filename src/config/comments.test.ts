import { describe, expect, test } from "vitest";
import { cutComment } from "./comments.ts";
import { mapLine } from "./mapped-text.ts";

describe("a line before its words are cut", () => {
  test.each([
    ["priority 5 # five", "priority 5"],
    ["priority 5 ! five", "priority 5"],
    ['script "a # b ! c" # d', 'script "a # b ! c"'],
    ["auth_pass a\\#b\\!c", "auth_pass a#b!c"],
    ['script "a\\"# b" # c', 'script "a\\"# b"'],
    ["  \t ", ""],
    ["# only", ""],
    ['script "open # quote', 'script "open # quote'],
  ])("%j without its comment is %j", (line, content) => {
    expect(cutComment(mapLine(line)).content.text).toBe(content);
  });

  test("an escaped character keeps its own column", () => {
    const { content } = cutComment(mapLine("  a\\#b"));
    expect(content).toEqual({ text: "a#b", from: [3, 5, 6], to: [4, 6, 7] });
  });

  test("a comment right behind a word is told, one behind a space or a brace is not", () => {
    expect(cutComment(mapLine("auth_pass p#ss")).cutWordAt).toBe(12);
    expect(cutComment(mapLine("auth_pass p #ss")).cutWordAt).toBeUndefined();
    expect(cutComment(mapLine("track_script {#x")).cutWordAt).toBeUndefined();
  });

  test("a no-break space is a space outside of quotes and comments, and its column is told", () => {
    expect(cutComment(mapLine("\u00a0a\u00a0b"))).toMatchObject({ content: { text: "a b" }, oddSpaceAt: 1 });
    expect(cutComment(mapLine('"a\u00a0b" # \u00a0'))).toMatchObject({
      content: { text: '"a\u00a0b"' },
      oddSpaceAt: undefined,
    });
  });

  test("columns count characters, not UTF-16 units", () => {
    expect(cutComment(mapLine("\u{1f600} x")).content.from).toEqual([1, 1, 2, 3]);
  });
});
