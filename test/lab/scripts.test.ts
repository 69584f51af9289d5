import { expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import { configurationOf, isOf, LAB_NEEDS, pass, VIP, withNode, withPair, writeScript } from "./cluster.ts";

const FAST = { interval: 0.3 } as const;
const CHECK = "/etc/keepalived/check_nginx.sh";

needs(LAB_NEEDS)("check scripts", () => {
  test.concurrent("nginx dies, weight -60: the other node takes over and gives back when nginx is mended", () =>
    withPair(async ({ lab, a, b, client }) => {
      const nginx = await serve(a.host);
      await serve(b.host);
      const tracked = { ...FAST, blocks: checkBlock("weight -60"), lines: TRACK };
      await a.holdfast(configurationOf({ ...tracked, priority: 200 }));
      await b.holdfast(configurationOf({ ...tracked, priority: 150 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      const prober = await client.ask(VIP);
      await prober.waitForAnswer({ by: "a" });
      const sinceMs = Date.now();
      await nginx.stop();
      await a.daemon.waitForLine(/Changing effective priority from 200 to 140/);
      await lab.waitForOnlyHolder(VIP, b.host);
      await prober.waitForAnswer({ by: "b" });
      expect(await a.instance()).toMatchObject({
        state: "BACKUP",
        priority: 200,
        effectivePriority: 140,
        cause: { code: "HIGHER_PRIORITY" },
        trackers: [{ kind: "script", name: "nginx", state: "down", weight: -60 }],
      });
      // Two failures a second apart, then the weaker node's own preemption.
      expect((await prober.measure(sinceMs)).longestOutageMs).toBeLessThan(2_000 + 1_100 + 1_500);
      await startNginx(a.host);
      await lab.waitForOnlyHolder(VIP, a.host);
      const backMs = Date.now();
      await prober.waitForAnswer({ by: "a", sinceMs: backMs });
      expect(await a.instance()).toMatchObject({ state: "MASTER", effectivePriority: 200 });
      expect((await b.instance()).cause.code).toBe("HIGHER_PRIORITY");
      await prober.stop();
    }));

  test.concurrent("nginx dies, weight 0: FAULT, and BACKUP then MASTER when it is mended", () =>
    withPair(async ({ lab, a, b }) => {
      const nginx = await serve(a.host);
      await serve(b.host);
      const tracked = { ...FAST, blocks: checkBlock(), lines: TRACK };
      await a.holdfast(configurationOf({ ...tracked, priority: 200 }));
      await b.holdfast(configurationOf({ ...tracked, priority: 150 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      const sinceMs = Date.now();
      await nginx.stop();
      await a.daemon.waitForLine(/Entering FAULT STATE/);
      await lab.waitForOnlyHolder(VIP, b.host);
      expect(await a.instance()).toMatchObject({ state: "FAULT", cause: { code: "FAULT" } });
      await b.daemon.waitForLine(/Backup received priority 0 advertisement/);
      await startNginx(a.host);
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(lab.twoHoldersMs(VIP, sinceMs)).toBeLessThan(100);
    }));

  test.concurrent("a script that never ends: timed out, its whole process group killed, FAULT without a VIP", () =>
    withNode(async (node) => {
      await writeScript(node.host, CHECK, "sleep 1001 &", "sleep 1000");
      await node.holdfast(configurationOf({ ...FAST, priority: 200, blocks: checkBlock("timeout 1"), lines: TRACK }));
      await node.daemon.waitForLine(/VRRP_Script\(nginx\).*time/i);
      await pass(2.5, node.host);
      const sleeping = (await node.host.processes()).filter(({ args }) => /sleep 100[01]/.test(args));
      // At most those of the run that is under way.
      expect(sleeping.length).toBeLessThanOrEqual(2);
      expect((await node.instance()).state).not.toBe("MASTER");
      await node.stop();
      expect((await node.host.processes()).filter(({ args }) => /sleep 100[01]/.test(args))).toEqual([]);
      expect(node.host.vips.tenures(VIP)).toEqual([]);
    }));

  test.concurrent("a script that floods its output: judged by its status, mastership kept", () =>
    withNode(async (node) => {
      await writeScript(node.host, CHECK, "yes flood | head -c 20000000", "yes flood | head -c 5000000 >&2", "exit 0");
      await node.holdfast(configurationOf({ ...FAST, priority: 200, blocks: checkBlock("timeout 5"), lines: TRACK }));
      await node.daemon.waitForLine(/VRRP_Script\(nginx\) succeeded/);
      await node.host.vips.waitUntil(VIP, true);
      await pass(3, node.host);
      expect(node.host.vips.tenures(VIP)).toHaveLength(1);
      expect(node.host.vips.isHeld(VIP)).toBe(true);
      expect(node.log().join("\n")).not.toContain("flood flood");
      expect(node.log().length).toBeLessThan(200);
    }));

  test.concurrent("a script that forks a daemon and ends: judged at its end, and the daemon lives on", () =>
    withNode(async (node) => {
      await writeScript(node.host, CHECK, "pgrep -f 'sleep 2002' >/dev/null || setsid sleep 2002 &", "exit 0");
      await node.holdfast(configurationOf({ ...FAST, priority: 200, blocks: checkBlock("timeout 5"), lines: TRACK }));
      await node.daemon.waitForLine(/VRRP_Script\(nginx\) succeeded/, { withinMs: 3_000 });
      await node.host.vips.waitUntil(VIP, true);
    }));
});

const NOTES = "/run/lab/notes";
const NOTE = "/etc/keepalived/note.sh";

needs(LAB_NEEDS)("notify scripts", () => {
  test.concurrent("BACKUP, MASTER, FAULT, BACKUP, MASTER, STOP: in order, keepalived's arguments, the specific one first", () =>
    withNode(async (node) => {
      await writeScript(node.host, NOTE, `echo "$@" >> ${NOTES}`, "echo noted");
      const lines = [
        `notify "${NOTE} any"`,
        `notify_master "${NOTE} master one 'two words'"`,
        `notify_backup "${NOTE} backup"`,
        `notify_fault ${NOTE}`,
        `notify_stop "${NOTE} stop"`,
      ];
      await node.host.writeFile(NOTES, "");
      const notes = await follow(node.host);
      await node.holdfast(configurationOf({ ...FAST, priority: 201, lines }));
      await notes.waitForLine(/any INSTANCE web MASTER/);
      await node.host.setLink("down");
      await notes.waitForLine(/any INSTANCE web FAULT/);
      const mark = notes.mark();
      await node.host.setLink("up");
      await notes.waitForLine(/any INSTANCE web MASTER/, { after: mark });
      expect(await node.stop()).toEqual({ kind: "exited", status: 0 });
      expect((await node.host.readFile(NOTES)).trimEnd().split("\n")).toEqual([
        "backup",
        "any INSTANCE web BACKUP 201",
        "master one two words",
        "any INSTANCE web MASTER 201",
        "",
        "any INSTANCE web FAULT 201",
        "backup",
        "any INSTANCE web BACKUP 201",
        "master one two words",
        "any INSTANCE web MASTER 201",
        "stop",
        "any INSTANCE web STOP 201",
      ]);
    }));

  test.concurrent("one that hangs: killed with its children after its timeout, what was overtaken is skipped", () =>
    withNode(async (node) => {
      await writeScript(
        node.host,
        NOTE,
        `echo "$3" >> ${NOTES}`,
        `[ "$3" = BACKUP ] && { trap '' TERM; sleep 3003 & sleep 3003; wait; }`,
        "exit 0",
      );
      await node.host.writeFile(NOTES, "");
      const lines = [`notify ${NOTE}`, "@holdfast notify_timeout 2"];
      const notes = await follow(node.host);
      await node.holdfast(configurationOf({ ...FAST, priority: 200, lines }));
      await notes.waitForLine(/BACKUP/);
      await node.host.vips.waitUntil(VIP, true);
      await notes.waitForLine(/MASTER/);
      await node.daemon.waitForLine(/a notify script takes too long, sending SIGTERM/);
      await node.daemon.waitForLine(/a notify script takes too long, sending SIGKILL/);
      expect((await node.host.processes()).filter(({ args }) => args.includes("sleep 3003"))).toEqual([]);
      expect(node.host.vips.isHeld(VIP)).toBe(true);
    }));

  test.concurrent("one that is missing or not executable: said, and the service goes on", () =>
    withNode(async (node) => {
      await node.host.writeFile("/etc/keepalived/plain.sh", "#!/bin/sh\n", 0o644);
      const lines = ["notify_master /etc/keepalived/no-such.sh", "notify_backup /etc/keepalived/plain.sh"];
      await node.holdfast(configurationOf({ ...FAST, priority: 200, lines }));
      await node.host.vips.waitUntil(VIP, true);
      const log = node.log().join("\n");
      expect(log).toMatch(/keepalived\.conf:\d+:\d+\).*no-such\.sh/);
      expect(log).toMatch(/keepalived\.conf:\d+:\d+\).*plain\.sh/);
      expect(await node.host.signal("SIGTERM", isOf("holdfast"))).toBe(2);
      expect(await node.daemon.waitForEnd()).toEqual({ kind: "exited", status: 0 });
    }));
});

/** nginx with the usual check of its processes. */
async function serve(host: Host): ReturnType<typeof startNginx> {
  await writeScript(host, CHECK, `[ "$(ps -C nginx --no-heading | wc -l)" -gt 0 ]`);
  return startNginx(host);
}

function checkBlock(...lines: readonly string[]): string[] {
  return ["vrrp_script nginx {", `script "${CHECK}"`, "interval 1", "fall 2", "rise 1", ...lines, "}"];
}

/** The notes as they are written, line by line. */
function follow(host: Host): ReturnType<Host["start"]> {
  return host.start(["tail", "-n", "+1", "-F", NOTES]);
}

const TRACK = ["track_script {", "nginx", "}"];
