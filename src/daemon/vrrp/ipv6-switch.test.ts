import { beforeEach, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import type { AddressRecord } from "../../ports/kernel.ts";
import { InterfaceTable } from "./interface-table.ts";
import { Ipv6Switch } from "./ipv6-switch.ts";

const OURS = "net/ipv6/conf/vrrp6.51/disable_ipv6";
const THEIRS = "net/ipv6/conf/eth0/disable_ipv6";

let settings: Map<string, string>;
let refused: boolean;
let lines: string[];
let held: AddressRecord[];
let interfaces: InterfaceTable;
let ipv6: Ipv6Switch;

beforeEach(() => {
  settings = new Map([OURS, THEIRS].map((path) => [path, "0"]));
  refused = false;
  lines = [];
  held = [];
  interfaces = new InterfaceTable({ has: () => false });
  const state = { up: true, running: true, multicast: true, loopback: false, noArp: false };
  for (const [index, name] of ["lo", "eth0", "vrrp6.51"].entries()) {
    const device = { index: index + 1, name, ...state, mtu: 1500, mac: undefined, forwardsIpv6: false };
    interfaces.apply({ kind: "interface-changed", interface: device });
  }
  ipv6 = new Ipv6Switch({
    sysctls: {
      read: (path) => {
        const value = settings.get(path);
        return value === undefined
          ? fail({ operation: `read ${path}`, errno: "ENOENT", message: "No such file or directory" })
          : succeed(value);
      },
      write: (path, value) => {
        if (refused)
          return fail({ operation: `set ${path} to ${value}`, errno: "EROFS", message: "Read-only file system" });
        settings.set(path, value);
        return succeed(undefined);
      },
    },
    interfaces,
    leases: { all: () => held.map((request) => ({ request })) },
    log: { write: (level, text) => lines.push(`${level}: ${text}`) },
    isVirtual: (name) => name === "vrrp6.51",
  });
});

test("off when its addresses have gone, on before the next one comes", () => {
  ipv6.turnOff("vrrp6.51");
  expect(settings.get(OURS)).toBe("1");
  ipv6.turnOn("vrrp6.51");
  expect(settings.get(OURS)).toBe("0");
});

test.each<[string, "on" | "off", () => void]>([
  ["another instance's, of which the kernel has yet to tell", "on", () => held.push(record("2001:db8::100", 3))],
  ["an operator's", "on", () => interfaces.apply({ kind: "address-added", record: record("2001:db8::100", 3) })],
  ["one of IPv4", "off", () => held.push(record("10.0.0.100", 3))],
  ["one of another interface", "off", () => held.push(record("2001:db8::100", 2))],
])("an address is left, %s: %s", (_, expected, add) => {
  add();
  ipv6.turnOff("vrrp6.51");
  expect(settings.get(OURS)).toBe(expected === "on" ? "0" : "1");
});

test("an interface that is not ours: left alone", () => {
  ipv6.turnOff("eth0");
  expect(settings.get(THEIRS)).toBe("0");
});

test("refused by the kernel: told once; a kernel without IPv6: not told", () => {
  refused = true;
  ipv6.turnOff("vrrp6.51");
  ipv6.turnOff("vrrp6.51");
  expect(lines).toEqual([`error: Cannot set ${OURS} to 1: Read-only file system (EROFS)`]);
  settings.clear();
  ipv6.turnOn("vrrp6.51");
  expect(lines).toHaveLength(1);
});

function record(address: string, interfaceIndex: number): AddressRecord {
  const facts = { secondary: false, tentative: false, protocol: undefined, validLifetime: "forever" } as const;
  return { interfaceIndex, address: ip(address), prefixLength: 64, ...facts };
}
