import { expect, test } from "vitest";
import type { BfdVerdict } from "../../core/bfd/session.ts";
import { ip, type IpAddress } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import { seededRandom } from "../../base/random.ts";
import { loadConfiguration } from "../../config/load.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { ConfigReader } from "../../config/reader.ts";
import type { AddressRecord } from "../../ports/kernel.ts";
import { judgeFitness, type Fitness } from "./fitness.ts";
import { InterfaceTable } from "./interface-table.ts";

const LINK_LOCAL = "fe80::1";
const GLOBAL = "2001:db8::1";
const VIP = "fe80::100";

test.each<[string, readonly string[], readonly string[], string | undefined]>([
  ["multicast over IPv6: from the link-local address", [], [GLOBAL, LINK_LOCAL], LINK_LOCAL],
  ["multicast over IPv6, a VIP of another's hand first: not from it", [], [VIP, LINK_LOCAL], LINK_LOCAL],
  ["multicast over IPv6, no link-local address: from nothing", [], [GLOBAL], undefined],
  [
    "unicast over IPv6, link-local peers: from the link-local address",
    peers("fe80::2"),
    [GLOBAL, LINK_LOCAL],
    LINK_LOCAL,
  ],
  [
    "unicast over IPv6, a global peer: from the global address",
    peers("fe80::2", "2001:db8::2"),
    [LINK_LOCAL, GLOBAL],
    GLOBAL,
  ],
  [
    "unicast over IPv6, a global peer, no global address: from the link-local one",
    peers("2001:db8::2"),
    [LINK_LOCAL],
    LINK_LOCAL,
  ],
  ["a configured source that is here: from it", ["mcast_src_ip fe80::9"], [LINK_LOCAL, "fe80::9"], "fe80::9"],
])("%s", (_, lines, addresses, source) => {
  const fitness = judge(instanceWith(lines), addresses.map(record));
  expect(fitness.source).toBe(source);
  const missing = { kind: "no-source-address", interface: "eth0", family: "ipv6" };
  expect(fitness.faults).toEqual(source === undefined ? [missing] : []);
});

// The kernel sends nothing from such an address (RFC 3542 section 6.2), so it need not be tracked for that.
test.each([
  ["is not here", record(LINK_LOCAL)],
  ["is tentative", { ...record("fe80::9"), tentative: true }],
  ["is on another interface's link", { ...record("fe80::9"), interfaceIndex: 3 }],
])("a configured source that %s: a fault that names it", (_, present) => {
  const { source, faults } = judge(instanceWith(["mcast_src_ip fe80::9"]), [present]);
  expect(source).toBeUndefined();
  expect(faults).toEqual([{ kind: "source-not-here", address: "fe80::9" }]);
});

test("a link-local address that is tentative: a fault until it is not", () => {
  expect(judge(instanceWith([]), [{ ...record(LINK_LOCAL), tentative: true }]).faults).toHaveLength(1);
});

function judge(settings: InstanceSettings, records: readonly AddressRecord[]): Fitness {
  const interfaces = new InterfaceTable({ has: () => false });
  const state = { up: true, running: true, multicast: true, loopback: false, noArp: false };
  const device = { index: 2, name: "eth0", ...state, mtu: 1500, mac: undefined, forwardsIpv6: false };
  interfaces.apply({ kind: "interface-changed", interface: device });
  for (const each of records) interfaces.apply({ kind: "address-added", record: each });
  const virtualAddresses = (): ReadonlySet<IpAddress> => new Set([ip(VIP)]);
  const bfd = { verdictOf: (): BfdVerdict => "unknown", detailOf: () => "" };
  const trackers = { scripts: new Map(), files: new Map(), processes: new Map(), links: { isUp: () => true }, bfd };
  return judgeFitness(settings, { interfaces, ...trackers, virtualAddresses, missingStatics: () => [] });
}

function record(address: string): AddressRecord {
  const facts = { secondary: false, tentative: false, protocol: undefined, validLifetime: "forever" } as const;
  return { interfaceIndex: 2, address: ip(address), prefixLength: 64, ...facts };
}

function peers(...addresses: readonly string[]): readonly string[] {
  return ["unicast_peer {", ...addresses, "}"];
}

function instanceWith(lines: readonly string[]): InstanceSettings {
  const block = ["interface eth0", "virtual_router_id 1", ...lines, "virtual_ipaddress {", `${VIP}/64`, "}"];
  const text = ["vrrp_instance SIX {", ...block, "}", ""].join("\n");
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const reader: ConfigReader = {
    read: (path) => (path === "/test.conf" ? succeed(new TextEncoder().encode(text)) : missing),
    list: () => missing,
    facts: () => succeed({ kind: "file", executable: false }),
  };
  const context = {
    configId: "test",
    instanceName: undefined,
    environment: () => undefined,
    random: seededRandom(1),
  };
  const [instance] = loadConfiguration("/test.conf", reader, context).configuration.instances;
  if (instance === undefined) throw new Error("The configuration of this test has no instance");
  return instance;
}
