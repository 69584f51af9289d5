import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressFromBytes, familyOf, macFromBytes } from "../../src/base/address.ts";
import type { AddressFamily, IpAddress } from "../../src/base/address.ts";
import { micros } from "../../src/base/time.ts";
import { parseArp, serializeArp } from "../../src/wire/arp.ts";
import {
  isAuthentic,
  parseAuthenticationHeader,
  serializeAuthenticated,
} from "../../src/wire/authentication-header.ts";
import { parseIpv4, serializeIpv4 } from "../../src/wire/ipv4.ts";
import { parseIpv6, serializeIpv6 } from "../../src/wire/ipv6.ts";
import { parseNeighborAdvertisement, serializeNeighborAdvertisement } from "../../src/wire/ndp.ts";
import { parseNeighborFrame } from "../../src/wire/neighbor-frame.ts";
import { parseMessages, parseReply, serializeMessages } from "../../src/wire/netlink/message.ts";
import { addAddress, parseRouteMessage } from "../../src/wire/netlink/rtnetlink.ts";
import { isGenuine, signMessage, splitSigned } from "../../src/wire/signature-trailer.ts";
import { textBytes, textFromBytes } from "../../src/wire/text.ts";
import { checksumForm, parseAdvertisement, serializeAdvertisement } from "../../src/wire/vrrp.ts";
import type { Authentication } from "../../src/base/advertisement.ts";
import type { Advertisement, AdvertisementV2, AdvertisementV3 } from "../../src/wire/vrrp.ts";
import { readHex } from "../vectors/wire/read-vector.ts";

const address = (family: AddressFamily): fc.Arbitrary<IpAddress> => {
  const length = family === "ipv4" ? 4 : 16;
  return fc.uint8Array({ minLength: length, maxLength: length }).map(addressFromBytes);
};
const family = fc.constantFrom<AddressFamily>("ipv4", "ipv6");
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(macFromBytes);
const byte = fc.integer({ min: 0, max: 255 });

/**
 * Code points of every length in UTF-8, without surrogates. fast-check's own (`unit: "binary"`) first makes a table of all
 * of Unicode, which takes most of a second, and on a busy machine several.
 */
const text = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0x80, max: 0x7ff }),
      fc.integer({ min: 0x800, max: 0xf7ff }).map((code) => (code < 0xd800 ? code : code + 0x800)),
      fc.integer({ min: 0x1_0000, max: 0x10_ffff }),
    ),
  )
  .map((codes) => String.fromCodePoint(...codes));

/** Random bytes, and real messages with a few bytes changed, cut off or added. */
const hostile = (...names: readonly string[]): fc.Arbitrary<Uint8Array> => {
  const damaged = fc
    .tuple(
      fc.constantFrom(...names).map((name) => readHex(name)),
      fc.array(fc.tuple(fc.nat(), byte), { maxLength: 4 }),
      fc.nat(),
      fc.uint8Array({ maxLength: 24 }),
      fc.boolean(),
    )
    .map(([bytes, changes, cut, more, isCut]) => {
      const copy = bytes.slice();
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return Uint8Array.from([...(isCut ? copy.slice(0, cut % copy.length) : copy), ...more]);
    });
  return fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged);
};

const authentication = (of: AddressFamily): fc.Arbitrary<Authentication> =>
  fc.oneof(
    fc.constant<Authentication>({ kind: "none" }),
    fc.constant<Authentication>({ kind: "header" }),
    fc
      .uint8Array(of === "ipv4" ? { minLength: 8, maxLength: 8 } : { maxLength: 0 })
      .map<Authentication>((data) => ({ kind: "password", data })),
    fc.integer({ min: 3, max: 255 }).map<Authentication>((type) => ({ kind: "other", type })),
  );

const advertisement = (of: AddressFamily): fc.Arbitrary<Advertisement> => {
  const fields = {
    type: fc.integer({ min: 0, max: 15 }),
    vrid: byte,
    priority: byte,
    addresses: fc.array(address(of), { maxLength: 255, size: "medium" }),
  };
  return fc.oneof<fc.Arbitrary<Advertisement>[]>(
    fc.record<AdvertisementV3>({
      version: fc.constant(3 as const),
      ...fields,
      advertisementInterval: fc.integer({ min: 1, max: 4095 }).map((count) => micros(count * 10_000)),
    }),
    fc.record<AdvertisementV2>({
      version: fc.constant(2 as const),
      ...fields,
      advertisementInterval: fc.integer({ min: 1, max: 255 }).map((count) => micros(count * 1_000_000)),
      authentication: authentication(of),
    }),
  );
};

const ends = family.chain((of) =>
  fc.record({ of: fc.constant(of), source: address(of), destination: address(of), value: advertisement(of) }),
);

