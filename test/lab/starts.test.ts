import { expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { needs } from "../require.ts";
import {
  addressesOf,
  awaitNoHoldfast,
  configurationOf,
  CONFIGURATION_FILE,
  HOLDFAST,
  isOf,
  LAB_NEEDS,
  pass,
  VIP,
  withNode,
} from "./cluster.ts";

const GOOD = configurationOf({ interval: 0.3, priority: 200 });
const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "setpriv"] })("starts", () => {
  test.concurrent("as an ordinary user: exit 4, and the missing capabilities are named", () =>
    withNode(async ({ host }) => {
      await host.writeFile(CONFIGURATION_FILE, GOOD);
      // An ordinary user may not be allowed into the folder where this checkout lies.
      await host.runOrThrow(["mkdir", "-p", "/run/lab/holdfast"]);
      await host.runOrThrow(["mount", "--bind", CHECKOUT, "/run/lab/holdfast"]);
      const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const { end, stderr } = await host.run([
        ...user,
        "/run/lab/holdfast/bin/holdfast",
        "-n",
        "-l",
        "-f",
        CONFIGURATION_FILE,
      ]);
      expect(end).toEqual({ kind: "exited", status: 4 });
      expect(stderr).toMatch(/No permission: missing CAP_NET_ADMIN .*CAP_NET_RAW .*Start it as root/);
      expect(stderr).not.toMatch(STACK_TRACE);
      expect(await addressesOf(host)).toEqual(["10.77.0.1/24 forever"]);
    }));

  test.concurrent.for([
    ["net_raw", /missing CAP_NET_RAW \(to send and receive VRRP and ARP\)/],
    ["net_admin", /missing CAP_NET_ADMIN \(to add virtual addresses\)/],
  ] as const)("as root without %s, as in a container: exit 4, and it is named", ([capability, words]) =>
    withNode(async ({ host }) => {
      await host.writeFile(CONFIGURATION_FILE, GOOD);
      const less = ["setpriv", `--bounding-set=-${capability}`, `--inh-caps=-${capability}`];
      const { end, stderr } = await host.run([...less, HOLDFAST, "-n", "-l", "-f", CONFIGURATION_FILE]);
      expect(end).toEqual({ kind: "exited", status: 4 });
      expect(stderr).toMatch(words);
      expect(await addressesOf(host)).toEqual(["10.77.0.1/24 forever"]);
    }),
  );

  test.concurrent("a second one beside the first: refused with its pid, the first goes on", () =>
    withNode(async (node) => {
      await node.holdfast(GOOD);
      await node.host.vips.waitUntil(VIP, true);
      const pid = (await node.host.readFile("/run/holdfast/holdfast.pid")).trim();
      const second = await node.host.run([HOLDFAST, "-n", "-l", "-f", CONFIGURATION_FILE]);
      expect(second.end).toEqual({ kind: "exited", status: 1 });
      expect(second.stderr).toContain(`daemon is already running, pid ${pid}`);
      await pass(2, node.host);
      expect(node.host.vips.tenures(VIP)).toHaveLength(1);
      expect(await node.instance()).toMatchObject({ state: "MASTER" });
      expect((await node.host.readFile("/run/holdfast/holdfast.pid")).trim()).toBe(pid);
    }));

  test.concurrent("without -n: back when it runs, a daemon with its pid file, gone without a trace after SIGTERM", () =>
    withNode(async ({ host }) => {
      await host.writeFile(CONFIGURATION_FILE, GOOD);
      const { end } = await host.run([HOLDFAST, "-f", CONFIGURATION_FILE]);
      expect(end).toEqual({ kind: "exited", status: 0 });
      const pid = (await host.readFile("/run/holdfast/holdfast.pid")).trim();
      expect((await host.processes()).filter(isOf("holdfast"))).toHaveLength(2);
      await host.vips.waitUntil(VIP, true);
      await host.runOrThrow(["kill", "-TERM", pid]);
      await awaitNoHoldfast(host);
      expect(await addressesOf(host)).toEqual(["10.77.0.1/24 forever"]);
      expect(await host.runOrThrow(["ls", "-A", "/run/holdfast"])).not.toMatch(/pid|sock/);
    }));

  test.concurrent("without -n and with a file that stops the start: the starter says why, exit 2", () =>
    withNode(async ({ host }) => {
      await host.writeFile(CONFIGURATION_FILE, GOOD.replace("priority 200", "priority"));
      const { end, stderr } = await host.run([HOLDFAST, "-f", CONFIGURATION_FILE]);
      expect(end).toEqual({ kind: "exited", status: 2 });
      expect(stderr).toMatch(/keepalived\.conf:8:/);
      await awaitNoHoldfast(host);
    }));

  test.concurrent("a pid file left by a crash, its number another program's now: started all the same", () =>
    withNode(async (node) => {
      const other = await node.host.start(["sleep", "1000"]);
      const [sleeper] = (await node.host.processes()).filter(({ args }) => args === "sleep 1000");
      await node.host.writeFile("/run/holdfast/holdfast.pid", `${sleeper?.pid}\n`);
      await node.host.runOrThrow(["touch", "-d", "1 hour ago", "/run/holdfast/holdfast.pid"]);
      await node.holdfast(GOOD);
      await node.host.vips.waitUntil(VIP, true);
      expect(other.isRunning).toBe(true);
    }));
});

const STACK_TRACE = /^\s+at .*:\d+:\d+\)?$|node:internal/m;
