import { expect, test } from "vitest";
import type { Program } from "../../src/lab/program.ts";
import { needs } from "../require.ts";
import { ip, mac } from "../../src/base/address.ts";
import { serializeNeighborFrame, unsolicitedAdvertisement } from "../../src/wire/neighbor-frame.ts";
import { CONFIGURATION_FILE, configurationOf, LAB_NEEDS, VIP, withPair, type Node, type Pair } from "./cluster.ts";
import { VIP6 } from "./ipv6-hosts.ts";

const ADDRESSES = Array.from({ length: 10 }, (_, index) => `10.77.0.${100 + index}/24`);

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "tcpdump"] })("announcements on the wire", () => {
  test.concurrent("vrrp_garp_interval 0.02, ten addresses, two rounds: one each 20 ms, round by round", () =>
    withPair(async ({ a, client }) => {
      const watch = await watchArp(client);
      const global = ["vrrp_garp_interval 0.02", "vrrp_garp_master_repeat 2", "vrrp_garp_master_delay 0"];
      await a.holdfast(configurationOf({ priority: 200, addresses: ADDRESSES, global }));
      await watch.waitForLine(/10\.77\.0\.109/);
      const seen = await announcements(watch, 20);
      expect(seen.map(({ address }) => address)).toEqual([...ADDRESSES, ...ADDRESSES].map((text) => text.slice(0, -3)));
      const first = seen[0]?.atMs ?? 0;
      const last = seen.at(-1)?.atMs ?? 0;
      // Nineteen pauses; a busy machine may make them longer.
      expect(last - first).toBeGreaterThan(19 * 20 - 5);
      const gaps = seen.slice(1).map(({ atMs }, index) => atMs - (seen[index]?.atMs ?? 0));
      // A timer that was late may let two leave together, but never many.
      expect(gaps.filter((gap) => gap < 10).length).toBeLessThan(5);
    }));

  test.concurrent("mastership goes while announcements wait: none comes any more", () =>
    withPair(async ({ lab, a, b, client }) => {
      const global = ["vrrp_garp_interval 0.5"];
      const watch = await watchArp(client);
      await a.holdfast(configurationOf({ priority: 150, addresses: ADDRESSES, global }));
      await a.host.vips.waitUntil(VIP, true);
      await b.holdfast(configurationOf({ priority: 200, addresses: ADDRESSES, global }));
      await b.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, b.host);
      const yieldedMs = a.host.vips.tenures(VIP).at(-1)?.untilMs ?? Infinity;
      await b.host.runOrThrow(["sleep", "3"]);
      const late = parse(watch).filter(({ mac, atMs }) => mac === a.host.mac && atMs > yieldedMs + 20);
      expect(late).toEqual([]);
    }));

  test.concurrent("garp_master_refresh set by a reload: applies at once", () =>
    withPair(async ({ a, client }) => {
      const watch = await watchArp(client);
      await a.holdfast(configurationOf({ priority: 200, global: ["vrrp_garp_master_delay 0"] }));
      await announcements(watch, 5);
      const global = ["vrrp_garp_master_delay 0", "vrrp_garp_master_refresh 1"];
      await a.host.writeFile(CONFIGURATION_FILE, configurationOf({ priority: 200, global }));
      await a.command("reload");
      // The five of the claim, and one each second.
      expect(await announcements(watch, 8)).toHaveLength(8);
    }));

  test.concurrent("a keepalived with another VRID announces the VIP, twice: each time announced again, and the client stays right", () =>
    withPair(async ({ a, b, client }) => {
      // No burst of our own comes by itself.
      await a.holdfast(configurationOf({ priority: 200, lines: ["garp_master_delay 0"] }));
      await a.host.vips.waitUntil(VIP, true);
      // As if it had spoken with the VIP a while ago: the next announcement replaces what it knows.
      await client.runOrThrow(["ip", "neigh", "replace", VIP, "lladdr", a.host.mac, "dev", "eth0", "nud", "stale"]);
      const watch = await watchArp(client);
      const other = configurationOf({ priority: 100, lines: ["garp_master_delay 3"] });
      await b.start("keepalived", other.replace("virtual_router_id 51", "virtual_router_id 52"));
      const seen = await announcements(watch, 20);
      const five = (host: Pair["client"]): readonly string[] => Array.from({ length: 5 }, () => host.mac);
      expect(seen.map(({ mac: owner }) => owner)).toEqual([
        ...five(b.host),
        ...five(a.host),
        ...five(b.host),
        ...five(a.host),
      ]);
      for (const [last, answer] of [
        [seen[4], seen[5]],
        [seen[14], seen[15]],
      ]) {
        expect((answer?.atMs ?? Infinity) - (last?.atMs ?? 0)).toBeLessThan(1_000);
      }
      expect(await neighborOf(client, VIP)).toBe(a.host.mac);
      const told = a.daemon.lines.filter((line) => line.includes(`(web) ${VIP} is announced by ${b.host.mac}`));
      expect(told).toHaveLength(1);
      expect((await a.instance()).counters).toMatchObject({ becameMaster: 1, announcedByOthers: 10 });
    }));

  test.concurrent("somebody announces the VIP a thousand times a second, IPv6: five answers, told once, and left alone", () =>
    withPair(async ({ a, client }) => {
      await a.holdfast(
        configurationOf({ priority: 200, addresses: ["fe80::100/64", `${VIP6}/64`], lines: ["garp_master_delay 0"] }),
      );
      // The claim announces it, too.
      await a.daemon.waitForLine(/Sending\/queueing .* for 2001:db8:77::100/);
      const mark = a.daemon.mark();
      const frame = serializeNeighborFrame(unsolicitedAdvertisement(ip(VIP6), mac(client.mac), false));
      const sender = await client.repeatFrames([frame]);
      await a.daemon.waitForLine(/again and again: it is not announced against it any more/, { after: mark });
      await sender.stop();
      const lines = a.daemon.lines.slice(mark);
      expect(lines.filter((line) => line.includes(`${VIP6} is announced by ${client.mac}`))).toHaveLength(2);
      expect(lines.filter((line) => /Sending\/queueing .* for 2001:db8:77::100/.test(line))).toHaveLength(5);
      const { state, counters } = await a.instance();
      expect([state, counters["becameMaster"]]).toEqual(["MASTER", 1]);
      expect(counters["announcedByOthers"]).toBeGreaterThan(5);
    }));

  test.concurrent("quick_preempt: one skew time after keepalived has become the weaker master", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      await a.start("keepalived", weakening(200, 150));
      await a.host.vips.waitUntil(VIP, true);
      await b.holdfast(configurationOf({ priority: 150, lines: ["@holdfast quick_preempt on"] }));
      await b.daemon.waitForLine(/master set to 10\.77\.0\.1/);
      await weaken(a);
      await a.daemon.waitForLine(/Changing effective priority from 200 to 50/);
      const sinceMs = Date.now();
      await b.daemon.waitForLine(/has only priority 50/);
      const takenMs = await b.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, b.host);
      // Its next advert comes within a second, and (256 - 150) / 256 s later the backup has it.
      expect(takenMs - sinceMs).toBeLessThan(1_000 + 414 + 500);
    }));
});

