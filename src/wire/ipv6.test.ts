import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { parseIpv6, serializeIpv6 } from "./ipv6.ts";
import type { Ipv6Packet } from "./ipv6.ts";

/** By hand from RFC 8200 section 3: class 0xc0, flow label 0x12345, two bytes of ICMPv6 from fe80::1 to ff02::1. */
const PACKET = bytes(
  "6c 01 23 45 00 02 3a ff | fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01" +
    "| ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 01 | 88 77",
);

const packet: Ipv6Packet = {
  source: ip("fe80::1"),
  destination: ip("ff02::1"),
  nextHeader: 58,
  hopLimit: 255,
  trafficClass: 0xc0,
  flowLabel: 0x12345,
  payload: Uint8Array.of(0x88, 0x77),
};

describe("IPv6 packet", () => {
  test("all fields: both ways (RFC 8200 section 3)", () => {
    expect(parseIpv6(PACKET)).toEqual({ ok: true, value: packet });
    expect(serializeIpv6(packet)).toEqual(PACKET);
  });

  test("the highest class and flow label: do not spill into the version", () => {
    const highest = { ...packet, trafficClass: 0xff, flowLabel: 0xf_ffff };
    expect([...serializeIpv6(highest).subarray(0, 4)]).toEqual([0x6f, 0xff, 0xff, 0xff]);
    expect(parseIpv6(serializeIpv6(highest))).toEqual({ ok: true, value: highest });
  });

  test("padding behind it: is left out", () => {
    expect(parseIpv6(Uint8Array.of(...PACKET, 0, 0, 0))).toEqual({ ok: true, value: packet });
  });

  test.each([
    ["39 bytes", PACKET.slice(0, 39), { code: "TRUNCATED", needed: 40, length: 39 }],
    ["a payload cut off", PACKET.slice(0, 41), { code: "TRUNCATED", needed: 42, length: 41 }],
    ["IPv4", Uint8Array.from(PACKET, (byte, at) => (at === 0 ? 0x45 : byte)), { code: "BAD_VERSION", version: 4 }],
  ])("%s: is refused", (_, input, error) => {
    expect(parseIpv6(input)).toEqual({ ok: false, error });
  });

  test.each([
    ["an IPv4 address", { source: ip("192.0.2.1") }],
    ["a flow label of 21 bits", { flowLabel: 0x10_0000 }],
    ["a hop limit of 256", { hopLimit: 256 }],
    ["a payload of 64 KiB", { payload: new Uint8Array(0x1_0000) }],
  ])("%s: does not fit", (_, change) => {
    expect(() => serializeIpv6({ ...packet, ...change })).toThrow(RangeError);
  });
});

function bytes(text: string): Uint8Array {
  const pairs = text.replaceAll("|", " ").trim().split(/\s+/);
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}
