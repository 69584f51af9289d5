import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { parseStatus } from "../../src/cli/parse-status.ts";
import { MACHINE_FOLDER } from "../../tools/machine.mjs";
import { needs } from "../require.ts";
import { runInMachine, type MachineRun } from "./machine.ts";

const TOOLS = [
  "qemu-system-x86_64",
  "setpriv",
  "depmod",
  "ip",
  "ss",
  "keepalived",
  "nft",
  "arping",
  "mii-tool",
  "sysctl",
];
/** Twice as long as on a machine that has much else to do; it only limits how long a failure takes. */
const LIMIT_MS = 400_000;

needs({ root: true, tools: TOOLS, files: [`${MACHINE_FOLDER}/version`] })(
  "Debian's kernel, in a virtual machine",
  () => {
    let run: MachineRun;

    // One machine for all tests: see scenario.sh.
    beforeAll(async () => {
      const script = readFileSync(fileURLToPath(new URL("scenario.sh", import.meta.url)), "utf8");
      const environment = { HOLDFAST: fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "") };
      run = await runInMachine({ script, environment, cards: 2, limitMs: LIMIT_MS });
    }, LIMIT_MS + 10_000);

    const json = (name: string): unknown => JSON.parse(run.result(name));

    test("use_ipvlan: name, base, mode, flag and VRF as keepalived makes them, by ip -d link", () => {
      const ours = linksOf(json("ours-links"), "ipvlan");
      expect(ours).toEqual(linksOf(json("theirs-links"), "ipvlan"));
      expect(ours).toEqual([
        "inred on eth6 in red: l2 bridge, up",
        "low on eth0 in none: l2 private, up",
        "vrrp.51 on eth0 in none: l2 private, up",
        "vrrp.52 on eth1 in none: l2 vepa, up",
      ]);
    });

    test("use_vmac on an interface in a VRF: in that VRF, as with keepalived, by ip -d link", () => {
      const ours = linksOf(json("ours-links"), "macvlan");
      expect(ours).toEqual(linksOf(json("theirs-links"), "macvlan"));
      expect(ours).toEqual(["vrrp.53 on eth2 in red: private, up"]);
    });

    test("its interface moves to another VRF: it follows, as with keepalived, by ip -d link", () => {
      const ours = linksOf(json("moved-links"), "macvlan");
      expect(ours).toEqual(linksOf(json("theirs-moved-links"), "macvlan"));
      expect(ours).toEqual(["vrrp.53 on eth2 in blue: private, up"]);
    });

    test("addresses on VLAN, bond, dummy, card and ipvlan: where keepalived has them, by ip addr", () => {
      const ours = addressesOf(json("ours-addresses"));
      const theirs = addressesOf(json("theirs-addresses"));
      // keepalived does not start with an instance that has a VRF and no interface.
      expect(ours.filter((line) => !line.startsWith("eth7 "))).toEqual(
        theirs.filter((line) => !line.startsWith("eth7 ")),
      );
      for (const held of [
        "eth3.5 10.3.0.100/24",
        "dummy0 10.5.0.100/32",
        "bond0 10.4.0.100/24",
        "eth9 10.9.0.100/24",
      ]) {
        expect(ours).toContain(held);
      }
      expect(ours).toEqual(expect.arrayContaining(["eth0 10.0.0.100/24", "eth0 fe80::100/64", "low 10.0.0.5/24"]));
    });

    test("IPv6 on ipvlan interfaces: off with IPv4, on with IPv6, as with keepalived, by sysctl", () => {
      expect(run.result("ours-settings")).toBe(run.result("theirs-settings"));
      expect(run.result("ours-settings")).toContain("net.ipv6.conf.vrrp/51.disable_ipv6 = 0");
      expect(run.result("ours-settings")).toContain("net.ipv6.conf.low.disable_ipv6 = 1");
    });

    test("routes with vrf, in a table, and rules: keepalived's to the letter, by ip route and ip rule", () => {
      const ours = run.result("ours-routing");
      expect(ours).toBe(run.result("theirs-routing"));
      expect(ours).toContain("10.50.0.0/16 via 10.2.0.254 dev eth2 proto keepalived");
      expect(ours).toContain("10.52.0.0/16 via 10.2.0.254 dev eth2 proto keepalived metric 7");
      expect(ours).toContain("900:\tfrom 10.70.0.0/16 lookup 200 proto keepalived");
    });

    test("vrf without an interface: heard in that VRF, and keepalived yields to it, over IPv4 and IPv6", () => {
      const sockets = run.result("sockets");
      expect(sockets).toMatch(/0\.0\.0\.0%blue:112/);
      expect(sockets).toMatch(/\*%blue:112/);
      const value = json("status");
      const status = typeof value === "object" && value !== null ? parseStatus({ ...value }) : undefined;
      const peers = status?.instances
        .filter(({ name }) => name.startsWith("blue"))
        .map(({ state, peers: heard }) => [state, ...heard.map(({ address, priority }) => `${address} ${priority}`)]);
      expect(peers).toEqual([
        ["MASTER", "10.7.0.2 50"],
        ["MASTER", "2001:db8:7::2 50"],
      ]);
      expect(run.result("peer")).toMatch(/\(blue\) Master received advert from 10\.7\.0\.1 with higher priority 100/);
      expect(run.result("peer")).toMatch(
        /\(blue6\) Master received advert from 2001:db8:7::1 with higher priority 100/,
      );
      expect(addressesOf(json("ours-addresses"))).toEqual(
        expect.arrayContaining(["eth7 10.7.0.100/24", "eth7 2001:db8:7::100/64"]),
      );
    });

    test.each(["plugged", "pulled"] as const)(
      "the link of a card, its cable %s: as mii-tool says, by all three ways",
      (cable) => {
        const isUp = run.result(`${cable}-mii`).includes("link ok");
        expect(isUp).toBe(cable === "plugged");
        expect(json(`${cable}-probe`)).toEqual(["MII", "ETHTOOL", "IOCTL"].map(() => ({ ok: true, value: isUp })));
      },
    );

    test("the fine lock after kill -9 of everything: the address is there and nobody answers, by arping", () => {
      expect(run.result("lock").trim().split("\n")).toEqual(["answered", "silent", "there"]);
    });

    test("the next start takes an ipvlan over: the same interface, by ip link", () => {
      expect(json("low-taken-over")).toEqual(json("low-left"));
    });

    test("a clean stop: what was there before, no more and no less, by ip link and ip addr", () => {
      const namesOf = (value: unknown): readonly string[] => entries(value).map(({ ifname }) => String(ifname));
      expect(namesOf(json("ours-after-links"))).toEqual(namesOf(json("before-links")));
      expect(addressesOf(json("ours-after-addresses"))).toEqual(addressesOf(json("before-addresses")));
    });

    test("a kernel that has all that is needed: no line says that anything is lacking", () => {
      expect(run.result("log")).toContain("Startup complete");
      expect(run.result("log")).not.toContain("lacks");
    });
  },
);

