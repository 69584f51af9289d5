import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { AttributeBuilder } from "./attributes.ts";
import { HOST_ORDER } from "./byte-order.ts";
import { addAddress, parseRouteMessage, removeAddress, renewAddress } from "./rtnetlink.ts";
import type { AddressSettings } from "./rtnetlink.ts";

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_NEWADDR = 20;
const RTM_NEWROUTE = 24;

describe("parseRouteMessage, interfaces", () => {
  const describeLink = (flags: number): Uint8Array =>
    link(0, 7, flags, new AttributeBuilder().text(3, "bond0", 16).uint32(4, 9000, HOST_ORDER));

  test.each([
    [0x1, "up"],
    [0x40, "running"],
    [0x1000, "multicast"],
    [0x8, "loopback"],
    [0x80, "noArp"],
  ])("flag %i: is %s (netdevice(7))", (flags, field) => {
    const silent = { up: false, running: false, multicast: false, loopback: false, noArp: false };
    const expected = {
      index: 7,
      name: "bond0",
      ...silent,
      [field]: true,
      mtu: 9000,
      mac: undefined,
      forwardsIpv6: false,
    };
    expect(parseRouteMessage({ type: RTM_NEWLINK, payload: describeLink(flags) })).toEqual({
      ok: true,
      value: { kind: "interface-changed", interface: expected },
    });
  });

  test.each([
    [6, "02:00:00:00:00:0a"],
    [4, undefined],
    [20, undefined],
  ])("link-layer address of %i bytes: %s", (length, expected) => {
    const bytes = new Uint8Array(length);
    bytes[0] = 2;
    bytes[5 % length] = 10;
    const attributes = new AttributeBuilder().text(3, "x", 16).uint32(4, 1500, HOST_ORDER).bytes(1, bytes);
    const fact = parseRouteMessage({ type: RTM_NEWLINK, payload: link(0, 7, 0, attributes) });
    expect(fact.ok && fact.value.kind === "interface-changed" && fact.value.interface.mac).toBe(expected);
  });

  test("RTM_NEWLINK with little but a name, as wireless drivers send it: is no description", () => {
    const payload = link(0, 7, 1, new AttributeBuilder().text(3, "wlan0", 16).bytes(11, new Uint8Array(12)));
    expect(parseRouteMessage({ type: RTM_NEWLINK, payload })).toEqual({ ok: true, value: { kind: "other" } });
  });

  test.each([RTM_NEWLINK, RTM_DELLINK])(
    "message %i of a bridge's port (AF_BRIDGE): says nothing of the interface",
    (type) => {
      const payload = link(7, 3, 1, new AttributeBuilder().text(3, "eth0", 16).uint32(4, 1500, HOST_ORDER));
      expect(parseRouteMessage({ type, payload })).toEqual({ ok: true, value: { kind: "other" } });
    },
  );

  // IFLA_AF_SPEC 26 holds AF_INET6 10 holds IFLA_INET6_CONF 2, whose first number is the sysctl "forwarding".
  test.each([
    ["1", Uint8Array.of(1, 0, 0, 0, 64, 0, 0, 0), true],
    ["0", Uint8Array.of(0, 0, 0, 0, 64, 0, 0, 0), false],
    ["2, in addition accepting router advertisements", Uint8Array.of(2, 0, 0, 0), true],
    ["cut off", Uint8Array.of(1, 0, 0), false],
  ])("net.ipv6.conf.*.forwarding %s: forwards %s (linux/ipv6.h)", (_, settings, forwards) => {
    const inet6 = new AttributeBuilder().bytes(1, new Uint8Array(4)).bytes(2, settings).build();
    const families = new AttributeBuilder().bytes(2, new Uint8Array(8)).bytes(10, inet6).build();
    const attributes = new AttributeBuilder().text(3, "x", 16).uint32(4, 1500, HOST_ORDER).bytes(26, families);
    expect(parseRouteMessage({ type: RTM_NEWLINK, payload: link(0, 7, 0, attributes) })).toMatchObject({
      value: { interface: { forwardsIpv6: forwards } },
    });
  });

  // IFLA_LINK 5, IFLA_MASTER 10; IFLA_LINKINFO 18 holds IFLA_INFO_KIND 1 and IFLA_INFO_DATA 2.
  test.each([
    ["an ipvlan in mode L3S, vepa", "ipvlan", { ipvlan: { baseIndex: 3, mode: 2, flags: 2 } }],
    ["a VRF", "vrf", { vrfTable: 131_074 }],
    ["another kind", "macvlan", {}],
  ])("%s that belongs to interface 9 (linux/if_link.h)", (_, kind, expected) => {
    // IFLA_IPVLAN_MODE 1 and IFLA_IPVLAN_FLAGS 2 have 16 bits, IFLA_VRF_TABLE 1 has 32.
    const data = new AttributeBuilder();
    if (kind === "ipvlan") data.uint16(1, 2, HOST_ORDER).uint16(2, 2, HOST_ORDER);
    else data.uint32(1, 131_074, HOST_ORDER);
    const info = new AttributeBuilder().text(1, kind, 16).nested(2, data);
    const attributes = new AttributeBuilder().text(3, "x", 16).uint32(4, 1500, HOST_ORDER);
    attributes.uint32(5, 3, HOST_ORDER).uint32(10, 9, HOST_ORDER).nested(18, info);
    const fact = parseRouteMessage({ type: RTM_NEWLINK, payload: link(0, 7, 0, attributes) });
    const facts = fact.ok && fact.value.kind === "interface-changed" ? fact.value.interface : undefined;
    expect(facts?.master).toBe(9);
    expect({
      ...(facts?.ipvlan && { ipvlan: facts.ipvlan }),
      ...(facts?.vrfTable && { vrfTable: facts.vrfTable }),
    }).toEqual(expected);
  });

  test("no name: is refused", () => {
    const payload = link(0, 7, 1, new AttributeBuilder().uint32(4, 1500, HOST_ORDER));
    const error = { code: "MISSING_ATTRIBUTE", type: 3 };
    expect(parseRouteMessage({ type: RTM_NEWLINK, payload })).toEqual({ ok: false, error });
  });

  test("a header cut off: is refused", () => {
    const error = { code: "TRUNCATED", needed: 16, length: 15 };
    expect(parseRouteMessage({ type: RTM_NEWLINK, payload: new Uint8Array(15) })).toEqual({ ok: false, error });
  });
});

