import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { isGenuine, signMessage, splitSigned } from "./signature-trailer.ts";

const unhex = (digits: string) => new Uint8Array(Buffer.from(digits, "hex"));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const keyOf = (length: number) => Uint8Array.from({ length }, (_, index) => index);

/** Messages and proofs were made by Python's struct and hmac; OpenSSL finds the same proof for the first. */
const vectors = [
  {
    name: "version 3 over IPv4",
    source: ip("192.168.77.1"),
    key: keyOf(32),
    message: "3134c8010064dc87c0a84d64",
    keyId: 1,
    sequence: { seconds: 0x6955b900, fraction: 0x80000001 },
    trailer: "010100006955b900800000011c36cccf4d00f48092ec14fea692aa97",
  },
  {
    name: "version 2, a key of 64 bytes",
    source: ip("192.0.2.1"),
    key: keyOf(64),
    message: "213396020001c3fec0000264c00002650000000000000000",
    keyId: 255,
    sequence: { seconds: 0x6955b900, fraction: 0 },
    trailer: "01ff00006955b90000000000787b319b60471a7a64e332bbd934ba56",
  },
  {
    name: "version 3 over IPv6, the highest number",
    source: ip("fd00::1"),
    key: keyOf(32),
    message: "3133c80100640dd9fd000000000000000000000000000100",
    keyId: 1,
    sequence: { seconds: 0xffffffff, fraction: 0xffffffff },
    trailer: "01010000ffffffffffffffffb713053debbeeb40170d20e7deb29894",
  },
] as const;
const [first] = vectors;

describe("a signed message", () => {
  test.each(vectors)("$name: as Python makes it", ({ source, key, message, keyId, sequence, trailer }) => {
    const signed = signMessage(unhex(message), { keyId, sequence }, { source, key });
    expect(hex(signed)).toBe(message + trailer);
  });

  test.each(vectors)("$name: divided again, and genuine", ({ source, key, message, keyId, sequence, trailer }) => {
    const payload = unhex(message + trailer);
    expect(splitSigned(payload, source)).toEqual({ message: unhex(message), trailer: { keyId, sequence } });
    expect(isGenuine(payload, { source, key })).toBe(true);
  });

  test("the checksum of the message plays no part: kernels write that of IPv6 after the signature", () => {
    const payload = unhex(first.message + first.trailer);
    payload.set([0x12, 0x34], 6);
    expect(isGenuine(payload, first)).toBe(true);
  });

  test("any other bit changed: not genuine", () => {
    const length = (first.message.length + first.trailer.length) / 2;
    for (let at = 0; at < length; at++) {
      if (at === 6 || at === 7) continue;
      const payload = unhex(first.message + first.trailer);
      payload[at] = (payload[at] ?? 0) ^ 1;
      expect([at, isGenuine(payload, first)]).toEqual([at, false]);
    }
  });

  test("from another source, by another key: not genuine", () => {
    const payload = unhex(first.message + first.trailer);
    expect(isGenuine(payload, { ...first, source: ip("192.168.77.2") })).toBe(false);
    expect(isGenuine(payload, { ...first, key: keyOf(33) })).toBe(false);
  });

  test.each([
    ["no trailer", first.message],
    ["a byte of the trailer missing", (first.message + first.trailer).slice(0, -2)],
    ["a byte too many", `${first.message}${first.trailer}00`],
    ["no header of VRRP", "31"],
    ["version 4", `4${(first.message + first.trailer).slice(1)}`],
  ])("%s: nothing to divide", (_, digits) => {
    expect(splitSigned(unhex(digits), first.source)).toBeUndefined();
  });

  test.each([
    ["type 2", 0, 2],
    ["reserved bits", 2, 1],
    ["reserved bits", 3, 1],
  ])("%s: none that we know", (_, at, value) => {
    const payload = unhex(first.message + first.trailer);
    payload[first.message.length / 2 + at] = value;
    expect(splitSigned(payload, first.source)).toEqual({ message: unhex(first.message), trailer: undefined });
  });
});
