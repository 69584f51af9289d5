import { describe, expect, test } from "vitest";
import { micros } from "../base/time.ts";
import { parseBfdControl, serializeBfdControl } from "./bfd.ts";
import type { BfdControlPacket } from "./bfd.ts";

// By hand from the diagram of RFC 5880 section 4.1.
const BYTES = Uint8Array.from([
  0x23, 0xd2, 0x05, 0x18, 0x01, 0x02, 0x03, 0x04, 0xa0, 0xb0, 0xc0, 0xd0, 0x00, 0x00, 0x27, 0x10, 0x00, 0x00, 0x4e,
  0x20, 0x00, 0x00, 0x75, 0x30,
]);
const PACKET: BfdControlPacket = {
  diagnostic: 3,
  state: "up",
  poll: false,
  final: true,
  controlPlaneIndependent: false,
  demand: true,
  detectMultiplier: 5,
  myDiscriminator: 0x01020304,
  yourDiscriminator: 0xa0b0c0d0,
  desiredMinTxInterval: micros(10_000),
  requiredMinRxInterval: micros(20_000),
  requiredMinEchoRxInterval: micros(30_000),
};

describe("parseBfdControl", () => {
  test("reads every field (RFC 5880 section 4.1)", () => {
    expect(parseBfdControl(BYTES)).toEqual({ ok: true, value: PACKET });
  });

  test("bytes behind the Length are ignored", () => {
    expect(parseBfdControl(Uint8Array.from([...BYTES, 1, 2, 3]))).toEqual({ ok: true, value: PACKET });
  });

  test.each([
    ["admin-down", 0x00],
    ["down", 0x40],
    ["init", 0x80],
    ["up", 0xc0],
  ])("state %s is written %i (section 4.1)", (state, bits) => {
    const parsed = parseBfdControl(changed({ 1: bits }));
    expect(parsed.ok && parsed.value.state).toBe(state);
  });

  test.each([
    ["23 bytes", BYTES.slice(0, 23), { code: "TRUNCATED", needed: 24, length: 23 }],
    ["version 0", changed({ 0: 0x00 }), { code: "BAD_VERSION", version: 0 }],
    ["Length 23", changed({ 3: 23 }), { code: "BAD_LENGTH", field: 23, length: 24 }],
    ["Length 25 in 24 bytes", changed({ 3: 25 }), { code: "BAD_LENGTH", field: 25, length: 24 }],
    ["Length 25 with authentication", authenticated(25), { code: "BAD_LENGTH", field: 25, length: 26 }],
    ["Detect Mult 0", changed({ 2: 0 }), { code: "ZERO_MULTIPLIER" }],
    ["Multipoint", changed({ 1: 0xc1 }), { code: "MULTIPOINT" }],
    ["My Discriminator 0", changed({ 4: 0, 5: 0, 6: 0, 7: 0 }), { code: "ZERO_DISCRIMINATOR" }],
    [
      "Your Discriminator 0, Up",
      changed({ 8: 0, 9: 0, 10: 0, 11: 0 }),
      { code: "ZERO_YOUR_DISCRIMINATOR", state: "up" },
    ],
    ["authentication that nobody agreed on", authenticated(26), { code: "AUTHENTICATED" }],
  ])("%s: discarded (RFC 5880 section 6.8.6)", (_, bytes, error) => {
    expect(parseBfdControl(bytes)).toEqual({ ok: false, error });
  });

  test.each([0x00, 0x40])("Your Discriminator 0 with AdminDown or Down (%i): accepted (section 6.8.6)", (bits) => {
    expect(parseBfdControl(changed({ 1: bits, 8: 0, 9: 0, 10: 0, 11: 0 })).ok).toBe(true);
  });
});

describe("serializeBfdControl", () => {
  test("writes every field, echo and reserved bits as given (RFC 5880 section 4.1)", () => {
    expect(serializeBfdControl(PACKET)).toEqual(BYTES);
    const flags = { poll: true, final: false, demand: false, controlPlaneIndependent: true, state: "init" } as const;
    expect(serializeBfdControl({ ...PACKET, ...flags })[1]).toBe(0xa8);
  });

  test.each([
    { diagnostic: 32 },
    { detectMultiplier: 0 },
    { detectMultiplier: 256 },
    { myDiscriminator: 0 },
    { yourDiscriminator: 0x1_0000_0000 },
    { desiredMinTxInterval: micros(0x1_0000_0000) },
  ])("%j does not fit: throws", (difference) => {
    expect(() => serializeBfdControl({ ...PACKET, ...difference })).toThrow(RangeError);
  });
});

function changed(bytes: Readonly<Record<number, number>>): Uint8Array {
  const copy = BYTES.slice();
  for (const [at, byte] of Object.entries(bytes)) copy[Number(at)] = byte;
  return copy;
}

/** With an authentication section of two bytes, and this Length. */
function authenticated(length: number): Uint8Array {
  return Uint8Array.from([...changed({ 1: 0xc4, 3: length }), 1, 2]);
}
