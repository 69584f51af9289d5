import { expect, test } from "vitest";
import { needs } from "../require.ts";
import {
  addressesOf,
  configurationOf,
  CONFIGURATION_FILE,
  LAB_NEEDS,
  pass,
  VIP,
  withPair,
  type Node,
  type Pair,
} from "./cluster.ts";

const FAST = { interval: 0.3 } as const;
const SECOND = "10.77.0.101";
const GOOD = configurationOf({ ...FAST, priority: 200 });

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "tcpdump"] })("reloads on the master", () => {
  const bad: readonly [string, string, RegExp][] = [
    ["a missing parameter", GOOD.replace(/^priority .*$/m, "priority"), /keepalived\.conf:8:\d+\).*priority/],
    ["a misspelt priority", GOOD.replace("priority 200", "priorityy 120"), /keepalived\.conf:8:\d+\).*priorityy/],
    ["a brace that is missing", GOOD.slice(0, GOOD.lastIndexOf("}")), /keepalived\.conf:4:\d+\).*not closed/],
    ["an interface that is not there", GOOD.replace("eth0", "eth7"), /keepalived\.conf:6:\d+\).*eth7/],
    ["a priority out of range", GOOD.replace("priority 200", "priority 300"), /keepalived\.conf:8:\d+\).*300/],
    ["no instance left", "global_defs {\n}\n", /keepalived\.conf/],
  ];
  test.concurrent.for(bad)("%s: refused with its place, nothing changes", ([, configuration, place]) =>
    withPair(async (pair) => {
      await startBoth(pair);
      const { a, b } = pair;
      const before = await a.instance();
      const mark = a.daemon.mark();
      await a.host.writeFile(CONFIGURATION_FILE, configuration);
      a.daemon.signal("SIGHUP");
      await a.daemon.waitForLine(place, { after: mark });
      await a.daemon.waitForLine(/refused|rejected/i, { after: mark });
      const asked = await a.command("reload");
      expect(asked.end).toEqual({ kind: "exited", status: 1 });
      expect(asked.stdout + asked.stderr).toMatch(place);
      // Longer than the other node would wait.
      await pass(1.5, a.host);
      const { daemon, instances } = await a.status();
      expect(daemon.refusedReload?.reasons.join("\n")).toMatch(place);
      expect(instances).toMatchObject([{ state: "MASTER", effectivePriority: 200, since: before.since }]);
      expectUndisturbed(a, b);
      await a.host.writeFile(CONFIGURATION_FILE, GOOD);
      expect((await a.command("reload")).end).toEqual({ kind: "exited", status: 0 });
      expect((await a.status()).daemon.refusedReload).toBeNull();
    }),
  );

  test.concurrent("a brace missing since the start, then another: the first refuses no reload, the second does", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      const unclosed = (priority: number): string => {
        const text = configurationOf({ ...FAST, priority });
        return text.slice(0, text.lastIndexOf("}"));
      };
      await a.holdfast(unclosed(200));
      await lab.waitForOnlyHolder(VIP, a.host);
      await b.holdfast(configurationOf({ ...FAST, priority: 150 }));
      await b.daemon.waitForLine(/master set to/);
      await a.host.writeFile(CONFIGURATION_FILE, unclosed(160));
      expect((await a.command("reload")).end).toEqual({ kind: "exited", status: 0 });
      expect(await a.instance()).toMatchObject({ state: "MASTER", priority: 160 });
      await a.host.writeFile(CONFIGURATION_FILE, `${unclosed(170)}track_interface {\neth0\n`);
      const asked = await a.command("reload");
      expect(asked.end).toEqual({ kind: "exited", status: 1 });
      expect(asked.stdout + asked.stderr).toMatch(/keepalived\.conf:\d+:\d+\).*track_interface.*not closed/);
      expect(await a.instance()).toMatchObject({ state: "MASTER", priority: 160 });
      expectUndisturbed(a, b);
    }));

  test.concurrent("a VIP more, then one less: added and removed, announced, mastership kept", () =>
    withPair(async (pair) => {
      await startBoth(pair);
      const { a, b } = pair;
      const { since } = await a.instance();
      const more = configurationOf({ ...FAST, priority: 200, addresses: [`${VIP}/24`, `${SECOND}/32`] });
      const capture = await b.host.start([
        "tcpdump",
        "-l",
        "-n",
        "-i",
        "eth0",
        "arp",
        "and",
        "arp[24:4]",
        "=",
        "0x0a4d0065",
      ]);
      await capture.waitForLine(/listening on/);
      await a.host.writeFile(CONFIGURATION_FILE, more);
      await b.host.writeFile(CONFIGURATION_FILE, more.replace("priority 200", "priority 150"));
      const mark = a.daemon.mark();
      a.daemon.signal("SIGHUP");
      b.daemon.signal("SIGHUP");
      await a.host.vips.waitUntil(SECOND, true);
      await a.daemon.waitForLine(/Reload complete/, { after: mark });
      await capture.waitForLine(/who-has 10\.77\.0\.101.*tell 10\.77\.0\.101/);
      expect((await addressesOf(a.host)).toSorted()).toEqual([
        "10.77.0.1/24 forever",
        "10.77.0.100/24 leased secondary",
        "10.77.0.101/32 leased",
      ]);
      await a.host.writeFile(CONFIGURATION_FILE, GOOD);
      await a.command("reload");
      await a.host.vips.waitUntil(SECOND, false);
      await pass(1.5, a.host);
      expect(await a.instance()).toMatchObject({ state: "MASTER", since });
      expectUndisturbed(a, b);
    }));

  test.concurrent("a lower priority that still wins, then one that does not: kept, then handed over", () =>
    withPair(async (pair) => {
      await startBoth(pair);
      const { lab, a, b } = pair;
      const { since } = await a.instance();
      await a.host.writeFile(CONFIGURATION_FILE, configurationOf({ ...FAST, priority: 160 }));
      expect((await a.command("reload")).end).toEqual({ kind: "exited", status: 0 });
      await pass(1.5, a.host);
      expect(await a.instance()).toMatchObject({ state: "MASTER", since, priority: 160, effectivePriority: 160 });
      expectUndisturbed(a, b);
      const sinceMs = Date.now();
      await a.host.writeFile(CONFIGURATION_FILE, configurationOf({ ...FAST, priority: 140 }));
      a.daemon.signal("SIGHUP");
      await lab.waitForOnlyHolder(VIP, b.host);
      expect(await a.instance()).toMatchObject({ state: "BACKUP", effectivePriority: 140 });
      expect(lab.twoHoldersMs(VIP, sinceMs)).toBeLessThan(100);
    }));

  test.concurrent("reloaded ten times without a change: nothing happens", () =>
    withPair(async (pair) => {
      await startBoth(pair);
      const { a, b } = pair;
      const before = await a.instance();
      for (let count = 0; count < 10; count++) {
        const mark = a.daemon.mark();
        a.daemon.signal("SIGHUP");
        await a.daemon.waitForLine(/Reload complete/, { after: mark });
      }
      expectUndisturbed(a, b);
      expect(await a.instance()).toMatchObject({ state: "MASTER", since: before.since });
      expect(await addressesOf(a.host)).toEqual(["10.77.0.1/24 forever", "10.77.0.100/24 leased secondary"]);
    }));

  test.concurrent("the instance renamed: the same virtual router, mastership kept", () =>
    withPair(async (pair) => {
      await startBoth(pair);
      const { a, b } = pair;
      await a.host.writeFile(CONFIGURATION_FILE, GOOD.replace("vrrp_instance web", "vrrp_instance shop"));
      expect((await a.command("reload")).end).toEqual({ kind: "exited", status: 0 });
      await pass(1.5, a.host);
      expect(await a.instance()).toMatchObject({ name: "shop", state: "MASTER" });
      expectUndisturbed(a, b);
    }));

  test.concurrent("the instance replaced by another: farewell and VIPs removed, the new one joins in", () =>
    withPair(async (pair) => {
      await startBoth(pair);
      const { lab, a, b } = pair;
      const other = GOOD.replace("virtual_router_id 51", "virtual_router_id 52").replace(`${VIP}/24`, `${SECOND}/24`);
      await a.host.writeFile(CONFIGURATION_FILE, other);
      expect((await a.command("reload")).end).toEqual({ kind: "exited", status: 0 });
      await lab.waitForOnlyHolder(VIP, b.host);
      await b.daemon.waitForLine(/Backup received priority 0 advertisement/);
      await lab.waitForOnlyHolder(SECOND, a.host);
      expect(await addressesOf(a.host)).toEqual(["10.77.0.1/24 forever", "10.77.0.101/24 leased secondary"]);
    }));
});

function expectUndisturbed(a: Node, b: Node): void {
  expect(a.host.vips.tenures(VIP)).toHaveLength(1);
  expect(a.host.vips.isHeld(VIP)).toBe(true);
  expect(b.host.vips.tenures(VIP)).toEqual([]);
}

async function startBoth({ lab, a, b }: Pair): Promise<void> {
  await a.holdfast(GOOD);
  await lab.waitForOnlyHolder(VIP, a.host);
  await b.holdfast(configurationOf({ ...FAST, priority: 150 }));
  await b.daemon.waitForLine(/master set to/);
}
