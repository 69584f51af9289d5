import { expect, test } from "vitest";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import { addressesOf, configurationOf, LAB_NEEDS, pass, VIP, withPair } from "./cluster.ts";

const FAST = { interval: 0.3 } as const;

needs(LAB_NEEDS)("planned stops and returns", () => {
  test.concurrent("stopped and started again: the client sees no outage worth the name, neither way", () =>
    withPair(async ({ lab, a, b, client }) => {
      await Promise.all([startNginx(a.host), startNginx(b.host)]);
      await a.holdfast(configurationOf({ priority: 100, version: 2 }));
      await b.holdfast(configurationOf({ priority: 99, version: 2 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      const prober = await client.ask(VIP);
      await prober.waitForAnswer({ by: "a" });
      const stoppedMs = Date.now();
      expect(await a.stop()).toEqual({ kind: "exited", status: 0 });
      await lab.waitForOnlyHolder(VIP, b.host);
      await prober.waitForAnswer({ by: "b" });
      const stop = await prober.measure(stoppedMs);
      expect(stop.answeredBy).toEqual(["a", "b"]);
      expect(stop.longestOutageMs, JSON.stringify(stop.outages)).toBeLessThan(100);
      expect(lab.twoHoldersMs(VIP, stoppedMs)).toBeLessThan(100);
      expect(await addressesOf(a.host)).toEqual(["10.77.0.1/24 forever"]);

      const startedMs = Date.now();
      await a.holdfast(configurationOf({ priority: 100, version: 2 }));
      await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
      const back = await prober.measure(startedMs);
      expect(back.longestOutageMs, JSON.stringify(back.outages)).toBeLessThan(100);
      expect(lab.twoHoldersMs(VIP, startedMs)).toBeLessThan(100);
      await prober.stop();
    }));

  test.concurrent("stopped with nobody to take over: gone within the bound of the hand-over", () =>
    withPair(async ({ a }) => {
      await a.holdfast(configurationOf({ ...FAST, priority: 200 }));
      await a.host.vips.waitUntil(VIP, true);
      const stoppedMs = Date.now();
      expect(await a.stop()).toEqual({ kind: "exited", status: 0 });
      // 255/256 of advert_int, and what a process takes to end.
      expect((await a.host.vips.waitUntil(VIP, false)) - stoppedMs).toBeLessThan(299 + 500);
      expect(await addressesOf(a.host)).toEqual(["10.77.0.1/24 forever"]);
    }));

  test.concurrent("-V: the VIP stays at the stop, for ever and without a lease", () =>
    withPair(async ({ a }) => {
      await a.holdfast(configurationOf({ ...FAST, priority: 200 }), "-V");
      await a.host.vips.waitUntil(VIP, true);
      expect(await addressesOf(a.host)).toEqual(["10.77.0.1/24 forever", "10.77.0.100/24 leased secondary"]);
      expect(await a.stop()).toEqual({ kind: "exited", status: 0 });
      await pass(3, a.host);
      expect(await addressesOf(a.host)).toEqual(["10.77.0.1/24 forever", "10.77.0.100/24 forever secondary"]);
    }));

  test.concurrent("nopreempt: the stronger node that returns stays BACKUP", () =>
    withPair(async ({ lab, a, b }) => {
      const stronger = configurationOf({ ...FAST, priority: 200, lines: ["nopreempt"] });
      await a.holdfast(stronger);
      await b.holdfast(configurationOf({ ...FAST, priority: 150 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      await a.stop();
      await lab.waitForOnlyHolder(VIP, b.host);
      await a.holdfast(stronger);
      await a.daemon.waitForLine(/master set to 10\.77\.0\.2/);
      await pass(2, a.host);
      expect(lab.holders(VIP)).toEqual(["b"]);
      expect(await a.instance()).toMatchObject({ state: "BACKUP", master: { address: "10.77.0.2", priority: 150 } });
    }));

  test.concurrent("preempt_delay 3: the stronger node that returns takes over after it and not before", () =>
    withPair(async ({ lab, a, b }) => {
      const stronger = configurationOf({ ...FAST, priority: 200, lines: ["preempt_delay 3"] });
      await a.holdfast(stronger);
      await b.holdfast(configurationOf({ ...FAST, priority: 150 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      await a.stop();
      await lab.waitForOnlyHolder(VIP, b.host);
      await a.holdfast(stronger);
      const startedMs = Date.now();
      const takenMs = await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      // It counts from the first advert of the weaker one, which may have come one interval before the log told us.
      expect(takenMs - startedMs).toBeGreaterThan(2_500);
      expect(takenMs - startedMs).toBeLessThan(3_000 + 300 + 1_500);
    }));

  test.concurrent("keepalived's signals for dumps to both processes: nothing happens, no debugger is opened", () =>
    withPair(async ({ a, b }) => {
      await a.holdfast(configurationOf({ ...FAST, priority: 200 }));
      await b.holdfast(configurationOf({ ...FAST, priority: 150 }));
      await a.host.vips.waitUntil(VIP, true);
      const before = await a.host.processes();
      // 36 is SIGRTMIN+2 as programs count it, 64 is SIGRTMAX.
      for (const name of ["USR1", "USR2", "36", "63", "64", "USR1"]) {
        const pids = before.filter(({ name: comm }) => comm.startsWith("holdfast")).map(({ pid }) => String(pid));
        expect(pids).toHaveLength(2);
        await a.host.runOrThrow(["/bin/kill", `-${name}`, ...pids]);
      }
      await pass(2, a.host);
      expect((await a.host.processes()).filter(({ name }) => name.startsWith("holdfast"))).toEqual(
        before.filter(({ name }) => name.startsWith("holdfast")),
      );
      expect(await a.host.runOrThrow(["ss", "-H", "-l", "-t", "-n"])).toBe("");
      expect(a.host.vips.tenures(VIP)).toHaveLength(1);
      expect(b.host.vips.tenures(VIP)).toEqual([]);
    }));
});
