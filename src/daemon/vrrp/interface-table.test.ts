import { describe, expect, test } from "vitest";
import { IDLE_KERNEL } from "../../../test/fixtures/idle-kernel.ts";
import { ip, type IpAddress } from "../../base/address.ts";
import { succeed } from "../../base/result.ts";
import { IFAPROT_HOLDFAST, type AddressRecord, type Kernel, type NetworkInterface } from "../../ports/kernel.ts";
import { InterfaceTable, addressKey } from "./interface-table.ts";

const VIP = record("10.9.0.100", undefined);

describe("isOurs", () => {
  test("a kernel that does not tell who added an address: what we remember is ours", () => {
    const table = new InterfaceTable({ has: (key) => addressKey(key) === "2 10.9.0.100/24" });
    table.apply({ kind: "address-added", record: VIP });
    table.apply({ kind: "address-added", record: record("10.9.0.101", undefined) });
    expect(table.isOurs(VIP)).toBe(true);
    expect(table.isOurs(record("10.9.0.101", undefined))).toBe(false);
  });

  test("a kernel that tells, an address that an operator put back by hand after our crash: not ours", () => {
    const table = new InterfaceTable({ has: () => true });
    // 127.0.0.1 bears IFAPROT_KERNEL_LO (1) since Linux 5.18.
    table.apply({ kind: "address-added", record: { ...record("127.0.0.1", 1), interfaceIndex: 1 } });
    table.apply({ kind: "address-added", record: VIP });
    expect(table.isOurs(VIP)).toBe(false);
  });

  test("an address with another program's mark: not ours, whatever we remember", () => {
    const table = new InterfaceTable({ has: () => true });
    table.apply({ kind: "address-added", record: record("10.9.0.100", 18) });
    expect(table.isOurs(VIP)).toBe(false);
  });

  test("an address with our mark, not remembered: ours", () => {
    const table = new InterfaceTable({ has: () => false });
    table.apply({ kind: "address-added", record: record("10.9.0.100", IFAPROT_HOLDFAST) });
    expect(table.isOurs(VIP)).toBe(true);
  });

  test("an address that this process has just removed: not there any more, before the kernel says so", () => {
    const table = new InterfaceTable({ has: () => false });
    table.apply({ kind: "address-added", record: VIP });
    table.forgetAddress(VIP);
    expect(table.find(VIP)).toBeUndefined();
  });
});

describe("waitsForPrimary", () => {
  test("a VIP in a subnet of its own, added and removed, a kernel that does not tell: it can be added again", () => {
    const remembered = new Set([addressKey(VIP)]);
    const table = new InterfaceTable({ has: (key) => remembered.has(addressKey(key)) });
    table.apply({ kind: "address-added", record: VIP });
    table.apply({ kind: "address-removed", record: VIP });
    remembered.clear();
    expect(table.waitsForPrimary(VIP)).toBe(false);
  });

  test("the host's own address of the subnet is gone: it waits; the interface is gone, too: a new one owes nothing", () => {
    const table = new InterfaceTable({ has: () => false });
    const own = record("10.9.0.1", undefined);
    table.apply({ kind: "interface-changed", interface: device(2, "eth0") });
    table.apply({ kind: "address-added", record: own });
    expect(table.waitsForPrimary(VIP)).toBe(false);
    table.apply({ kind: "address-removed", record: own });
    expect(table.waitsForPrimary(VIP)).toBe(true);
    table.apply({ kind: "interface-removed", index: 2, name: "eth0" });
    expect(table.waitsForPrimary(VIP)).toBe(false);
  });

  test("reload: tells which interfaces have gone, and a new one with such an index owes the old one's network nothing", () => {
    const table = new InterfaceTable({ has: () => false });
    const kernel = (devices: readonly NetworkInterface[], records: readonly AddressRecord[]): Kernel => ({
      ...IDLE_KERNEL,
      interfaces: () => succeed(devices),
      addresses: () => succeed(records),
    });
    const own = record("10.9.0.1", undefined);
    expect(table.reload(kernel([device(1, "lo"), device(2, "eth0")], [own]))).toEqual({ ok: true, value: [] });
    expect(table.reload(kernel([device(1, "lo"), device(3, "eth0")], []))).toEqual({ ok: true, value: [2] });
    expect(table.byName("eth0")?.index).toBe(3);
    expect(table.waitsForPrimary(VIP)).toBe(false);
  });
});

