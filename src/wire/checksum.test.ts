import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { internetChecksum, pseudoHeader } from "./checksum.ts";

describe("internetChecksum", () => {
  test("the example of RFC 1071 section 3: sum ddf2, checksum its complement", () => {
    const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(internetChecksum(bytes)).toBe(0x220d);
    expect(internetChecksum(bytes, Uint8Array.of(0x22, 0x0d))).toBe(0);
  });

  test("an odd length: a zero byte follows in thought (RFC 1071 section 1)", () => {
    expect(internetChecksum(Uint8Array.of(0x12, 0x34, 0x56))).toBe(0xffff - 0x1234 - 0x5600);
  });

  test("a carry out of the fold: is folded again", () => {
    // 0xffff + 0x0001 + 0xffff = 0x1ffff, folded 0x10000, folded again 0x0001.
    expect(internetChecksum(Uint8Array.of(0xff, 0xff, 0x00, 0x01, 0xff, 0xff))).toBe(0xfffe);
  });

  test("nothing: all ones", () => {
    expect(internetChecksum(new Uint8Array(0))).toBe(0xffff);
  });

  test("an odd part that is not the last: is a bug of the caller", () => {
    expect(() => internetChecksum(new Uint8Array(3), new Uint8Array(2))).toThrow(TypeError);
  });
});

describe("pseudoHeader", () => {
  test("IPv4: source, destination, zero, protocol, length (RFC 793 section 3.1)", () => {
    expect([...pseudoHeader(ip("192.0.2.1"), ip("224.0.0.18"), 112, 300)]).toEqual([
      192, 0, 2, 1, 224, 0, 0, 18, 0, 112, 1, 44,
    ]);
  });

  test("IPv6: source, destination, length, zeros, next header (RFC 8200 section 8.1)", () => {
    expect([...pseudoHeader(ip("fe80::1"), ip("ff02::12"), 112, 300)]).toEqual([
      0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0, 0,
      1, 44, 0, 0, 0, 112,
    ]);
  });

  test("two families: is a bug of the caller", () => {
    expect(() => pseudoHeader(ip("192.0.2.1"), ip("ff02::12"), 112, 8)).toThrow(TypeError);
  });
});
