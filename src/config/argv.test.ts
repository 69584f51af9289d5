import { describe, expect, test } from "vitest";
import { splitCommand } from "./argv.ts";

describe("a command as words", () => {
  // Seen in the configuration dump of keepalived 2.2.7 for the same lines.
  test.each([
    ["/bin/true a  b", ["/bin/true", "a", "b"]],
    ["/bin/true 'a b' e\\ f g", ["/bin/true", "a b", "e f", "g"]],
    ["x\\x41\\102 \\$x", ["xAB", "$x"]],
    ["'it''s' a'b'c", ["its", "abc"]],
    ["'q\\x41' \"r\\x41\"", ["qA", "rA"]],
    ["x\\cAy e\\Ez", ["x\x01y", "e\x1bz"]],
    ["'echo \"hi\" | wc'", ['echo "hi" | wc']],
    ["\\a\\b\\f\\n\\r\\t\\v", ["\x07\b\f\n\r\t\v"]],
    ["'' \"\"", ["", ""]],
    ["   ", []],
    ["a\\", ["a\\"]],
    ["\\777", ["\u00ff"]],
  ])("%j is %j", (text, expected) => {
    expect(splitCommand(text)).toEqual({ ok: true, value: expected });
  });

  test.each([
    ["a 'b", "'", 2],
    ['"a', '"', 0],
    ["a\"b'c", '"', 1],
  ])("%j has an open %s at %i", (text, quote, at) => {
    expect(splitCommand(text)).toEqual({ ok: false, error: { quote, at } });
  });
});
