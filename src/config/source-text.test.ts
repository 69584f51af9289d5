import { describe, expect, test } from "vitest";
import { collectDiagnostics } from "./diagnostic.ts";
import { decodeLines } from "./source-text.ts";

function decode(bytes: readonly number[]): { lines: ReturnType<typeof decodeLines>; said: readonly string[] } {
  const { report, diagnostics } = collectDiagnostics();
  const lines = decodeLines(Uint8Array.from(bytes), "f", [], report);
  return { lines, said: diagnostics.map(({ code, place }) => `${place.line}:${place.column} ${code}`) };
}

const bytesOf = (text: string): number[] => Array.from(new TextEncoder().encode(text));

describe("bytes of a file", () => {
  test("well-formed UTF-8 of every length: read as it is (RFC 3629)", () => {
    const { lines, said } = decode(bytesOf("a\u00e9\u4e2d\u{1f600}\nb"));
    expect(lines.map((line) => line.text)).toEqual(["a\u00e9\u4e2d\u{1f600}", "b"]);
    expect(said).toEqual([]);
  });

  test.each([
    ["an overlong form of /", [0xc0, 0xaf]],
    ["an overlong form of three bytes", [0xe0, 0x80, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["more than U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a lone continuation byte", [0xbf]],
    ["a cut sequence at the end", [0xe4, 0xb8]],
  ])("%s: that line alone is read as Latin-1, and its first odd byte is told (RFC 3629 section 3)", (_name, odd) => {
    const { lines, said } = decode([0x61, ...odd, 0x0a, 0xc3, 0xa9]);
    expect(lines[0]).toEqual({
      number: 1,
      text: String.fromCharCode(0x61, ...odd),
      latin1: true,
      ignored: false,
    });
    expect(lines[1]).toMatchObject({ text: "\u00e9", latin1: false });
    expect(said).toEqual(["1:2 NON_UTF8"]);
  });

  test("several lines that are no UTF-8: the first one is told", () => {
    expect(decode([0xe9, 0x0a, 0xe9, 0x0a]).said).toEqual(["1:1 NON_UTF8"]);
  });

  test("a NUL byte: the line does not count, and its column is told", () => {
    const { lines, said } = decode([0x61, 0x0a, 0x62, 0x00, 0x63, 0x0a, 0x64]);
    expect(lines.map((line) => line.ignored)).toEqual([false, true, false]);
    expect(said).toEqual(["2:2 NUL_BYTE"]);
  });

  test("a line of 1,024 bytes does not count, one of 1,023 does (keepalived's MAXBUF)", () => {
    const { lines, said } = decode(bytesOf(`${"x".repeat(1023)}\n${"x".repeat(1024)}\n${"\u00e9".repeat(512)}\n`));
    expect(lines.map((line) => line.ignored)).toEqual([false, true, true]);
    expect(said).toEqual(["2:1 LINE_TOO_LONG", "3:1 LINE_TOO_LONG"]);
  });

  test("CR LF and a byte order mark: removed and told once", () => {
    const { lines, said } = decode([0xef, 0xbb, 0xbf, ...bytesOf("a\r\nb\r\n")]);
    expect(lines.map((line) => line.text)).toEqual(["a", "b"]);
    expect(said).toEqual(["1:1 BYTE_ORDER_MARK", "1:1 CARRIAGE_RETURNS"]);
  });
});
