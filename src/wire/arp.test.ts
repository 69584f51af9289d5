import { describe, expect, test } from "vitest";
import { ip, mac } from "../base/address.ts";
import { gratuitousArp, isGratuitous, parseArp, serializeArp } from "./arp.ts";
import type { ArpFrame } from "./arp.ts";

/** 192.0.2.9 at 02:...:09 answers 192.0.2.5 at 02:...:05. */
const REPLY =
  "02 00 00 00 00 05 02 00 00 00 00 09 08 06 00 01 08 00 06 04 00 02 " +
  "02 00 00 00 00 09 c0 00 02 09 02 00 00 00 00 05 c0 00 02 05";

const reply: ArpFrame = {
  source: mac("02:00:00:00:00:09"),
  destination: mac("02:00:00:00:00:05"),
  operation: 2,
  senderMac: mac("02:00:00:00:00:09"),
  senderAddress: ip("192.0.2.9"),
  targetMac: mac("02:00:00:00:00:05"),
  targetAddress: ip("192.0.2.5"),
};

describe("parseArp", () => {
  test("a reply: every field (RFC 826)", () => {
    expect(parseArp(bytes(REPLY))).toEqual({ ok: true, value: reply });
  });

  test("padding up to Ethernet's 60 bytes: is skipped", () => {
    expect(parseArp(bytes(`${REPLY} ${"00 ".repeat(18)}`))).toEqual({ ok: true, value: reply });
  });

  test.each([
    ["41 bytes", REPLY.slice(0, -3), { code: "TRUNCATED", needed: 42, length: 41 }],
    ["IPv4", REPLY.replace("08 06", "08 00"), { code: "OTHER_PROTOCOL", field: "ether-type", value: 0x0800 }],
    ["another link", REPLY.replace("06 00 01", "06 00 06"), { code: "OTHER_PROTOCOL", field: "hardware", value: 6 }],
    ["MACs of 8 bytes", REPLY.replace("06 04", "08 04"), { code: "OTHER_PROTOCOL", field: "hardware", value: 1 }],
    ["AppleTalk", REPLY.replace("01 08 00", "01 80 9b"), { code: "OTHER_PROTOCOL", field: "protocol", value: 0x809b }],
    [
      "addresses of 16 bytes",
      REPLY.replace("06 04", "06 10"),
      { code: "OTHER_PROTOCOL", field: "protocol", value: 0x0800 },
    ],
  ])("%s: is refused", (_, text, error) => {
    expect(parseArp(bytes(text))).toEqual({ ok: false, error });
  });
});

describe("serializeArp", () => {
  test("a reply: the same bytes", () => {
    expect([...serializeArp(reply)]).toEqual([...bytes(REPLY)]);
  });

  test("IPv6: does not fit", () => {
    expect(() => serializeArp(gratuitousArp(ip("fe80::1"), mac("02:00:00:00:00:09")))).toThrow(RangeError);
  });
});

describe("isGratuitous", () => {
  test.each([
    ["keepalived's request", gratuitousArp(ip("192.0.2.80"), mac("02:00:00:00:00:09")), true],
    [
      "a reply nobody asked for",
      { ...reply, destination: mac("ff:ff:ff:ff:ff:ff"), targetAddress: reply.senderAddress },
      true,
    ],
    ["the answer of one who still has it, to the announcer", { ...reply, targetAddress: reply.senderAddress }, false],
    ["an answer", reply, false],
    ["a probe", { ...gratuitousArp(ip("192.0.2.80"), mac("02:00:00:00:00:09")), senderAddress: ip("0.0.0.0") }, false],
  ])("%s: %s (RFC 5227 section 3)", (_, frame, announces) => {
    expect(isGratuitous(frame)).toBe(announces);
  });
});

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(" ").filter(Boolean), (pair) => Number.parseInt(pair, 16));
}
