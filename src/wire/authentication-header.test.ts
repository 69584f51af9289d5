import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { isAuthentic, parseAuthenticationHeader, serializeAuthenticated } from "./authentication-header.ts";

const unhex = (digits: string) => new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const header = { source: ip("192.0.2.1"), destination: ip("224.0.0.18"), identification: 1, hopLimit: 255 };
const key = new TextEncoder().encode("secret12");
const message = unhex("21 2c be 01 02 01 5c7d c0000253 0000000000000000");
/** Captured from keepalived 2.2.7 of Debian 12 (test/vectors/wire/v2-header). */
const captured = unhex(
  "70 04 0000 c0000201 00000001 43b05e84ef5018160bcba030 21 2c be 01 02 01 5c7d c0000253 0000000000000000",
);
/** The same with a TTL of zero under the proof, as RFC 2402 section 3.3.3.1.1.1 has it; by Python's hmac. */
const proofOfStandard = "7eb0854d7135b32f37ec8544";

describe("an authentication header", () => {
  test("in front of an advert: as keepalived makes it", () => {
    expect(hex(serializeAuthenticated(message, { ...header, sequence: 1, key }))).toBe(hex(captured));
  });

  test("in front of a unicast advert: as keepalived makes it, whatever the TTL", () => {
    // From keepalived 2.2.7 of Debian 12 to a unicast_peer.
    const message = unhex("21 33 c8 01 02 01 0a19 0a4d0064 0000000000000000");
    const unicast = { source: ip("10.77.0.1"), destination: ip("10.77.0.2"), identification: 1, hopLimit: 64 };
    expect(hex(serializeAuthenticated(message, { ...unicast, sequence: 1, key }))).toBe(
      hex(unhex("70 04 0000 0a4d0001 00000001 d40113250365 7703f0f8477d 2133c80102010a190a4d00640000000000000000")),
    );
  });

  test("read: the sequence number, the proof and the message", () => {
    expect(parseAuthenticationHeader(captured)).toEqual({
      ok: true,
      value: { sequence: 1, proof: unhex("43b05e84ef5018160bcba030"), message },
    });
  });

  test("keepalived's proof: holds, and only with the TTL it was made with", () => {
    expect(isAuthentic(captured, header, key)).toBe(true);
    expect(isAuthentic(captured, { ...header, hopLimit: 254 }, key)).toBe(false);
  });

  test("a proof made with a TTL of zero: holds, whatever TTL has arrived", () => {
    const payload = captured.slice();
    payload.set(unhex(proofOfStandard), 12);
    expect(isAuthentic(payload, header, key)).toBe(true);
    expect(isAuthentic(payload, { ...header, hopLimit: 64 }, key)).toBe(true);
  });

  test("any bit changed: does not hold", () => {
    for (let at = 0; at < captured.length; at++) {
      const payload = captured.slice();
      payload[at] = (payload[at] ?? 0) ^ 1;
      expect([at, isAuthentic(payload, header, key)]).toEqual([at, false]);
    }
  });

  test("another key, source, destination or identification: does not hold", () => {
    expect(isAuthentic(captured, header, new TextEncoder().encode("secret13"))).toBe(false);
    expect(isAuthentic(captured, { ...header, source: ip("192.0.2.2") }, key)).toBe(false);
    expect(isAuthentic(captured, { ...header, destination: ip("192.0.2.2") }, key)).toBe(false);
    expect(isAuthentic(captured, { ...header, identification: 2 }, key)).toBe(false);
  });

  test("cut off: TRUNCATED", () => {
    expect(parseAuthenticationHeader(captured.subarray(0, 23))).toEqual({
      ok: false,
      error: { code: "TRUNCATED", needed: 24, length: 23 },
    });
  });

  test("TCP behind it: OTHER_PROTOCOL", () => {
    const payload = captured.slice();
    payload[0] = 6;
    expect(parseAuthenticationHeader(payload)).toEqual({ ok: false, error: { code: "OTHER_PROTOCOL", protocol: 6 } });
  });

  test("a longer proof than HMAC-MD5-96: BAD_LENGTH", () => {
    const payload = captured.slice();
    payload[1] = 5;
    expect(parseAuthenticationHeader(payload)).toEqual({
      ok: false,
      error: { code: "BAD_LENGTH", expected: 24, length: 28 },
    });
  });
});
