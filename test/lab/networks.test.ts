import { expect, test } from "vitest";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import { addressesOf, configurationOf, LAB_NEEDS, pass, VIP, withNode, withPair, type Pair } from "./cluster.ts";

const FAST = { interval: 0.3 } as const;
const OWN = "10.77.0.1/24 forever";
const HELD = "10.77.0.100/24 leased secondary";

needs(LAB_NEEDS)("links and addresses that change under the master", () => {
  test.concurrent("its link set down and up: the VIP goes to the other node and comes back, its own address stays", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      await startBoth(pair);
      const sinceMs = Date.now();
      await a.host.setLink("down");
      await a.daemon.waitForLine(/Entering FAULT STATE/);
      await lab.waitForOnlyHolder(VIP, b.host);
      expect(await a.instance()).toMatchObject({ state: "FAULT", cause: { text: "interface eth0 is down" } });
      await a.host.setLink("up");
      await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(await addressesOf(a.host)).toEqual([OWN, HELD]);
      expect(lab.twoHoldersMs(VIP, sinceMs)).toBeLessThan(100);
    }));

  test.concurrent("dont_track_primary, its link set down and up: no FAULT; it lets go in time, claims unheard, and has the VIP alone when it is up", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      await startBoth(pair, ["dont_track_primary"]);
      await a.host.setLink("down");
      await a.daemon.waitForLine(/cause: sent no advert for .*ENETUNREACH/);
      const goneAt = await a.host.vips.waitUntil(VIP, false);
      expect(goneAt).toBeLessThan(await b.host.vips.waitUntil(VIP, true));
      // It hears nobody, as in any network that is cut.
      await a.host.vips.waitUntil(VIP, true);
      expect(await a.instance()).toMatchObject({
        state: "MASTER",
        sendFailure: expect.stringContaining("ENETUNREACH"),
      });
      await a.host.setLink("up");
      await lab.waitForOnlyHolder(VIP, a.host);
      await a.daemon.waitForLine(/adverts can be sent again/);
      // It stays, or yields for a moment: whichever is the first to hear the other (ADR 0039).
      expect(a.host.vips.tenures(VIP).length).toBeOneOf([2, 3]);
      expect(a.log().join("\n")).not.toMatch(/FAULT/);
    }));

  test.concurrent("keepalived, dont_track_primary, its link set down and up: no FAULT; it holds the VIP all the time", () =>
    withPair(async ({ lab, a, b }) => {
      await a.start("keepalived", configurationOf({ ...FAST, priority: 200, lines: ["dont_track_primary"] }));
      await lab.waitForOnlyHolder(VIP, a.host);
      await b.holdfast(configurationOf({ ...FAST, priority: 150 }));
      await b.daemon.waitForLine(/Entering BACKUP STATE/);
      const mark = a.daemon.mark();
      await a.host.setLink("down");
      await a.daemon.waitForLine(/send advert error 101 \(Network is unreachable\)/);
      await b.host.vips.waitUntil(VIP, true);
      await a.host.setLink("up");
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(a.host.vips.tenures(VIP)).toHaveLength(1);
      expect(a.daemon.lines.slice(mark).join("\n")).not.toMatch(/Entering/);
    }));

  test.concurrent("its cable pulled and plugged: the VIP goes to the other node and comes back", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      await startBoth(pair);
      const sinceMs = Date.now();
      await a.host.setCable("pulled");
      await a.daemon.waitForLine(/Entering FAULT STATE/);
      await lab.waitForOnlyHolder(VIP, b.host);
      await a.host.setCable("plugged");
      await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(lab.twoHoldersMs(VIP, sinceMs)).toBeLessThan(100);
    }));

  test.concurrent("the VIP deleted by hand: put back at once, mastership kept", () =>
    withPair(async (pair) => {
      const { a, b, client } = pair;
      await Promise.all([startNginx(a.host), startNginx(b.host)]);
      await startBoth(pair);
      const prober = await client.ask(VIP);
      await prober.waitForAnswer({ by: "a" });
      const sinceMs = Date.now();
      await a.host.runOrThrow(["ip", "addr", "del", `${VIP}/24`, "dev", "eth0"]);
      await a.daemon.waitForLine(/put back 10\.77\.0\.100/);
      await a.host.vips.waitUntil(VIP, true);
      await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
      expect((await prober.measure(sinceMs)).longestOutageMs).toBeLessThan(100);
      expect((await a.instance()).state).toBe("MASTER");
      expect(a.host.vips.tenures(VIP)).toHaveLength(2);
      expect(b.host.vips.tenures(VIP)).toEqual([]);
      expect(await addressesOf(a.host)).toEqual([OWN, HELD]);
      await prober.stop();
    }));

  test.concurrent("@holdfast repair off, the VIP deleted by hand: mastership given up and taken again, as keepalived", () =>
    withNode(async (node) => {
      await node.holdfast(configurationOf({ ...FAST, priority: 200, lines: ["@holdfast repair off"] }));
      await node.host.vips.waitUntil(VIP, true);
      const mark = node.daemon.mark();
      await node.host.runOrThrow(["ip", "addr", "del", `${VIP}/24`, "dev", "eth0"]);
      await node.daemon.waitForLine(/Entering BACKUP STATE/, { after: mark });
      await node.daemon.waitForLine(/Entering MASTER STATE/, { after: mark });
      await node.host.vips.waitUntil(VIP, true);
    }));

  test.concurrent("its interface flushed and addressed anew: one holder at the end, the host's own address is primary", () =>
    withPair(async (pair) => {
      const { lab, a } = pair;
      await startBoth(pair);
      await a.host.runOrThrow(["ip", "addr", "flush", "dev", "eth0"]);
      await pass(1, a.host);
      await a.host.runOrThrow(["ip", "addr", "add", "10.77.0.1/24", "dev", "eth0"]);
      await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(await addressesOf(a.host)).toEqual([OWN, HELD]);
      expect((await a.instance()).state).toBe("MASTER");
      await a.stop();
      expect(await addressesOf(a.host)).toEqual([OWN]);
    }));

  test.concurrent("its interface flushed and addressed anew at once, as `ifdown; ifup` does: the same", () =>
    withPair(async (pair) => {
      const { lab, a } = pair;
      await startBoth(pair);
      await a.host.runOrThrow(["sh", "-c", "ip addr flush dev eth0; ip addr add 10.77.0.1/24 dev eth0"]);
      // Whatever happens in between, and even if nothing does, this is the end of it.
      await pass(3, a.host);
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(await addressesOf(a.host)).toEqual([OWN, HELD]);
      await a.stop();
      expect(await addressesOf(a.host)).toEqual([OWN]);
    }));

  test.concurrent("a VIP that is the host's own address: neither leased nor removed", () =>
    withPair(async ({ a, b }) => {
      const owned = { ...FAST, addresses: ["10.77.0.1/24"] };
      await a.holdfast(configurationOf({ ...owned, priority: 255 }));
      await a.daemon.waitForLine(/Entering MASTER STATE/);
      await a.daemon.waitForLine(/Sending gratuitous ARP on eth0 for 10\.77\.0\.1/);
      await b.holdfast(configurationOf({ ...owned, priority: 100 }));
      await pass(2, a.host);
      expect(await addressesOf(a.host)).toEqual([OWN]);
      expect(await addressesOf(b.host)).toEqual(["10.77.0.2/24 forever"]);
      expect((await a.instance()).virtualAddresses).toMatchObject([{ foreign: true, leaseUntil: null }]);
      await a.stop();
      expect(await addressesOf(a.host)).toEqual([OWN]);
    }));

  test.concurrent("addresses that others add and renew: left alone over mastership, hand-over and return", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      await a.host.runOrThrow(["ip", "addr", "add", "10.77.0.50/24", "dev", "eth0"]);
      await startBoth(pair);
      await a.host.runOrThrow(["ip", "addr", "add", "10.77.0.51/32", "dev", "eth0"]);
      await a.stop();
      await lab.waitForOnlyHolder(VIP, b.host);
      const foreign = ["10.77.0.1/24 forever", "10.77.0.51/32 forever", "10.77.0.50/24 forever secondary"];
      expect((await addressesOf(a.host)).toSorted()).toEqual(foreign.toSorted());
    }));

  test.concurrent("its adverts lost in one direction: two holders while it lasts, the stronger one alone afterwards", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      await startBoth(pair);
      const mend = await b.host.lose("adverts", a.host);
      await b.host.vips.waitUntil(VIP, true);
      await a.daemon.waitForLine(/lower priority 150, ours 200, forcing new election/);
      expect(a.host.vips.isHeld(VIP)).toBe(true);
      await mend();
      await lab.waitForOnlyHolder(VIP, a.host);
      await pass(2, a.host);
      expect(lab.holders(VIP)).toEqual(["a"]);
      expect(b.host.vips.tenures(VIP)).toHaveLength(1);
      expect(a.host.vips.tenures(VIP)).toHaveLength(1);
    }));

  test.concurrent("its firewall refuses its adverts: lets go before the other takes over, and is back when it is mended", () =>
    withPair(async ({ lab, a, b }) => {
      await a.holdfast(configurationOf({ priority: 200 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      await b.holdfast(configurationOf({ priority: 150 }));
      await b.daemon.waitForLine(/Entering BACKUP STATE/);
      const sinceMs = Date.now();
      await a.host.runOrThrow(["nft", "-f", "-"], REFUSE_ADVERTS);
      await b.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, b.host);
      expect(lab.twoHoldersMs(VIP, sinceMs)).toBe(0);
      expect(await a.instance()).toMatchObject({
        state: "BACKUP",
        sendFailure: expect.stringContaining("(EPERM)"),
        cause: { code: "SILENT" },
      });
      // It is the stronger one, so it tries every 3.2 s.
      const mark = a.daemon.mark();
      await pass(5, a.host);
      expect(a.daemon.lines.slice(mark).join("\n")).not.toContain("Entering MASTER");
      expect(b.host.vips.tenures(VIP)).toHaveLength(1);
      await a.host.runOrThrow(["nft", "delete", "table", "inet", "mute"]);
      await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      await a.daemon.waitForLine(/adverts can be sent again/, { after: mark });
      expect((await a.instance()).sendFailure).toBeNull();
    }));

  test.concurrent("everything lost between the two for a while, in both directions: one holder at the end", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      await startBoth(pair);
      const mendOne = await b.host.lose("everything", a.host);
      const mendOther = await a.host.lose("everything", b.host);
      await b.host.vips.waitUntil(VIP, true);
      await mendOne();
      await mendOther();
      await lab.waitForOnlyHolder(VIP, a.host);
    }));
});

const REFUSE_ADVERTS = `table inet mute {
  chain output { type filter hook output priority 0; meta l4proto 112 drop; }
}`;

async function startBoth({ lab, a, b }: Pair, lines: readonly string[] = []): Promise<void> {
  await a.holdfast(configurationOf({ ...FAST, priority: 200, lines }));
  await lab.waitForOnlyHolder(VIP, a.host);
  await b.holdfast(configurationOf({ ...FAST, priority: 150 }));
  await b.daemon.waitForLine(/Entering BACKUP STATE/);
}
