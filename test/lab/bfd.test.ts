import { expect, test } from "vitest";
import { needs } from "../require.ts";
import { startBfdd } from "../../src/lab/frr.ts";
import { enters, sessionOf, sessionTo, tracking } from "./bfd-sessions.ts";
import { configurationOf, isHoldfast, LAB_NEEDS, pass, VIP, withNode, withPair } from "./cluster.ts";

const [A, B] = ["10.77.0.1", "10.77.0.2"];

needs(LAB_NEEDS)("BFD", () => {
  test.concurrent("two Holdfast hosts: up at the agreed pace, and in the status of both (RFC5880-6.8)", () =>
    withPair(async ({ lab, a, b }) => {
      const slower = sessionTo(A, "min_rx 150", "multiplier 6");
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B), lines: tracking() }));
      await b.holdfast(configurationOf({ priority: 100, blocks: slower, lines: tracking("weight 10") }));
      await enters(a.daemon, "Up");
      await enters(b.daemon, "Up");
      await lab.waitForOnlyHolder(VIP, a.host);
      // Both packets after the poll have come when either end shows the other's figures.
      await pass(0.3, a.host);
      expect(await sessionOf(a)).toMatchObject({
        state: "Up",
        verdict: "up",
        neighbor: B,
        // Ours is 100 ms, but the neighbour wants 150; its multiplier x the larger of 100 and 100.
        transmitIntervalMs: 150,
        detectionTimeMs: 600,
        remote: { state: "Up", multiplier: 6 },
      });
      expect(await sessionOf(b)).toMatchObject({ state: "Up", transmitIntervalMs: 100, detectionTimeMs: 750 });
      expect(await b.instance()).toMatchObject({
        effectivePriority: 110,
        trackers: [{ kind: "bfd", name: "peer", state: "up", weight: 10 }],
      });
      expect((await a.status()).daemon.processes.map(({ name, state }) => `${name} ${state}`)).toEqual([
        "supervisor running",
        "vrrp running",
        "bfd running",
      ]);
    }));

  test.concurrent("the neighbour falls silent, weight 0: FAULT within its Detection Time, BACKUP when it is back", () =>
    withPair(async ({ lab, a, b }) => {
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B), lines: tracking() }));
      await b.holdfast(configurationOf({ priority: 100, blocks: sessionTo(A) }));
      await lab.waitForOnlyHolder(VIP, a.host);
      const mark = a.daemon.mark();
      await b.host.signal("SIGSTOP", ({ name }) => name === "holdfast_bfd");
      await enters(a.daemon, "Down", mark);
      await a.daemon.waitForLine(/VRRP_Instance\(web\) Tracked BFD instance peer is DOWN/, { after: mark });
      await a.daemon.waitForLine(/\(web\) Entering FAULT STATE/, { after: mark });
      expect((await a.instance()).cause.text).toBe("BFD session peer is Down (Control Detection Time Expired)");
      await lab.waitForOnlyHolder(VIP, b.host);
      await b.host.signal("SIGCONT", ({ name }) => name === "holdfast_bfd");
      await a.daemon.waitForLine(/\(web\) Entering BACKUP STATE/, { after: mark });
      await lab.waitForOnlyHolder(VIP, a.host);
      const { stdout } = await a.command("events");
      expect(stdout).toContain("BFD session peer is Down (Control Detection Time Expired)");
    }));

  test.concurrent("keepalived at the other end: up, and down when it is killed (keepalived 2.2.7)", () =>
    withPair(async ({ a, b }) => {
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B), lines: tracking("weight -50") }));
      await b.start("keepalived", configurationOf({ priority: 100, blocks: sessionTo(A), lines: tracking() }));
      await enters(a.daemon, "Up");
      await b.daemon.waitForLine(/\(peer\) Entering Up state/);
      const mark = a.daemon.mark();
      await b.host.signal("SIGKILL", ({ name }) => name.startsWith("keepalived"));
      await enters(a.daemon, "Down", mark);
      await a.daemon.waitForLine(/Changing effective priority from 200 to 150/, { after: mark });
    }));

  test.concurrent("keepalived at the other end, IPv6 with both defaults of the hop limit: up", () =>
    withPair(async ({ a, b }) => {
      for (const { host } of [a, b]) {
        const last = host === a.host ? 1 : 2;
        await host.runOrThrow(["ip", "addr", "add", `fd00:77::${last}/64`, "dev", "eth0", "nodad"]);
      }
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo("fd00:77::2", "source_ip fd00:77::1") }));
      const peer = sessionTo("fd00:77::1", "source_ip fd00:77::2");
      await b.start("keepalived", configurationOf({ priority: 100, blocks: peer, lines: tracking() }));
      await enters(a.daemon, "Up");
      await b.daemon.waitForLine(/\(peer\) Entering Up state/);
    }));

  test.concurrent("the bfd process is killed: what it knew last holds until its successor knows, nothing fails over", () =>
    withPair(async ({ lab, a, b }) => {
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B), lines: tracking() }));
      await b.holdfast(configurationOf({ priority: 100, blocks: sessionTo(A) }));
      await lab.waitForOnlyHolder(VIP, a.host);
      const mark = a.daemon.mark();
      const sinceMs = Date.now();
      await a.host.signal("SIGKILL", isHoldfast("bfd"));
      await a.daemon.waitForLine(/BFD child process\(\d+\) died: killed by SIGKILL/, { after: mark });
      await enters(a.daemon, "Up", mark);
      const after = a.daemon.lines.slice(mark).join("\n");
      expect(after).not.toMatch(/FAULT|BACKUP|Tracked BFD/);
      expect(lab.holders(VIP)).toEqual(["a"]);
      expect(b.host.vips.tenures(VIP).filter(({ fromMs }) => fromMs >= sinceMs)).toEqual([]);
    }));

  test.concurrent("the supervisor is killed: the bfd process goes with it", () =>
    withNode(async (node) => {
      await node.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B) }));
      await node.daemon.waitForLine(/Starting BFD child process/);
      await node.host.signal("SIGKILL", isHoldfast("supervisor"));
      await node.host.runOrThrow(["timeout", "10", "sh", "-c", "while pgrep -x holdfast_bfd; do sleep 0.05; done"]);
    }));

  test.concurrent("a reload with another pace: polls, and the session stays up on both ends (RFC5880-6.8.3)", () =>
    withPair(async ({ a, b }) => {
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B), lines: tracking() }));
      await b.holdfast(configurationOf({ priority: 100, blocks: sessionTo(A) }));
      await enters(a.daemon, "Up");
      await enters(b.daemon, "Up");
      const marks = [a.daemon.mark(), b.daemon.mark()];
      const slow = configurationOf({ priority: 200, blocks: sessionTo(B, "min_tx 300"), lines: tracking() });
      await a.host.writeFile("/etc/keepalived/keepalived.conf", slow);
      await a.command("reload");
      await pass(1.5, a.host);
      expect(await sessionOf(a)).toMatchObject({ state: "Up", transmitIntervalMs: 300 });
      expect(await sessionOf(b)).toMatchObject({ state: "Up", detectionTimeMs: 1_500 });
      expect(a.daemon.lines.slice(marks[0]).join("\n")).not.toContain("(peer) Entering");
      expect(b.daemon.lines.slice(marks[1]).join("\n")).not.toContain("(peer) Entering");
    }));

  test.concurrent("stop: the neighbour hears AdminDown, and the vrrp process has handed over before", () =>
    withPair(async ({ lab, a, b }) => {
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B) }));
      await b.holdfast(configurationOf({ priority: 100, blocks: sessionTo(A), lines: tracking("weight 10") }));
      await lab.waitForOnlyHolder(VIP, a.host);
      await enters(b.daemon, "Up");
      await a.stop();
      const down = await enters(b.daemon, "Down");
      expect(down).toContain("Neighbor Signaled Session Down, Remote diagnostic - Administratively Down");
      await lab.waitForOnlyHolder(VIP, b.host);
      const lines = b.daemon.lines.join("\n");
      expect(lines.indexOf("Entering MASTER STATE")).toBeLessThan(lines.indexOf("Entering Down state"));
    }));

  test.concurrent("names of the process, its pid file, and -B", () =>
    withNode(async (node) => {
      const named = configurationOf({
        priority: 200,
        global: ["process_names"],
        blocks: sessionTo(B),
        lines: tracking(),
      });
      await node.holdfast(named, "-b", "/run/b.pid");
      await node.daemon.waitForLine(/Starting BFD child process/);
      await node.host.runOrThrow(["timeout", "10", "sh", "-c", "until test -s /run/b.pid; do sleep 0.05; done"]);
      const { stdout } = await node.host.run(["sh", "-c", "cat /proc/$(cat /run/b.pid)/comm"]);
      expect(stdout.trim()).toBe("keepalived_bfd");
      await node.stop();
      await node.holdfast(named, "-B");
      await node.daemon.waitForLine(/Tracked BFD instance peer is DOWN/);
      expect((await node.host.processes()).some(({ name }) => name.endsWith("_bfd"))).toBe(false);
      expect((await node.instance()).state).toBe("FAULT");
    }));
});

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "vtysh"] })("BFD with FRR's bfdd", () => {
  test.concurrent("single hop: up on both ends with each other's figures; killed: down by the Detection Time", () =>
    withPair(async ({ a, b }) => {
      const frr = await startBfdd(b.host, A, "detect-multiplier 7", "receive-interval 130", "transmit-interval 110");
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B), lines: tracking() }));
      await enters(a.daemon, "Up");
      await pass(2.5, a.host);
      // 130 ms is what FRR wants to hear at most; 7 x 110 ms is how long it may be silent.
      expect(await sessionOf(a)).toMatchObject({ state: "Up", transmitIntervalMs: 130, detectionTimeMs: 770 });
      expect(await frr.peers()).toMatchObject([
        {
          status: "up",
          "remote-transmit-interval": 100,
          "remote-receive-interval": 100,
          "remote-detect-multiplier": 5,
        },
      ]);
      frr.kill();
      expect(await enters(a.daemon, "Down")).toContain("Local diagnostic - Control Detection Time Expired");
    }));

  test.concurrent("multihop, and echo offered: up (RFC5883-5, RFC5880-6.8.9)", () =>
    withPair(async ({ a, b }) => {
      const frr = await startBfdd(b.host, `${A} multihop local-address ${B}`, "receive-interval 130");
      const far = sessionTo(B, "multihop", `source_ip ${A}`);
      await a.holdfast(configurationOf({ priority: 200, blocks: far, lines: tracking() }));
      await enters(a.daemon, "Up");
      expect(await frr.peers()).toMatchObject([{ multihop: true }]);
      await frr.stop();
      await enters(a.daemon, "Down");
    }));

  test.concurrent("bfdd has the port of this host: said once, and the session comes up when it is gone", () =>
    withPair(async ({ a, b }) => {
      const frr = await startBfdd(a.host, "10.77.0.77");
      await b.holdfast(configurationOf({ priority: 100, blocks: sessionTo(A) }));
      await a.holdfast(configurationOf({ priority: 200, blocks: sessionTo(B) }));
      await a.daemon.waitForLine(/Address already in use.*is another BFD daemon running on this host/);
      await frr.stop();
      await enters(a.daemon, "Up");
      expect(a.daemon.lines.filter((line) => line.includes("another BFD daemon"))).toHaveLength(1);
    }));
});
