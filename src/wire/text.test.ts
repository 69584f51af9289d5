import { describe, expect, test } from "vitest";
import { textBytes, textFromBytes } from "./text.ts";

describe("text on the wire", () => {
  test.each([
    ["eth0", [0x65, 0x74, 0x68, 0x30]],
    ["é", [0xc3, 0xa9]],
    ["\u0800", [0xe0, 0xa0, 0x80]],
    ["\uffff", [0xef, 0xbf, 0xbf]],
    ["網", [0xe7, 0xb6, 0xb2]],
    ["🙂", [0xf0, 0x9f, 0x99, 0x82]],
    ["", []],
  ])("%s: both ways (RFC 3629 section 3)", (text, bytes) => {
    expect([...textBytes(text)]).toEqual(bytes);
    expect(textFromBytes(Uint8Array.from(bytes))).toBe(text);
  });

  test("bytes that are not UTF-8: are read one by one", () => {
    expect(textFromBytes(Uint8Array.of(0x65, 0xff, 0x80))).toBe("e\u00ff\u0080");
  });

  test("half a surrogate pair: is refused", () => {
    expect(() => textBytes("\ud83d")).toThrow(RangeError);
    expect(() => textBytes("\udfff")).toThrow(RangeError);
  });
});
