import { isIP } from "node:net";
import fc from "fast-check";
import { Address4, Address6 } from "ip-address";
import { describe, expect, test } from "vitest";
import {
  addressBytes,
  addressFromBytes,
  addressLength,
  broadcastOf,
  BROADCAST_MAC,
  compareAddresses,
  contains,
  familyOf,
  formatPrefix,
  ip,
  isLinkLocal,
  isMulticast,
  mac,
  macBytes,
  macFromBytes,
  networkOf,
  parseIpAddress,
} from "./address.ts";

const ofLength = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Half of the bytes are zero, so that runs of zeros of every length and place occur. */
const sparse = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
});
const ipv4 = ofLength(4).map(addressFromBytes);
const ipv6 = sparse.map((groups) =>
  addressFromBytes(Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))),
);
const isMapped = (groups: readonly number[]) =>
  groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;

describe("an address from text", () => {
  const rows = [
    ["192.0.2.10", "192.0.2.10"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    // RFC 5952 sections 4.1 to 4.3, with its own examples.
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::AAAA", "2001:db8::aaaa"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["fe80:0:0:0:0:0:0:0", "fe80::"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    // RFC 5952 section 5.
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["::ffff:c000:201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["::192.0.2.1", "::c000:201"],
    ["1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"],
    ["0:0:0:0:1:ffff:192.0.2.1", "::1:ffff:c000:201"],
  ] as const;
  test.each(rows)("%s: %s", (text, canonical) => {
    expect(parseIpAddress(text)).toBe(canonical);
    expect(ip(text)).toBe(canonical);
  });

  const refused = [
    "",
    "192.0.2",
    "192.0.2.1.1",
    "192.0.2.256",
    "192.0.2.-1",
    "192.0.2.1 ",
    " 192.0.2.1",
    "192.0.2.1\n",
    "192.0.02.1",
    "192.0.2.010",
    "0300.0.2.1",
    "0xc0.0.2.1",
    "192.0.2.",
    "192..2.1",
    "1.2.3.4e0",
    "3221225985",
    "192.0.2.1/24",
    "١٩٢.0.2.1",
    ":",
    ":::",
    "1:::2",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    ":1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:",
    "1:",
    ":1",
    "12345::",
    "g::",
    "-1::",
    "fe80::1%eth0",
    "2001:db8::/32",
    "[::1]",
    "::192.0.2",
    "::192.0.2.256",
    "192.0.2.1::",
    "::192.0.2.1:1",
    "1:2:3:4:5:6:7:192.0.2.1",
    "1:2:3:4:5:192.0.2.1",
  ];
  test.each(refused)("%j: none", (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
    expect(() => ip(text)).toThrow(TypeError);
  });

  test("any text: what Node's inet_pton(3) takes and has no zone, and nothing else", () => {
    const alphabet = fc.constantFrom(...Array.from("0123456789abcdefABCDEFg:::...% /"));
    const almost = fc
      .tuple(fc.oneof(ipv4, ipv6), fc.nat(45), fc.oneof(alphabet, fc.constant("")), fc.boolean())
      .map(([address, index, piece, isInsert]) => {
        const where = index % (address.length + 1);
        return address.slice(0, where) + piece + address.slice(isInsert ? where : where + 1);
      });
    const texts = fc.oneof(fc.string({ unit: alphabet, maxLength: 40 }), almost, almost, fc.string());
    fc.assert(
      fc.property(texts, (text) => {
        expect(parseIpAddress(text) !== undefined).toBe(isIP(text) !== 0 && !text.includes("%"));
      }),
      { numRuns: 3_000 },
    );
  });

  test("any IPv6 address: RFC 5952 as the library ip-address writes it", () => {
    fc.assert(
      fc.property(sparse, (groups) => {
        const long = groups.map((group) => group.toString(16).padStart(4, "0")).join(":");
        const oracle = new Address6(long);
        expect(parseIpAddress(long)).toBe(isMapped(groups) ? oracle.to4in6() : oracle.correctForm());
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("bytes and text", () => {
  test("in network byte order", () => {
    expect([...addressBytes(ip("192.0.2.10"))]).toEqual([192, 0, 2, 10]);
    expect([...addressBytes(ip("2001:db8::a0b:1"))]).toEqual([32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 10, 11, 0, 1]);
  });

  test("any four or sixteen bytes: text and back are the same, and a fresh copy", () => {
    fc.assert(
      fc.property(fc.oneof(ofLength(4), ofLength(16)), (bytes) => {
        const address = addressFromBytes(bytes);
        expect(addressBytes(address)).toEqual(bytes);
        expect(parseIpAddress(address)).toBe(address);
        addressBytes(address).fill(0);
        expect(addressBytes(address)).toEqual(bytes);
      }),
    );
  });

  test("a view into a larger buffer: only its own bytes", () => {
    expect(addressFromBytes(Buffer.from([9, 9, 192, 0, 2, 1, 9]).subarray(2, 6))).toBe("192.0.2.1");
  });

  test.each([0, 3, 5, 8, 15, 17])("%i bytes: a bug of the caller", (length) => {
    expect(() => addressFromBytes(new Uint8Array(length))).toThrow(TypeError);
  });
});

describe("family", () => {
  test("told by the address, with its number of bits", () => {
    expect(familyOf(ip("192.0.2.1"))).toBe("ipv4");
    expect(familyOf(ip("::ffff:192.0.2.1"))).toBe("ipv6");
    expect(addressLength("ipv4")).toBe(32);
    expect(addressLength("ipv6")).toBe(128);
  });
});

describe("order", () => {
  test.each([
    ["192.0.2.9", "192.0.2.10"],
    ["10.255.255.255", "192.0.2.1"],
    ["127.255.255.255", "128.0.0.0"],
    ["9.0.0.1", "10.0.0.0"],
    ["fe80::9", "fe80::10"],
    ["fe80::ffff", "fe80::1:0"],
    ["2001:db8::1", "fe80::"],
    ["::ffff:255.255.255.255", "0:0:0:0:1::"],
  ])("%s is before %s", (lower, higher) => {
    expect(Math.sign(compareAddresses(ip(lower), ip(higher)))).toBe(-1);
    expect(Math.sign(compareAddresses(ip(higher), ip(lower)))).toBe(1);
  });

  test("any two of one family: as their values as numbers (ip-address)", () => {
    const pairs = fc.oneof(
      fc.tuple(ipv4, ipv4).map(([a, b]) => [a, b, new Address4(a).bigInt(), new Address4(b).bigInt()] as const),
      fc.tuple(ipv6, ipv6).map(([a, b]) => [a, b, new Address6(a).bigInt(), new Address6(b).bigInt()] as const),
    );
    fc.assert(
      fc.property(pairs, ([a, b, left, right]) => {
        expect(Math.sign(compareAddresses(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0);
        expect(compareAddresses(a, a)).toBe(0);
      }),
    );
  });

  test("of two families: a bug of the caller", () => {
    expect(() => compareAddresses(ip("192.0.2.1"), ip("::1"))).toThrow(TypeError);
  });
});

describe("prefixes", () => {
  test.each([
    ["192.0.2.130", 24, "192.0.2.0", "192.0.2.255"],
    ["192.0.2.130", 25, "192.0.2.128", "192.0.2.255"],
    ["10.1.2.3", 13, "10.0.0.0", "10.7.255.255"],
    ["192.0.2.130", 31, "192.0.2.130", "192.0.2.131"],
    ["192.0.2.130", 32, "192.0.2.130", "192.0.2.130"],
    ["192.0.2.130", 0, "0.0.0.0", "255.255.255.255"],
  ])("%s/%i: from %s to %s", (address, length, first, last) => {
    expect(networkOf({ address: ip(address), length })).toBe(first);
    expect(broadcastOf({ address: ip(address), length })).toBe(last);
  });

  test("any prefix: the first and the last address that ip-address names", () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), (address, length) => {
        const oracle = new Address4(`${address}/${length}`);
        expect(networkOf({ address, length })).toBe(oracle.startAddress().correctForm());
        expect(broadcastOf({ address, length })).toBe(oracle.endAddress().correctForm());
      }),
    );
    fc.assert(
      fc.property(ipv6, fc.integer({ min: 0, max: 128 }), (address, length) => {
        const oracle = new Address6(`${address}/${length}`).startAddress();
        expect(networkOf({ address, length })).toBe(ip(oracle.correctForm()));
      }),
    );
  });

  test.each([
    ["192.0.2.0", 24, "192.0.2.255", true],
    ["192.0.2.77", 24, "192.0.2.1", true],
    ["192.0.2.0", 24, "192.0.3.0", false],
    ["192.0.2.4", 30, "192.0.2.8", false],
    ["0.0.0.0", 0, "203.0.113.1", true],
    ["0.0.0.0", 0, "::1", false],
    ["::", 0, "192.0.2.1", false],
    ["2001:db8::", 33, "2001:db8:7fff::1", true],
    ["2001:db8::", 33, "2001:db8:8000::1", false],
    ["fe80::1", 128, "fe80::1", true],
    ["fe80::1", 128, "fe80::2", false],
  ] as const)("%s/%i holds %s: %s", (address, length, candidate, holds) => {
    expect(contains({ address: ip(address), length }, ip(candidate))).toBe(holds);
  });

  test("as text", () => {
    expect(formatPrefix({ address: ip("2001:DB8::1"), length: 64 })).toBe("2001:db8::1/64");
  });
});

test.each([
  ["223.255.255.255", false],
  ["224.0.0.0", true],
  ["224.0.0.18", true],
  ["239.255.255.255", true],
  ["240.0.0.0", false],
  ["255.255.255.255", false],
  ["ff02::12", true],
  ["feff::1", false],
  ["::ff02", false],
  ["::ffff:224.0.0.18", false],
])("multicast, %s: %s (RFC 5771, RFC 4291 section 2.7)", (address, expected) => {
  expect(isMulticast(ip(address))).toBe(expected);
});

test.each([
  ["fe80::1", true],
  ["febf:ffff::1", true],
  ["fec0::1", false],
  ["fe7f::1", false],
  ["ff02::1", false],
  ["::", false],
  ["254.128.0.1", false],
  ["169.254.0.1", false],
])("link-local, %s: %s (RFC 4291 section 2.5.6)", (address, expected) => {
  expect(isLinkLocal(ip(address))).toBe(expected);
});

describe("MAC addresses", () => {
  test("bytes and text", () => {
    const text = mac("00:00:5e:00:01:33");
    expect([...macBytes(text)]).toEqual([0, 0, 94, 0, 1, 51]);
    expect(macFromBytes(Uint8Array.of(0, 0, 94, 0, 1, 51))).toBe(text);
    expect([...macBytes(BROADCAST_MAC)]).toEqual([255, 255, 255, 255, 255, 255]);
  });

  test("any six bytes: text and back are the same", () => {
    fc.assert(
      fc.property(ofLength(6), (bytes) => {
        expect(macBytes(mac(macFromBytes(bytes)))).toEqual(bytes);
      }),
    );
  });

  test.each(["", "00:00:5e:00:01", "00:00:5e:00:01:33:44", "00:00:5E:00:01:33", "00-00-5e-00-01-33", "0:0:5e:0:1:33"])(
    "%j: no literal",
    (text) => {
      expect(() => mac(text)).toThrow(TypeError);
    },
  );

  test("five bytes: a bug of the caller", () => {
    expect(() => macFromBytes(new Uint8Array(5))).toThrow(TypeError);
  });
});
