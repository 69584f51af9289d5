import { describe, expect, test } from "vitest";
import { ip, mac } from "../base/address.ts";
import { parseNeighborFrame, serializeNeighborFrame, unsolicitedAdvertisement } from "./neighbor-frame.ts";

const OWNER = mac("02:00:00:00:00:01");

/** By hand from RFC 2464 section 7, RFC 8200 section 3 and RFC 4861 section 4.4; the checksum is Python's. */
const ROUTER = bytes(
  "33 33 00 00 00 01 | 02 00 00 00 00 01 | 86 dd | 60 00 00 00 00 20 3a ff" +
    "| 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 66 | ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 01" +
    "| 88 00 78 60 a0 00 00 00 | 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 66 | 02 01 02 00 00 00 00 01",
);

describe("neighbor advertisement in its frame", () => {
  test("of a router, unsolicited: to all nodes from the address itself, override set (RFC 4861 section 7.2.6)", () => {
    const frame = unsolicitedAdvertisement(ip("2001:db8::66"), OWNER, true);
    expect(frame).toEqual({
      source: OWNER,
      destination: "33:33:00:00:00:01",
      sourceAddress: "2001:db8::66",
      destinationAddress: "ff02::1",
      advertisement: { target: "2001:db8::66", router: true, solicited: false, override: true, targetMac: OWNER },
    });
    expect(serializeNeighborFrame(frame)).toEqual(ROUTER);
    expect(parseNeighborFrame(ROUTER)).toEqual({ ok: true, value: frame });
  });

  test("of a host: the router flag is off", () => {
    expect(unsolicitedAdvertisement(ip("2001:db8::66"), OWNER, false).advertisement.router).toBe(false);
  });

  test.each([
    ["13 bytes", ROUTER.slice(0, 13), { code: "TRUNCATED", needed: 14, length: 13 }],
    ["ARP", changed(13, 0x06), { code: "OTHER_PROTOCOL", field: "ether-type", value: 0x8606 }],
    ["IPv4 behind the EtherType of IPv6", changed(14, 0x45), { code: "BAD_VERSION", version: 4 }],
    ["TCP", changed(20, 6), { code: "OTHER_PROTOCOL", field: "next-header", value: 6 }],
    // RFC 4861 section 7.1.2: it may have been forwarded.
    ["hop limit 254", changed(21, 254), { code: "BAD_HOP_LIMIT", hopLimit: 254 }],
    ["another ICMPv6 message", changed(54, 135), { code: "BAD_TYPE", type: 135 }],
    ["a flipped bit", changed(77, 0x67), { code: "BAD_CHECKSUM" }],
  ])("%s: is refused", (_, frame, error) => {
    expect(parseNeighborFrame(frame)).toEqual({ ok: false, error });
  });
});

/** ROUTER with another byte. */
function changed(at: number, value: number): Uint8Array {
  return Uint8Array.from(ROUTER, (byte, index) => (index === at ? value : byte));
}

function bytes(text: string): Uint8Array {
  const pairs = text.replaceAll("|", " ").trim().split(/\s+/);
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}
