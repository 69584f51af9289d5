import { expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import { needs } from "../require.ts";
import { addressesOf, CONFIGURATION_FILE, configurationOf, LAB_NEEDS, VIP, withNode, withPair } from "./cluster.ts";

const FAST = { interval: 0.3 } as const;
const ROUTING = [
  `virtual_routes {`,
  `10.30.0.0/16 via 10.77.0.9 src ${VIP} dev eth0`,
  `default via 10.77.0.9 dev eth0 table 100 metric 7`,
  `blackhole 10.33.0.0/16`,
  `}`,
  `virtual_rules {`,
  `from 10.30.0.0/16 table 100 preference 1000`,
  `}`,
];
const STATICS = [
  `static_ipaddress {`,
  `10.9.9.1/24 dev eth0`,
  `}`,
  `static_routes {`,
  `10.20.0.0/16 via 10.9.9.254 dev eth0 metric 5`,
  `}`,
  `static_rules {`,
  `from 10.20.0.0/16 table 101 preference 1001`,
  `}`,
];
const ALL = [
  "default via 10.77.0.9 dev eth0 table 100 metric 7",
  "10.30.0.0/16 via 10.77.0.9 dev eth0 src 10.77.0.100",
  "blackhole 10.33.0.0/16",
  "1000: from 10.30.0.0/16 lookup 100",
];

needs(LAB_NEEDS)("routes and rules", () => {
  for (const other of ["holdfast", "keepalived"] as const) {
    test.concurrent(`fail over to ${other} and back: there with the master, and nowhere else`, () =>
      withPair(async ({ lab, a, b }) => {
        await a.holdfast(configurationOf({ ...FAST, priority: 200, lines: ROUTING }));
        await b.start(other, configurationOf({ ...FAST, priority: 150, lines: ROUTING }));
        await lab.waitForOnlyHolder(VIP, a.host);
        expect(await routingOf(a.host)).toEqual(ALL);
        expect(await routingOf(b.host)).toEqual([]);
        expect(await a.stop()).toEqual({ kind: "exited", status: 0 });
        await lab.waitForOnlyHolder(VIP, b.host);
        await b.daemon.waitForLine(/Sending\/queueing gratuitous ARPs/);
        expect(await routingOf(b.host)).toEqual(ALL);
        expect(await routingOf(a.host)).toEqual([]);
        await a.holdfast(configurationOf({ ...FAST, priority: 200, lines: ROUTING }));
        await lab.waitForOnlyHolder(VIP, a.host);
        await a.daemon.waitForLine(/Sending\/queueing gratuitous ARPs/);
        expect(await routingOf(a.host)).toEqual(ALL);
        expect(await routingOf(b.host)).toEqual([]);
      }));
  }

  test.concurrent("a route and a rule deleted by hand: put back, mastership kept", () =>
    withNode(async (node) => {
      await node.holdfast(configurationOf({ ...FAST, priority: 200, lines: ROUTING }));
      await node.daemon.waitForLine(/Sending\/queueing gratuitous ARPs/);
      await node.host.runOrThrow(["ip", "route", "del", "10.30.0.0/16"]);
      await node.daemon.waitForLine(/put back route 10\.30\.0\.0\/16 via 10\.77\.0\.9 dev eth0/);
      await node.host.runOrThrow(["ip", "rule", "del", "preference", "1000"]);
      await node.daemon.waitForLine(/put back rule 1000: from 10\.30\.0\.0\/16 table 100/);
      expect(await routingOf(node.host)).toEqual(ALL);
      expect((await node.instance()).state).toBe("MASTER");
    }));

  test.concurrent("the VIP deleted by hand: the route that comes from it is put back with it", () =>
    withNode(async (node) => {
      await node.holdfast(configurationOf({ ...FAST, priority: 200, lines: ROUTING }));
      await node.daemon.waitForLine(/Sending\/queueing gratuitous ARPs/);
      await node.host.runOrThrow(["ip", "addr", "del", `${VIP}/24`, "dev", "eth0"]);
      await node.daemon.waitForLine(/put back route 10\.30\.0\.0\/16/);
      expect(await routingOf(node.host)).toEqual(ALL);
      expect((await node.instance()).state).toBe("MASTER");
    }));

  test.concurrent("kill -9 of all its processes: what the kernel cannot drop is removed by the next start", () =>
    withNode(async (node) => {
      const configuration = configurationOf({ ...FAST, priority: 200, lines: ROUTING });
      await node.holdfast(configuration);
      await node.daemon.waitForLine(/Sending\/queueing gratuitous ARPs/);
      await node.host.signal("SIGKILL", ({ name }) => name.startsWith("holdfast"));
      await node.host.vips.waitUntil(VIP, false);
      // The route from the VIP went with the VIP's lease.
      expect(await routingOf(node.host)).toEqual(ALL.filter((line) => !line.includes("src")));
      await node.holdfast(configurationOf({ ...FAST, priority: 200 }));
      await node.daemon.waitForLine(/removed 3 routes and rules, left over from a run that crashed/);
      expect(await routingOf(node.host)).toEqual([]);
    }));

  test.concurrent("static objects: there from the start to the stop, put back when deleted, followed by a reload", () =>
    withNode(async (node) => {
      const all = [
        "10.20.0.0/16 via 10.9.9.254 dev eth0 metric 5",
        "1001: from 10.20.0.0/16 lookup 101",
        "10.9.9.1/24 forever",
      ];
      const before = configurationOf({ ...FAST, priority: 200, blocks: STATICS });
      await node.holdfast(before);
      expect([...(await routingOf(node.host)), ...(await staticAddresses(node.host))]).toEqual(all);
      await node.host.runOrThrow(["ip", "addr", "del", "10.9.9.1/24", "dev", "eth0"]);
      await node.daemon.waitForLine(/put back 10\.9\.9\.1\/24/);
      expect([...(await routingOf(node.host)), ...(await staticAddresses(node.host))]).toEqual(all);
      const fewer = configurationOf({ ...FAST, priority: 200, blocks: STATICS.slice(3, 6) });
      await node.host.writeFile(CONFIGURATION_FILE, fewer);
      await node.command("reload");
      expect(await staticAddresses(node.host)).toEqual([]);
      expect(await routingOf(node.host)).toEqual(all.slice(0, 1));
      await node.host.writeFile(CONFIGURATION_FILE, before);
      await node.command("reload");
      expect([...(await routingOf(node.host)), ...(await staticAddresses(node.host))]).toEqual(all);
      await node.stop();
      expect([...(await routingOf(node.host)), ...(await staticAddresses(node.host))]).toEqual([]);
    }));
});

/** What VRRP daemons have added, as ip(8) shows it. */
async function routingOf(host: Host): Promise<readonly string[]> {
  const routes = await host.runOrThrow(["ip", "route", "show", "table", "all", "proto", "keepalived"]);
  const rules = await host.runOrThrow(["ip", "-d", "rule", "show"]);
  const lines = [...routes.split("\n"), ...rules.split("\n").filter((line) => line.includes("proto keepalived"))].map(
    (line) =>
      line
        .replaceAll(/ proto keepalived/g, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
  );
  return lines.filter((line) => line !== "");
}

async function staticAddresses(host: Host): Promise<readonly string[]> {
  return (await addressesOf(host)).filter((line) => line.startsWith("10.9.9.1"));
}
