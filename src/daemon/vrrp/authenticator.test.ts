import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import type { AuthenticationSettings, SignatureSettings } from "../../config/model/authentication.ts";
import { Authenticator } from "./authenticator.ts";

const A = ip("192.0.2.1");
const B = ip("192.0.2.2");
const ends = { source: A, destination: ip("224.0.0.18"), hopLimit: 255, identification: 1 };
/** Version 3, VRID 51, priority 100, one address; what it says plays no part here. */
const message = Uint8Array.of(0x31, 51, 100, 1, 0, 100, 0x12, 0x34, 192, 0, 2, 100);
/** 2026-01-01 00:00:00 UTC. */
const NOW_MS = 1_767_225_600_000;

const hex = (byte: number) => byte.toString(16).padStart(2, "0").repeat(32);
const signing: SignatureSettings = {
  kind: "signature",
  keys: [
    { id: 1, hex: hex(1) },
    { id: 2, hex: hex(2) },
  ],
  activeKey: 1,
  replay: { kind: "time", window: 10 },
  mode: "enforce",
};

function authenticator(settings: AuthenticationSettings, nowMs = NOW_MS): Authenticator {
  return new Authenticator(settings, { wallClockMs: () => nowMs });
}

/** What a node with these settings sends at a time. */
function sealed(settings: AuthenticationSettings, nowMs = NOW_MS): { readonly message: Uint8Array } & typeof ends {
  const sender = authenticator(settings, nowMs);
  sender.beginAdvert();
  return { ...ends, message: sender.seal({ ...ends, message }) };
}

describe("a signed advert is opened", () => {
  test("genuine: the message, and how long the trailer was", () => {
    const opened = authenticator(signing).open(sealed(signing));
    expect(opened).toEqual({ message, proof: "valid", trailer: 28, skew: undefined });
  });
  test("the same once more: repeated", () => {
    const receiver = authenticator(signing);
    const packet = sealed(signing);
    receiver.open(packet);
    expect(receiver.open(packet).proof).toBe("repeated");
  });
  test("by the other key of ours: genuine, for keys are changed one node at a time", () => {
    expect(authenticator(signing).open(sealed({ ...signing, activeKey: 2 })).proof).toBe("valid");
  });
  test.each([
    [
      "by a key with a number that we do not have",
      { ...signing, keys: [{ id: 3, hex: hex(1) }], activeKey: 3 },
      "unknown-key",
    ],
    ["by another key under our number", { ...signing, keys: [{ id: 1, hex: hex(9) }] }, "wrong"],
    ["without a signature", { kind: "none" }, "absent"],
  ] as const)("%s: %s", (_, settings, proof) => {
    expect(authenticator(signing).open(sealed(settings)).proof).toBe(proof);
  });
  test("from another source than it was signed for: wrong", () => {
    expect(authenticator(signing).open({ ...sealed(signing), source: B }).proof).toBe("wrong");
  });
  test("signed 11 s ago: late, and by monotonic genuine", () => {
    const packet = sealed(signing, NOW_MS - 11_000);
    expect(authenticator(signing).open(packet).proof).toBe("late");
    expect(authenticator({ ...signing, replay: { kind: "monotonic", window: 10 } }).open(packet).proof).toBe("valid");
  });
  test("signed more than half a window ago: genuine, and worth a warning", () => {
    expect(authenticator(signing).open(sealed(signing, NOW_MS - 5_000)).skew).toBeUndefined();
    expect(authenticator(signing).open(sealed(signing, NOW_MS - 6_000))).toMatchObject({ proof: "valid", skew: 6 });
    expect(authenticator(signing).open(sealed(signing, NOW_MS + 6_000))).toMatchObject({ proof: "valid", skew: -6 });
  });
  test("a forged one with a high number: does not shut out what comes after", () => {
    const receiver = authenticator(signing);
    receiver.open(sealed({ ...signing, keys: [{ id: 1, hex: hex(9) }] }, NOW_MS + 9_000));
    expect(receiver.open(sealed(signing)).proof).toBe("valid");
  });
});

describe("an advert behind an authentication header is opened", () => {
  const header = { kind: "header", password: "secret12" } as const;

  test("genuine, then again: valid, then repeated", () => {
    const receiver = authenticator(header);
    const packet = sealed(header);
    expect(receiver.open(packet)).toEqual({ message, proof: "valid", trailer: 0, skew: undefined });
    expect(receiver.open(packet).proof).toBe("repeated");
  });
  test("another password: wrong; no header: malformed", () => {
    expect(authenticator(header).open(sealed({ ...header, password: "secret13" })).proof).toBe("wrong");
    expect(authenticator(header).open({ ...ends, message }).proof).toBe("malformed");
  });
  test("a master with a higher number was heard: ours is above it (keepalived's nodes demand that)", () => {
    const receiver = authenticator(header);
    receiver.open(sealed(header, NOW_MS + 3_600_000));
    receiver.beginAdvert();
    const ours = receiver.seal({ ...ends, source: B, message });
    const other = authenticator(header, 0);
    expect(other.open(sealed(header, NOW_MS + 3_600_000)).proof).toBe("valid");
    expect(new DataView(ours.buffer).getUint32(8)).toBe(1_767_225_600 + 3_600 + 2);
  });
});
