import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { micros } from "../base/time.ts";
import { checksumForm, parseAdvertisement, serializeAdvertisement } from "./vrrp.ts";
import type { Advertisement, AdvertisementV2, AdvertisementV3 } from "./vrrp.ts";

/** Version 2 and 3 with one address, 192.0.2.80, as keepalived sends them. */
const V2 = "21 07 5a 01 00 01 c2 a5 c0 00 02 50 00 00 00 00 00 00 00 00";
const V3 = "31 07 5a 01 00 96 00 00 c0 00 02 50";
const V3_IPV6 = "31 07 5a 01 00 96 00 00 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 66";

describe("parseAdvertisement, form", () => {
  test.each([
    ["nothing", "", { code: "TRUNCATED", needed: 8, length: 0 }],
    ["seven bytes, version unknown", "41 07 5a 01 00 01 c2", { code: "TRUNCATED", needed: 8, length: 7 }],
    ["version 4", `4${V3.slice(1)}`, { code: "BAD_VERSION", version: 4 }],
    ["version 1", `1${V2.slice(1)}`, { code: "BAD_VERSION", version: 1 }],
    ["version 2, authentication data cut off", V2.slice(0, -3), { code: "TRUNCATED", needed: 20, length: 19 }],
    ["version 3, count too high", V3.replace("5a 01", "5a 02"), { code: "TRUNCATED", needed: 16, length: 12 }],
    ["version 3, count too low", V3.replace("5a 01", "5a 00"), { code: "BAD_LENGTH", expected: 8, length: 12 }],
    [
      "version 3 with authentication data",
      `${V3} ${"00 ".repeat(8)}`,
      { code: "BAD_LENGTH", expected: 12, length: 20 },
    ],
    ["version 2, interval 0", V2.replace("00 01 c2", "00 00 c2"), { code: "ZERO_INTERVAL" }],
    ["version 3, interval 0, reserved bits set", V3.replace("00 96", "f0 00"), { code: "ZERO_INTERVAL" }],
  ])("%s: is refused", (_, text, error) => {
    expect(parseAdvertisement(bytes(text), "ipv4", "exact")).toEqual({ ok: false, error });
  });

  test("version 3, reserved bits set: are ignored, the interval has 12 bits (RFC9568-5.2.6, RFC9568-5.2.7)", () => {
    expect(parsed(V3.replace("00 96", "ff ff")).advertisementInterval).toBe(40_950_000);
  });

  test("version 3, interval in centiseconds: 150 are 1.5 s (RFC9568-5.2.7)", () => {
    expect(parsed(V3).advertisementInterval).toBe(1_500_000);
  });

  test("version 2, interval in seconds: 255 are 255 s (RFC3768-5.3.7)", () => {
    expect(parsed(V2.replace("00 01 c2", "00 ff c2")).advertisementInterval).toBe(255_000_000);
  });

  test("a type other than ADVERTISEMENT: is told, not judged (RFC9568-5.2.2)", () => {
    expect(parsed(V3.replace("31", "3f")).type).toBe(15);
  });

  test("no addresses, version 2: is legal, as keepalived sends it without virtual_ipaddress", () => {
    expect(parsed("21 21 c9 00 00 01 15 dd 00 00 00 00 00 00 00 00").addresses).toEqual([]);
  });

  test("no addresses, version 3: is read all the same (RFC9568-5.2.5)", () => {
    expect(parsed("31 07 5a 00 00 96 74 61").addresses).toEqual([]);
  });

  test("255 addresses: all are read, in order", () => {
    const text = `31 07 5a ff 00 96 00 00 ${Array.from({ length: 255 }, (_, index) => `0a 00 00 ${index.toString(16).padStart(2, "0")}`).join(" ")}`;
    const { addresses } = parsed(text);
    expect(addresses.length).toBe(255);
    expect(addresses[254]).toBe("10.0.0.254");
  });

  test.each([
    [0, { kind: "none" }],
    [1, { kind: "password", data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
    [2, { kind: "header" }],
    [3, { kind: "other", type: 3 }],
    [255, { kind: "other", type: 255 }],
  ])("version 2, authentication type %i: is told with its data (RFC 2338 section 5.3.6)", (type, authentication) => {
    const message = bytes(V2);
    message[4] = type;
    message.set([1, 2, 3, 4, 5, 6, 7, 8], 12);
    const result = parseAdvertisement(message, "ipv4", "exact");
    expect(result).toMatchObject({ ok: true, value: { authentication } });
  });

  test("version 2 over IPv6: has no authentication data, as keepalived sends it", () => {
    const text = V3_IPV6.replace("31", "21").replace("00 96", "01 02");
    expect(parseAdvertisement(bytes(text), "ipv6", "exact")).toEqual({
      ok: true,
      value: {
        version: 2,
        type: 1,
        vrid: 7,
        priority: 90,
        advertisementInterval: 2_000_000,
        addresses: ["fe80::66"],
        authentication: { kind: "password", data: new Uint8Array(0) },
      },
    });
  });

  test("version 3 over IPv6: addresses have 16 bytes (RFC9568-5.2.9)", () => {
    const result = parseAdvertisement(bytes(V3_IPV6), "ipv6", "exact");
    expect(result).toMatchObject({ ok: true, value: { addresses: ["fe80::66"] } });
  });

  test("the result: shares no bytes with the input", () => {
    const message = bytes(V2.replace("00 01 c2", "01 01 c2"));
    const result = parseAdvertisement(message, "ipv4", "exact");
    message.fill(0xee);
    expect(result).toMatchObject({
      ok: true,
      value: { addresses: ["192.0.2.80"], authentication: { data: new Uint8Array(8) } },
    });
  });
});

describe("parseAdvertisement, padding", () => {
  // An Ethernet payload has at least 46 bytes, 20 of them the IPv4 header.
  test.each([
    ["exact", 12, true],
    ["exact", 13, false],
    ["exact", 26, false],
    ["ethernet-padding", 13, true],
    ["ethernet-padding", 26, true],
    ["ethernet-padding", 27, false],
  ] as const)("rule %s, 12 bytes in %i: accepted %s", (rule, length, accepted) => {
    const padded = new Uint8Array(length);
    padded.set(bytes(V3));
    const result = parseAdvertisement(padded, "ipv4", rule);
    expect(result.ok).toBe(accepted);
    expect(result).toMatchObject(accepted ? { value: { addresses: ["192.0.2.80"] } } : { error: { expected: 12 } });
  });

  test("IPv6, whose header leaves less than a message to pad: never accepted", () => {
    const padded = new Uint8Array(25);
    padded.set(bytes(V3_IPV6));
    expect(parseAdvertisement(padded, "ipv6", "ethernet-padding")).toMatchObject({ error: { code: "BAD_LENGTH" } });
  });
});

describe("checksumForm", () => {
  const unicast = { source: ip("192.0.2.1"), destination: ip("192.0.2.2") };

  // Sums by hand: the words of V3 without its checksum add up to 4def; pseudo-headers add c000+0201+c000+0202+0070+000c
  // (1847f) for the real ends, c000+0201+e000+0012+0070+000c (1a28f) for the group.
  test.each([
    ["b2 10", "plain"],
    ["2d 90", "pseudo-header"],
    ["0f 80", "multicast-pseudo-header"],
    ["12 34", "wrong"],
  ])("version 3, unicast, checksum %s: %s (RFC9568-5.2.8)", (checksum, form) => {
    expect(checksumForm(bytes(V3.replace("00 00", checksum)), unicast)).toBe(form);
  });

  test("padding behind the message: is not covered", () => {
    const padded = new Uint8Array(26).fill(0xaa);
    padded.set(bytes(V3.replace("00 00", "2d 90")));
    expect(checksumForm(padded, unicast)).toBe("pseudo-header");
  });

  test("version 2, both forms fit: plain, which it prescribes (RFC3768-5.3.8)", () => {
    // A pseudo-header whose words add up to a multiple of ffff changes nothing: 3f7b+0000+c000+0000+0070+0014 = ffff.
    const ends = { source: ip("63.123.0.0"), destination: ip("192.0.0.0") };
    expect(checksumForm(bytes(V2), ends)).toBe("plain");
  });

  test("version 3, both forms fit: with the pseudo-header", () => {
    // 3f83+0000+c000+0000+0070+000c = ffff.
    const ends = { source: ip("63.131.0.0"), destination: ip("192.0.0.0") };
    expect(checksumForm(bytes(V3.replace("00 00", "b2 10")), ends)).toBe("pseudo-header");
  });
});

describe("serializeAdvertisement", () => {
  const v2: AdvertisementV2 = {
    version: 2,
    type: 1,
    vrid: 7,
    priority: 90,
    advertisementInterval: micros(1_000_000),
    addresses: [ip("192.0.2.80")],
    authentication: { kind: "none" },
  };
  const v3: AdvertisementV3 = {
    version: 3,
    type: 1,
    vrid: 7,
    priority: 90,
    advertisementInterval: micros(1_500_000),
    addresses: [ip("192.0.2.80")],
  };
  const options = { source: ip("192.0.2.1"), destination: ip("192.0.2.2"), pseudoHeader: false };

  test("version 2: has eight zeros behind the addresses when nothing is authenticated (RFC3768-5.3.10)", () => {
    expect([...serializeAdvertisement(v2, options)]).toEqual([...bytes(V2)]);
  });

  test("version 3 without pseudo-header: the checksum covers the message alone (RFC9568-5.2.8)", () => {
    expect([...serializeAdvertisement(v3, options)]).toEqual([...bytes(V3.replace("00 00", "b2 10"))]);
  });

  test("version 3 with pseudo-header: the checksum covers both ends (RFC5798-5.2.8)", () => {
    const sent = serializeAdvertisement(v3, { ...options, pseudoHeader: true });
    expect([...sent]).toEqual([...bytes(V3.replace("00 00", "2d 90"))]);
  });

  test.each<[string, Advertisement]>([
    ["version 2, half a second", { ...v2, advertisementInterval: micros(500_000) }],
    ["version 2, 256 s", { ...v2, advertisementInterval: micros(256_000_000) }],
    ["version 2, no interval", { ...v2, advertisementInterval: micros(0) }],
    ["version 3, 5 ms", { ...v3, advertisementInterval: micros(5_000) }],
    ["version 3, 40.96 s", { ...v3, advertisementInterval: micros(40_960_000) }],
    ["version 3, no interval", { ...v3, advertisementInterval: micros(0) }],
    ["virtual router 256", { ...v3, vrid: 256 }],
    ["priority -1", { ...v3, priority: -1 }],
    ["type 16", { ...v3, type: 16 }],
    ["256 addresses", { ...v3, addresses: Array.from({ length: 256 }, () => ip("192.0.2.80")) }],
    ["an IPv6 address from an IPv4 source", { ...v3, addresses: [ip("fe80::66")] }],
    ["seven bytes of password", { ...v2, authentication: { kind: "password", data: new Uint8Array(7) } }],
  ])("%s: does not fit", (_, advertisement) => {
    expect(() => serializeAdvertisement(advertisement, options)).toThrow(RangeError);
  });
});

function parsed(text: string): Advertisement {
  const result = parseAdvertisement(bytes(text), "ipv4", "exact");
  return result.ok ? result.value : expect.fail(result.error.code);
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(" ").filter(Boolean), (pair) => Number.parseInt(pair, 16));
}