describe("parseRouteMessage, RTM_NEWNETCONF (linux/netconf.h)", () => {
  const told = (family: number, attributes: AttributeBuilder): ReturnType<typeof parseRouteMessage> =>
    parseRouteMessage({ type: 80, payload: Uint8Array.of(family, 0, 0, 0, ...attributes.build()) });

  test.each([
    ["turned on", 1, true],
    ["turned off", 0, false],
  ])("forwarding of an interface, %s: is told", (_, value, forwards) => {
    const attributes = new AttributeBuilder().uint32(1, 7, HOST_ORDER).uint32(2, value, HOST_ORDER);
    expect(told(10, attributes)).toEqual({ ok: true, value: { kind: "forwarding-changed", index: 7, forwards } });
  });

  test.each([
    ["of IPv4", 2, new AttributeBuilder().uint32(1, 7, HOST_ORDER).uint32(2, 1, HOST_ORDER)],
    ["of all interfaces (-1)", 10, new AttributeBuilder().uint32(1, 0xffff_ffff, HOST_ORDER).uint32(2, 1, HOST_ORDER)],
    ["of something else", 10, new AttributeBuilder().uint32(1, 7, HOST_ORDER).uint32(4, 1, HOST_ORDER)],
  ])("a message %s: is none of ours", (_, family, attributes) => {
    expect(told(family, attributes)).toEqual({ ok: true, value: { kind: "other" } });
  });

  test("a header cut off: is refused", () => {
    const error = { code: "TRUNCATED", needed: 4, length: 3 };
    expect(parseRouteMessage({ type: 80, payload: Uint8Array.of(10, 0, 0) })).toEqual({ ok: false, error });
  });
});

