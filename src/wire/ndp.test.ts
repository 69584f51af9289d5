import { describe, expect, test } from "vitest";
import { ip, mac } from "../base/address.ts";
import { parseNeighborAdvertisement, serializeNeighborAdvertisement } from "./ndp.ts";
import type { NeighborAdvertisement } from "./ndp.ts";

const ends = { source: ip("2001:db8::66"), destination: ip("ff02::1") };

/** A router announces 2001:db8::66 with override; the checksum is Python's. */
const ROUTER = "88 00 78 60 a0 00 00 00 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 66 02 01 02 00 00 00 00 01";

const announced: NeighborAdvertisement = {
  target: ip("2001:db8::66"),
  router: true,
  solicited: false,
  override: true,
  targetMac: mac("02:00:00:00:00:01"),
};

describe("neighbour advertisement", () => {
  test("of a router: both ways (RFC 4861 section 4.4)", () => {
    expect([...serializeNeighborAdvertisement(announced, ends)]).toEqual([...bytes(ROUTER)]);
    expect(parseNeighborAdvertisement(bytes(ROUTER), ends)).toEqual({ ok: true, value: announced });
  });

  test("a solicited one without option: both ways", () => {
    const value = { ...announced, router: false, solicited: true, override: false, targetMac: undefined };
    const sent = serializeNeighborAdvertisement(value, ends);
    expect(sent.length).toBe(24);
    expect(sent[4]).toBe(0x40);
    expect(parseNeighborAdvertisement(sent, ends)).toEqual({ ok: true, value });
  });

  test.each([
    ["23 bytes", bytes(ROUTER).slice(0, 23), { code: "TRUNCATED", needed: 24, length: 23 }],
    ["a solicitation", changed(0, 135), { code: "BAD_TYPE", type: 135 }],
    ["a flipped bit", changed(23, 0x67), { code: "BAD_CHECKSUM" }],
    // The checksum stays good: what goes into the length comes off the last byte of the MAC address.
    ["an option of length 0", changed(25, 0, 31, 2), { code: "BAD_OPTION", offset: 24 }],
    ["an option beyond the end", changed(25, 2, 31, 0), { code: "BAD_OPTION", offset: 24 }],
  ])("%s: is refused", (_, message, error) => {
    expect(parseNeighborAdvertisement(message, ends)).toEqual({ ok: false, error });
  });

  test("an unknown option: is skipped (RFC 4861 section 4.6)", () => {
    expect(parseNeighborAdvertisement(changed(24, 14, 26, 0xf5, 27, 0xff), ends)).toMatchObject({
      ok: true,
      value: { targetMac: undefined },
    });
  });

  test("IPv4: does not fit", () => {
    expect(() => serializeNeighborAdvertisement({ ...announced, target: ip("192.0.2.1") }, ends)).toThrow(RangeError);
  });
});

/** ROUTER with other bytes, as pairs of offset and value. */
function changed(...pairs: number[]): Uint8Array {
  const message = bytes(ROUTER);
  for (let index = 0; index < pairs.length; index += 2) message[pairs[index] ?? 0] = pairs[index + 1] ?? 0;
  return message;
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(" "), (pair) => Number.parseInt(pair, 16));
}
