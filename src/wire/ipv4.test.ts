import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { parseIpv4, serializeIpv4 } from "./ipv4.ts";
import type { Ipv4Packet } from "./ipv4.ts";

/** From 192.0.2.1 to 224.0.0.18, 20 + 4 bytes. */
const PACKET = "45 c0 00 18 12 34 40 00 ff 70 c6 6d c0 00 02 01 e0 00 00 12 de ad be ef";

const value: Ipv4Packet = {
  source: ip("192.0.2.1"),
  destination: ip("224.0.0.18"),
  protocol: 112,
  hopLimit: 255,
  typeOfService: 0xc0,
  identification: 0x1234,
  fragmentable: false,
  payload: Uint8Array.of(0xde, 0xad, 0xbe, 0xef),
};

describe("parseIpv4", () => {
  test("a packet without options: every field (RFC 791 section 3.1)", () => {
    expect(parseIpv4(bytes(PACKET))).toEqual({ ok: true, value });
  });

  test("options: are skipped", () => {
    const text = PACKET.replace("45 c0 00 18", "46 c0 00 1c").replace("00 12 de", "00 12 94 04 00 00 de");
    expect(parseIpv4(bytes(text))).toEqual({ ok: true, value });
  });

  test("padding of the link: is left out", () => {
    expect(parseIpv4(bytes(`${PACKET} ${"00 ".repeat(22)}`))).toEqual({ ok: true, value });
  });

  test.each([
    ["19 bytes", PACKET.slice(0, 19 * 3), { code: "TRUNCATED", needed: 20, length: 19 }],
    ["IPv6", `6${PACKET.slice(1)}`, { code: "BAD_VERSION", version: 6 }],
    ["a header of 16 bytes", PACKET.replace("45", "44"), { code: "BAD_HEADER_LENGTH", length: 16 }],
    ["a total below the header", PACKET.replace("00 18", "00 13"), { code: "BAD_LENGTH", expected: 20, length: 19 }],
    ["a total beyond the end", PACKET.replace("00 18", "00 19"), { code: "TRUNCATED", needed: 25, length: 24 }],
    ["a first fragment", PACKET.replace("40 00", "20 00"), { code: "FRAGMENT" }],
    ["a last fragment", PACKET.replace("40 00", "00 01"), { code: "FRAGMENT" }],
  ])("%s: is refused", (_, text, error) => {
    expect(parseIpv4(bytes(text))).toEqual({ ok: false, error });
  });
});

describe("serializeIpv4", () => {
  test("a packet: the same bytes, checksum included", () => {
    expect([...serializeIpv4(value)]).toEqual([...bytes(PACKET)]);
  });

  test.each<[string, Ipv4Packet]>([
    ["IPv6 ends", { ...value, source: ip("fe80::1"), destination: ip("ff02::12") }],
    ["identification 65536", { ...value, identification: 65_536 }],
    ["time to live -1", { ...value, hopLimit: -1 }],
    ["type of service 256", { ...value, typeOfService: 256 }],
    ["half a protocol", { ...value, protocol: 0.5 }],
    ["65516 bytes of payload", { ...value, payload: new Uint8Array(65_516) }],
  ])("%s: does not fit", (_, packet) => {
    expect(() => serializeIpv4(packet)).toThrow(RangeError);
  });
});

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(" ").filter(Boolean), (pair) => Number.parseInt(pair, 16));
}
