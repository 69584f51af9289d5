import { describe, expect, test } from "vitest";
import type { IpAddress } from "../../base/address.ts";
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
});

test("reload: tells which interfaces have gone, and a new one with such an index owes the old one's network nothing", () => {
  const table = new InterfaceTable({ has: () => false });
  const kernel = (devices: readonly NetworkInterface[], records: readonly AddressRecord[]): Kernel => ({
    interfaces: () => succeed(devices),
    addresses: () => succeed(records),
    addAddress: () => succeed(undefined),
    renewAddresses: () => [],
    removeAddress: () => succeed(undefined),
    openMonitor: () => succeed({ receive: () => [], close: () => {} }),
  });
  const own = record("10.9.0.1", undefined);
  expect(table.reload(kernel([device(1, "lo"), device(2, "eth0")], [own]))).toEqual({ ok: true, value: [] });
  expect(table.reload(kernel([device(1, "lo"), device(3, "eth0")], []))).toEqual({ ok: true, value: [2] });
  expect(table.byName("eth0")?.index).toBe(3);
  expect(table.waitsForPrimary(VIP)).toBe(false);
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
  };
}
