import { expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import type { AddressRecord, NetworkInterface } from "../../ports/kernel.ts";
import { AddressReport } from "./address-report.ts";
import { InterfaceTable } from "./interface-table.ts";

// The lines are those of keepalived 2.2.7 with -a.
test("addresses of others: told at the start, when they come and when they go; renewals and our own are not", () => {
  const lines: string[] = [];
  const table = new InterfaceTable({ has: () => false });
  table.apply({ kind: "interface-changed", interface: device(3, "eth0") });
  table.apply({ kind: "address-added", record: record("10.9.0.1") });
  const report = new AddressReport(table, { write: (_level, text) => void lines.push(text) });
  report.begin();
  const steps = [
    { kind: "address-added", record: record("10.9.0.55") },
    { kind: "address-added", record: record("10.9.0.55") },
    { kind: "address-added", record: { ...record("10.9.0.100"), protocol: 0x48 } },
    { kind: "address-removed", record: { ...record("10.9.0.100"), protocol: 0x48 } },
    { kind: "address-removed", record: record("10.9.0.55") },
  ] as const;
  for (const event of steps) {
    report.note(event);
    table.apply(event);
  }
  expect(lines).toEqual([
    "Netlink reflector reports IP 10.9.0.1 added to eth0",
    "Netlink reflector reports IP 10.9.0.55 added to eth0",
    "Netlink reflector reports IP 10.9.0.55 removed from eth0",
  ]);
});

function device(index: number, name: string): NetworkInterface {
  const link = { up: true, running: true, multicast: true, loopback: false, noArp: false };
  return { index, name, ...link, mtu: 1500, mac: undefined, forwardsIpv6: false };
}

function record(address: string): AddressRecord {
  return {
    interfaceIndex: 3,
    address: ip(address),
    prefixLength: 24,
    secondary: false,
    tentative: false,
    protocol: undefined,
    validLifetime: "forever",
  };
}