/** A router that loses so much of its priority when `weaken` is called. */
function weakening(priority: number, loss: number): string {
  const blocks = [
    `vrrp_script strong {`,
    `script "/usr/bin/test ! -e /run/weak"`,
    `interval 1`,
    `weight -${loss}`,
    `}`,
  ];
  return configurationOf({ priority, blocks, lines: ["track_script {", "strong", "}"] });
}

async function weaken(node: Node): Promise<void> {
  await node.host.runOrThrow(["touch", "/run/weak"]);
}

/** The link-layer address that a host has for an address. */
async function neighborOf(host: Pair["client"], address: string): Promise<string | undefined> {
  return / lladdr (\S+)/.exec(await host.runOrThrow(["ip", "neigh", "show", address]))?.[1];
}

async function watchArp(host: Pair["client"]): Promise<Program> {
  const watch = await host.start(["tcpdump", "-n", "-l", "-e", "-tt", "-i", "eth0", "arp"]);
  await watch.waitForLine(/listening on eth0/);
  return watch;
}

interface Announcement {
  readonly atMs: number;
  readonly mac: string;
  readonly address: string;
}

/** Waits for so many announcements of virtual addresses, and gives them in their order. */
async function announcements(watch: Program, count: number): Promise<readonly Announcement[]> {
  for (let mark = 0; parse(watch).length < count; mark = watch.mark()) {
    await watch.waitForLine(/who-has 10\.77\.0\.1\d\d/, { after: mark });
  }
  return parse(watch).slice(0, count);
}

/** Requests of tcpdump whose sender asks for its own address. */
function parse(watch: Program): readonly Announcement[] {
  return watch.lines.flatMap((line) => {
    const match = /^(\d+\.\d+) (\S+) > .* who-has (10\.77\.0\.1\d\d) .*tell (10\.77\.0\.1\d\d)/.exec(line);
    const [, seconds = "", mac = "", target = "", sender] = match ?? [];
    return target !== "" && target === sender ? [{ atMs: Number(seconds) * 1000, mac, address: target }] : [];
  });
}