describe("sourceAddress", () => {
  const table = new InterfaceTable({ has: () => false });
  const add = (address: string, change: Partial<AddressRecord> = {}): void =>
    table.apply({ kind: "address-added", record: { ...record(address, undefined), prefixLength: 64, ...change } });
  add("10.9.0.1", { prefixLength: 24 });
  add("fe80::1", { interfaceIndex: 3 });
  add("fe80::2", { tentative: true });
  add("fe80::100", { protocol: IFAPROT_HOLDFAST });
  add("fe80::101");
  add("fe80::3");
  add("2001:db8::2", { secondary: true });
  add("2001:db8::3", { tentative: true });
  add("2001:db8::4");
  const avoid: ReadonlySet<IpAddress> = new Set([ip("fe80::101")]);

  test.each([
    ["ipv4", "10.9.0.1"],
    ["ipv6-link-local", "fe80::3"],
    ["ipv6-global", "2001:db8::4"],
  ] as const)(
    "%s: the first of its kind that is the host's own, not tentative, temporary or a VIP",
    (kind, expected) => {
      expect(table.sourceAddress(2, kind, avoid)).toBe(expected);
    },
  );

  test("a VIP that is the host's own: where there is no other", () => {
    expect(table.sourceAddress(2, "ipv6-link-local", new Set([ip("fe80::101"), ip("fe80::3")]))).toBe("fe80::101");
  });

  test("nothing of the kind: none", () => {
    expect(table.sourceAddress(3, "ipv6-global", avoid)).toBeUndefined();
  });

  test.each([
    ["fe80::3", 2, true],
    // Link-local addresses are good on their own link alone.
    ["fe80::1", 2, false],
    ["fe80::2", 2, false],
    ["2001:db8::4", 3, true],
    ["2001:db8::3", 2, false],
    ["2001:db8::9", 2, false],
  ])("sending from %s through interface %i: %s (RFC 3542 section 6.2)", (address, device, expected) => {
    expect(table.canSendFrom(device, ip(address))).toBe(expected);
  });
});

describe("findTwin", () => {
  test("an IPv6 address with another mask on the same interface: the kernel has it once", () => {
    const table = new InterfaceTable({ has: () => false });
    const own = { ...record("2001:db8::1", undefined), prefixLength: 64 };
    table.apply({ kind: "address-added", record: own });
    expect(table.findTwin({ ...own, prefixLength: 128 })).toEqual(own);
    expect(table.findTwin(own)).toBeUndefined();
    expect(table.findTwin({ ...own, prefixLength: 128, interfaceIndex: 3 })).toBeUndefined();
  });

  test("an IPv4 address with another mask: is another address", () => {
    const table = new InterfaceTable({ has: () => false });
    table.apply({ kind: "address-added", record: VIP });
    expect(table.findTwin({ ...VIP, prefixLength: 32 })).toBeUndefined();
  });
});

describe("forwarding", () => {
  test("turned on: the interface is a router's from then on, and one that is not known stays unknown", () => {
    const table = new InterfaceTable({ has: () => false });
    table.apply({ kind: "interface-changed", interface: device(2, "eth0") });
    table.apply({ kind: "forwarding-changed", index: 2, forwards: true });
    table.apply({ kind: "forwarding-changed", index: 9, forwards: true });
    expect(table.byName("eth0")).toEqual({ ...device(2, "eth0"), forwardsIpv6: true });
  });
});

describe("byName", () => {
  test("an interface that was renamed: found by its new name alone", () => {
    const table = new InterfaceTable({ has: () => false });
    table.apply({ kind: "interface-changed", interface: device(2, "eth0") });
    table.apply({ kind: "interface-changed", interface: device(2, "eth9") });
    expect(table.byName("eth0")).toBeUndefined();
    expect(table.byName("eth9")?.index).toBe(2);
  });

  test("a name that another interface took before its former owner went: the new owner keeps it", () => {
    const table = new InterfaceTable({ has: () => false });
    table.apply({ kind: "interface-changed", interface: device(2, "eth0") });
    table.apply({ kind: "interface-changed", interface: device(3, "eth0") });
    table.apply({ kind: "interface-removed", index: 2, name: "eth0" });
    expect(table.byName("eth0")?.index).toBe(3);
  });
});

function record(address: string, protocol: number | undefined): AddressRecord {
  return {
    interfaceIndex: 2,
    address: address as IpAddress,
    prefixLength: 24,
    secondary: false,
    tentative: false,
    protocol,
    validLifetime: "forever",
  };
}

function device(index: number, name: string): NetworkInterface {
  return {
    index,
    name,
    up: true,
    running: true,
    multicast: true,
    loopback: false,
    noArp: false,
    mtu: 1500,
    mac: undefined,
    forwardsIpv6: false,
  };
}