describe("parseRouteMessage, addresses", () => {
  const ipv4 = (attributes: AttributeBuilder, flags = 0): Uint8Array => address(2, 24, flags, 9, attributes);
  const own = (): AttributeBuilder => new AttributeBuilder().bytes(2, Uint8Array.of(192, 0, 2, 80));

  test.each([
    ["IFA_FLAGS says secondary, the header not", ipv4(own().uint32(8, 0x01, HOST_ORDER)), true],
    ["the header says secondary, no IFA_FLAGS", ipv4(own(), 0x01), true],
    ["IFA_FLAGS overrules the header", ipv4(own().uint32(8, 0x200, HOST_ORDER), 0x01), false],
  ])("%s: secondary %s (linux/if_addr.h)", (_, payload, secondary) => {
    expect(parseRouteMessage({ type: RTM_NEWADDR, payload })).toEqual({
      ok: true,
      value: {
        kind: "address-added",
        record: {
          interfaceIndex: 9,
          address: "192.0.2.80",
          prefixLength: 24,
          secondary,
          tentative: false,
          protocol: undefined,
          validLifetime: "forever",
        },
      },
    });
  });

  test.each([
    ["no flags", 0, false, false],
    ["IFA_F_TEMPORARY, the bit of IFA_F_SECONDARY", 0x01, true, false],
    ["IFA_F_DADFAILED", 0x08, false, true],
    ["IFA_F_TENTATIVE", 0x40, false, true],
    ["IFA_F_NODAD and IFA_F_PERMANENT", 0x82, false, false],
  ])("IPv6, %s (%i): secondary %s, tentative %s (linux/if_addr.h)", (_, flags, secondary, tentative) => {
    const payload = address(10, 64, flags, 9, new AttributeBuilder().bytes(1, new Uint8Array(16)));
    expect(parseRouteMessage({ type: RTM_NEWADDR, payload })).toMatchObject({
      value: { record: { address: "::", secondary, tentative } },
    });
  });

  test("IPv4, the bits of duplicate detection: mean nothing", () => {
    expect(parseRouteMessage({ type: RTM_NEWADDR, payload: ipv4(own(), 0x48) })).toMatchObject({
      value: { record: { tentative: false } },
    });
  });

  test.each([
    [0, undefined],
    [18, 18],
    [0x48, 0x48],
  ])("IFA_PROTO %i: protocol %s", (protocol, expected) => {
    const fact = parseRouteMessage({ type: RTM_NEWADDR, payload: ipv4(own().uint8(11, protocol)) });
    expect(fact.ok && fact.value.kind === "address-added" && fact.value.record.protocol).toBe(expected);
  });

  test.each([
    ["no address", new AttributeBuilder().uint8(11, 1), { code: "MISSING_ATTRIBUTE", type: 2 }],
    ["five bytes", new AttributeBuilder().bytes(2, new Uint8Array(5)), { code: "BAD_LENGTH", expected: 4, length: 5 }],
    ["lifetimes cut off", own().bytes(6, new Uint8Array(15)), { code: "BAD_LENGTH", expected: 16, length: 15 }],
  ])("%s: is refused", (_, attributes, error) => {
    expect(parseRouteMessage({ type: RTM_NEWADDR, payload: ipv4(attributes) })).toEqual({ ok: false, error });
  });

  test("another family, and other messages: are told as such", () => {
    const other = { ok: true, value: { kind: "other" } };
    expect(parseRouteMessage({ type: RTM_NEWADDR, payload: address(129, 0, 0, 9, own()) })).toEqual(other);
    expect(parseRouteMessage({ type: RTM_NEWROUTE, payload: new Uint8Array(0) })).toEqual(other);
  });
});

describe("requests", () => {
  const settings: AddressSettings = {
    interfaceIndex: 9,
    address: ip("192.0.2.80"),
    prefixLength: 24,
    broadcast: undefined,
    label: undefined,
    scope: 0,
    flags: 0,
    validLifetime: 3,
    preferredLifetime: 3,
  };

  test("add, renew, remove: differ in NLM_F_CREATE | NLM_F_EXCL, NLM_F_REPLACE and RTM_DELADDR (rtnetlink(7))", () => {
    expect(addAddress(settings)).toMatchObject({ type: 20, flags: 0x600 });
    expect(renewAddress(settings)).toMatchObject({ type: 20, flags: 0x100 });
    expect(removeAddress(settings)).toMatchObject({ type: 21, flags: 0 });
    expect(renewAddress(settings).payload).toEqual(addAddress(settings).payload);
  });

  test.each<[string, AddressSettings]>([
    ["a label of 16 bytes", { ...settings, label: "0123456789abcdef" }],
    ["a label on IPv6", { ...settings, address: ip("fe80::1"), label: "eth0:1" }],
    ["a prefix of 33 bits", { ...settings, prefixLength: 33 }],
    ["a broadcast address of the other family", { ...settings, broadcast: ip("ff02::1") }],
    ["a peer of the other family", { ...settings, peer: ip("fe80::2") }],
    ["half a second", { ...settings, validLifetime: 0.5 }],
    ["scope 256", { ...settings, scope: 256 }],
  ])("%s: does not fit", (_, bad) => {
    expect(() => addAddress(bad)).toThrow(RangeError);
  });
});

/** struct ifinfomsg and its attributes. */
function link(family: number, index: number, flags: number, attributes: AttributeBuilder): Uint8Array {
  return Uint8Array.of(family, 0, 1, 0, ...words(index), ...words(flags), ...words(0), ...attributes.build());
}

/** struct ifaddrmsg and its attributes. */
function address(
  family: number,
  prefixLength: number,
  flags: number,
  index: number,
  attributes: AttributeBuilder,
): Uint8Array {
  return Uint8Array.of(family, prefixLength, flags, 0, ...words(index), ...attributes.build());
}

/** 32-bit numbers in the byte order of this machine. */
function words(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}