/** The interfaces of a kind, in the order of their names, as one line each. */
function linksOf(value: unknown, kind: string): readonly string[] {
  return entries(value)
    .flatMap(({ ifname, link, master = "none", linkinfo, flags }) => {
      const { info_kind, info_data: data = {} } = fieldsOf(linkinfo);
      if (info_kind !== kind) return [];
      const { mode, ...rest } = fieldsOf(data);
      // What an ipvlan is stands there as a field of its own.
      const words = ["bridge", "private", "vepa"].filter((word) => rest[word] === true);
      const state = Array.isArray(flags) && flags.includes("UP") ? "up" : "down";
      return [`${String(ifname)} on ${String(link)} in ${String(master)}: ${[mode, ...words].join(" ")}, ${state}`];
    })
    .toSorted();
}

/** `INTERFACE ADDRESS/LENGTH` of all but those that the kernel gives by itself. */
function addressesOf(value: unknown): readonly string[] {
  return entries(value)
    .flatMap(({ ifname, addr_info: list }) =>
      entries(list).flatMap(({ local, prefixlen, scope }) =>
        scope === "host" || (String(local).startsWith("fe80") && local !== "fe80::100")
          ? []
          : [`${String(ifname)} ${String(local)}/${String(prefixlen)}`],
      ),
    )
    .toSorted();
}

function entries(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