describe("VRRP", () => {
  test("any advertisement: serialize, then parse, is the same", () => {
    fc.assert(
      fc.property(ends, fc.boolean(), ({ of, source, destination, value }, pseudoHeader) => {
        const bytes = serializeAdvertisement(value, { source, destination, pseudoHeader });
        expect(parseAdvertisement(bytes, of, "exact")).toEqual({ ok: true, value });
        expect(checksumForm(bytes, { source, destination })).not.toBe("wrong");
      }),
    );
  });

  test("any bytes: never throw, and an accepted message keeps what its type promises", () => {
    const bytes = hostile("v2-multicast-password", "v3-multicast", "v3-ipv6-multicast", "v2-ipv6-multicast").map(
      (frame) => frame.slice(34),
    );
    const rule = fc.constantFrom("exact" as const, "ethernet-padding" as const);
    fc.assert(
      fc.property(bytes, family, rule, (message, of, lengthRule) => {
        const result = parseAdvertisement(message, of, lengthRule);
        if (!result.ok) return;
        const { value } = result;
        expect(value.addresses.length).toBe(message[3]);
        expect(value.addresses.every((each) => familyOf(each) === of)).toBe(true);
        expect(value.advertisementInterval).toBeGreaterThan(0);
        expect(value.advertisementInterval % (value.version === 2 ? 1_000_000 : 10_000)).toBe(0);
        if (lengthRule === "exact") {
          const anywhere = of === "ipv4" ? addressFromBytes(new Uint8Array(4)) : addressFromBytes(new Uint8Array(16));
          const options = { source: anywhere, destination: anywhere, pseudoHeader: false };
          expect(serializeAdvertisement(value, options).length).toBe(message.length);
          checksumForm(message, options);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what proves an advert", () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 64 });
  const word = fc.integer({ min: 0, max: 0xffff_ffff });

  test("any advert, number and key: signed, then divided, is the same and genuine", () => {
    const any = family.chain((of) => fc.tuple(advertisement(of), address(of), address(of)));
    fc.assert(
      fc.property(any, byte, word, word, key, ([value, source, destination], keyId, seconds, fraction, secret) => {
        const message = serializeAdvertisement(value, { source, destination, pseudoHeader: true });
        const trailer = { keyId, sequence: { seconds, fraction } };
        const payload = signMessage(message, trailer, { source, key: secret });
        expect(splitSigned(payload, source)).toEqual({ message, trailer });
        expect(isGenuine(payload, { source, key: secret })).toBe(true);
      }),
    );
  });

  test("any advert: behind an authentication header, then read, is the same and authentic", () => {
    const any = fc.tuple(advertisement("ipv4"), address("ipv4"), address("ipv4"));
    fc.assert(
      fc.property(any, word, key, ([value, source, destination], sequence, secret) => {
        const message = serializeAdvertisement(value, { source, destination, pseudoHeader: false });
        const header = { source, destination, hopLimit: 255, identification: 1 };
        const payload = serializeAuthenticated(message, { ...header, sequence, key: secret });
        const parsed = parseAuthenticationHeader(payload);
        expect(parsed).toMatchObject({ ok: true, value: { sequence, message } });
        expect(isAuthentic(payload, header, secret)).toBe(true);
      }),
    );
  });

  test("any bytes: never throw, and nothing is genuine", () => {
    const bytes = hostile("v2-header", "v3-multicast").map((frame) => frame.slice(34));
    fc.assert(
      fc.property(bytes, address("ipv4"), key, (payload, source, secret) => {
        parseAuthenticationHeader(payload);
        const header = { source, destination: source, hopLimit: 255, identification: 1 };
        expect(isAuthentic(payload, header, secret)).toBe(false);
        if (splitSigned(payload, source) !== undefined) {
          expect(isGenuine(payload, { source, key: secret })).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("IPv4, ARP and neighbour discovery", () => {
  test("any IPv4 packet: serialize, then parse, is the same", () => {
    const packet = fc.record({
      source: address("ipv4"),
      destination: address("ipv4"),
      protocol: byte,
      hopLimit: byte,
      typeOfService: byte,
      identification: fc.integer({ min: 0, max: 0xffff }),
      fragmentable: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 100 }),
    });
    fc.assert(
      fc.property(packet, (value) => {
        expect(parseIpv4(serializeIpv4(value))).toEqual({ ok: true, value });
      }),
    );
  });

  test("any ARP frame: serialize, then parse, is the same", () => {
    const frame = fc.record({
      source: mac,
      destination: mac,
      operation: fc.integer({ min: 0, max: 0xffff }),
      senderMac: mac,
      senderAddress: address("ipv4"),
      targetMac: mac,
      targetAddress: address("ipv4"),
    });
    fc.assert(
      fc.property(frame, (value) => {
        expect(parseArp(serializeArp(value))).toEqual({ ok: true, value });
      }),
    );
  });

  test("any neighbour advertisement: serialize, then parse, is the same", () => {
    const value = fc.record({
      target: address("ipv6"),
      router: fc.boolean(),
      solicited: fc.boolean(),
      override: fc.boolean(),
      targetMac: fc.option(mac, { nil: undefined }),
    });
    const both = fc.record({ source: address("ipv6"), destination: address("ipv6") });
    fc.assert(
      fc.property(value, both, (announced, between) => {
        const bytes = serializeNeighborAdvertisement(announced, between);
        expect(parseNeighborAdvertisement(bytes, between)).toEqual({ ok: true, value: announced });
      }),
    );
  });

  test("any IPv6 packet: serialize, then parse, is the same", () => {
    const value = fc.record({
      source: address("ipv6"),
      destination: address("ipv6"),
      nextHeader: byte,
      hopLimit: byte,
      trafficClass: byte,
      flowLabel: fc.integer({ min: 0, max: 0xf_ffff }),
      payload: fc.uint8Array({ maxLength: 60 }),
    });
    fc.assert(
      fc.property(value, (packet) => {
        expect(parseIpv6(serializeIpv6(packet))).toEqual({ ok: true, value: packet });
      }),
    );
  });

  test("any bytes: never throw, and an accepted packet lies within its input", () => {
    const frames = hostile("v2-multicast-plain", "gratuitous-arp", "neighbor-advertisement");
    fc.assert(
      fc.property(frames, fc.constantFrom(0, 14, 54), address("ipv6"), (frame, skip, end) => {
        const bytes = frame.slice(skip);
        const packet = parseIpv4(bytes);
        if (packet.ok) expect(packet.value.payload.length).toBeLessThanOrEqual(bytes.length - 20);
        const packet6 = parseIpv6(bytes);
        if (packet6.ok) expect(packet6.value.payload.length).toBeLessThanOrEqual(bytes.length - 40);
        parseArp(bytes);
        parseNeighborFrame(bytes);
        parseNeighborAdvertisement(bytes, { source: end, destination: end });
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("netlink", () => {
  test("any messages: serialize, then parse, is the same", () => {
    const message = fc.record({
      type: fc.integer({ min: 0, max: 0xffff }),
      flags: fc.integer({ min: 0, max: 0xffff }),
      sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
      port: fc.integer({ min: 0, max: 0xffff_ffff }),
      payload: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (value) => {
        expect(parseMessages(serializeMessages(value))).toEqual({ ok: true, value });
      }),
    );
  });

  test("any address: what is asked for is what a notification with the same body tells", () => {
    const wanted = family.chain((of) =>
      fc.record({
        interfaceIndex: fc.integer({ min: 1, max: 0x7fff_ffff }),
        address: address(of),
        prefixLength: fc.integer({ min: 0, max: of === "ipv4" ? 32 : 128 }),
        peer: fc.option(address(of), { nil: undefined }),
        broadcast: of === "ipv4" ? fc.option(address(of), { nil: undefined }) : fc.constant(undefined),
        label:
          of === "ipv4"
            ? fc.option(fc.stringMatching(/^[a-z0-9:.]{1,15}$/), { nil: undefined })
            : fc.constant(undefined),
        scope: byte,
        flags: fc.constantFrom(0, 0x02, 0x200, 0x202),
        validLifetime: fc.oneof(fc.integer({ min: 1, max: 0xffff_fffe }), fc.constant("forever" as const)),
        preferredLifetime: fc.oneof(fc.integer({ min: 0, max: 0xffff_fffe }), fc.constant("forever" as const)),
      }),
    );
    fc.assert(
      fc.property(wanted, (settings) => {
        const { type, payload } = addAddress(settings);
        const { interfaceIndex, address: own, prefixLength, validLifetime } = settings;
        const told = { interfaceIndex, address: own, prefixLength, validLifetime };
        const record = { ...told, secondary: false, tentative: false, protocol: 0x48 };
        expect(parseRouteMessage({ type, payload })).toEqual({ ok: true, value: { kind: "address-added", record } });
      }),
    );
  });

  test("any bytes: never throw, and messages lie within their datagram", () => {
    const datagrams = hostile(
      "rtnetlink-addresses",
      "rtnetlink-links",
      "rtnetlink-address-removed",
      "rtnetlink-bridge-port-removed",
      "netlink-refused",
      "netlink-refused-capped",
      "netlink-acknowledged",
    );
    fc.assert(
      fc.property(datagrams, (datagram) => {
        const messages = parseMessages(datagram);
        if (!messages.ok) return;
        const length = messages.value.reduce((sum, { payload }) => sum + 16 + payload.length, 0);
        expect(length).toBeLessThanOrEqual(datagram.length);
        for (const message of messages.value) {
          parseReply(message);
          parseRouteMessage(message);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("any bytes as the body of a message: never throw", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(2, 3, 16, 17, 20, 21, 80),
        fc.nat(0xffff),
        (payload, type, flags) => {
          parseReply({ type, flags, sequence: 1, port: 0, payload });
          parseRouteMessage({ type, payload });
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("text", () => {
  test("any text: written, then read, is the same", () => {
    fc.assert(
      fc.property(text, (written) => {
        expect(textFromBytes(textBytes(written))).toBe(written);
      }),
    );
  });

  test("any bytes: never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 16 }), (bytes) => {
        expect(typeof textFromBytes(bytes)).toBe("string");
      }),
    );
  });
});
