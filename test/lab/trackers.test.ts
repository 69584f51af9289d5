import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import { Program } from "../../src/lab/program.ts";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import { configurationOf, HOLDFAST, LAB_NEEDS, VIP, withNode, withPair, type Daemon } from "./cluster.ts";

const NEEDS = { ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "tcpdump"] };
const FAST = { interval: 0.1 } as const;
const NUMBER = "/run/lab/number";

needs(NEEDS)("weights, as the adverts tell them", () => {
  describe.each(["keepalived", "holdfast"] as const)("%s", (daemon) => {
    test.concurrent("track_interface, with and without reverse", () =>
      withNode(async (node) => {
        await addSecondLink(node.host);
        const weights = ["weight 20", "weight -30", "weight 20 reverse", "weight -30 reverse", "weight 0 reverse"];
        const adverts = await Adverts.watch(node.host);
        await node.start(daemon, instances(weights.map((weight) => ["track_interface {", `eth9 ${weight}`, "}"])));
        await adverts.until([120, 100, 80, 100, "none"]);
        await node.host.runOrThrow(["ip", "link", "set", "eth9peer", "down"]);
        await adverts.until([100, 70, 100, 130, 100]);
        await node.host.runOrThrow(["ip", "link", "set", "eth9peer", "up"]);
        await adverts.until([120, 100, 80, 100, "none"]);
      }));

    test.concurrent("track_file: the number times the weight, FAULT from -254, 0 where there is no file", () =>
      withNode(async (node) => {
        const weights = ["", "weight -5", "weight 2 reverse", "weight 0", "weight 0 reverse"];
        const adverts = await Adverts.watch(node.host);
        const file = ["track_file number {", `file ${NUMBER}`, "}"];
        await node.start(
          daemon,
          instances(
            weights.map((weight) => ["track_file {", `number ${weight}`, "}"]),
            file,
          ),
        );
        await adverts.until([100, 100, 100, 100, "none"]);
        const numbers: readonly [string, (number | "none")[]][] = [
          ["10", [110, 50, 80, "none", 100]],
          ["-200", [1, 254, 254, "none", 100]],
          ["0x10", [116, 20, 68, "none", 100]],
          ["010", [108, 60, 84, "none", 100]],
          ["5 apples", [105, 75, 90, "none", 100]],
          ["apples", [100, 100, 100, 100, "none"]],
          ["200", [254, "none", "none", "none", 100]],
          ["-60", [40, 254, 220, "none", 100]],
          ["", [100, 100, 100, 100, "none"]],
          ["-254", ["none", 254, 254, "none", 100]],
        ];
        for (const [text, expected] of numbers) {
          await node.host.writeFile(NUMBER, `${text}\n`);
          await adverts.until(expected);
        }
        await node.host.runOrThrow(["rm", NUMBER]);
        await adverts.until([100, 100, 100, 100, "none"]);
        await node.host.writeFile(`${NUMBER}.new`, "7\n");
        await node.host.runOrThrow(["mv", `${NUMBER}.new`, NUMBER]);
        await adverts.until([107, 65, 86, "none", 100]);
      }));

    // In the first process namespace, since the kernel tells keepalived of processes only there; the network is the lab's.
    test.concurrent("track_process: too few, enough, too many", () =>
      withNode(async (node) => {
        const folder = mkdtempSync(join(tmpdir(), "holdfast-lab-"));
        const name = `hft${process.pid}${daemon === "holdfast" ? "h" : "k"}`;
        copyFileSync("/bin/sleep", join(folder, name));
        const weights = ["weight 20", "weight -30", "weight 20 reverse", "weight 0", "weight 0 reverse"];
        // keepalived 2.2.7 counts a new process twice now and then, so more than one cannot be asked of it.
        const limits = daemon === "holdfast" ? ["quorum 2", "quorum_max 3"] : [];
        const block = ["vrrp_track_process p {", `process ${name}`, ...limits, "}"];
        const configuration = instances(
          weights.map((weight) => ["track_process {", `p ${weight}`, "}"]),
          block,
        );
        const adverts = await Adverts.watch(node.host);
        const started: Program[] = [];
        const begin = async (): Promise<void> => {
          started.push(await Program.start([], [join(folder, name), "1000"]));
        };
        const end = async (): Promise<void> => {
          const last = started.pop();
          last?.signal("SIGKILL");
          await last?.waitForEnd();
        };
        const running = await startOutside(daemon, node.host, folder, configuration);
        try {
          const [few, enough] = [[100, 70, 100, "none", 100] as const, [120, 100, 80, 100, "none"] as const];
          await adverts.until(few);
          await begin();
          if (daemon === "holdfast") await begin();
          await adverts.until(enough);
          if (daemon === "holdfast") {
            await begin();
            await begin();
            await adverts.until(few);
            await end();
            await adverts.until(enough);
            await end();
          }
          await end();
          await adverts.until(few);
        } catch (error) {
          if (error instanceof Error) error.message += `\n${running.lastLines()}`;
          throw error;
        } finally {
          await running.stop();
          for (const program of started) program.signal("SIGKILL");
          rmSync(folder, { recursive: true });
        }
      }));
  });
});

needs(NEEDS)("tracked processes and files of a Holdfast pair", () => {
  test.concurrent("nginx killed, weight 0: FAULT within milliseconds, the VIP with the other node, and back", () =>
    withPair(async ({ lab, a, b }) => {
      const nginx = await startNginx(a.host);
      await startNginx(b.host);
      const tracked = {
        interval: 0.3,
        blocks: ["vrrp_track_process web_server {", "process nginx", "quorum 2", "}"],
        lines: ["track_process {", "web_server", "}"],
      };
      await a.holdfast(configurationOf({ ...tracked, priority: 200 }));
      await b.holdfast(configurationOf({ ...tracked, priority: 150 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      expect((await a.instance()).trackers).toEqual([
        {
          kind: "process",
          name: "web_server",
          state: "up",
          value: 2,
          weight: 0,
          reverse: false,
          contribution: 0,
          detail: "2 run, at least 2 wanted",
        },
      ]);
      const sinceMs = Date.now();
      nginx.signal("SIGKILL");
      await a.daemon.waitForLine(/Entering FAULT STATE/);
      report("nginx killed to the line in the log", sinceMs);
      await lab.waitForOnlyHolder(VIP, b.host);
      report("nginx killed to the VIP on the other node alone", sinceMs);
      expect(await a.instance()).toMatchObject({
        state: "FAULT",
        cause: {
          code: "FAULT",
          text: expect.stringMatching(/^tracked process web_server: [01] run, at least 2 wanted$/),
        },
      });
      await a.host.signal("SIGKILL", ({ name }) => name === "nginx");
      await startNginx(a.host);
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(lab.twoHoldersMs(VIP, sinceMs)).toBeLessThan(100);
    }));

  test.concurrent("a drain file: written by hand, moved by an editor, unreadable, gone; init_file at the start only", () =>
    withPair(async ({ lab, a, b }) => {
      const tracked = {
        interval: 0.3,
        blocks: ["track_file drain {", "file /run/lab/state/drain", "weight -1", "init_file 0 overwrite", "}"],
        lines: ["track_file {", "drain", "}"],
      };
      await a.host.writeFile("/run/lab/state/drain", "100\n", 0o640);
      await a.holdfast(configurationOf({ ...tracked, priority: 200 }));
      await b.holdfast(configurationOf({ ...tracked, priority: 150 }));
      expect(await a.host.readFile("/run/lab/state/drain")).toBe("0\n");
      expect(b.log().join("\n")).toMatch(/Track file drain is not initialized\. Cannot create/);
      await lab.waitForOnlyHolder(VIP, a.host);
      await a.host.runOrThrow(["sh", "-c", "echo 100 > /run/lab/state/drain"]);
      await a.daemon.waitForLine(/Changing effective priority from 200 to 100/);
      await lab.waitForOnlyHolder(VIP, b.host);
      expect((await a.instance()).trackers).toMatchObject([
        { kind: "file", name: "drain", state: "up", value: 100, contribution: -100, detail: "contains 100" },
      ]);
      // As an editor does: away with the old one, a new one in its place. In between it is not 0.
      const mark = a.daemon.mark();
      const edit = "cd /run/lab/state && mv drain drain~ && echo 90 > drain.new && mv drain.new drain && rm drain~";
      await a.host.runOrThrow(["sh", "-c", edit]);
      await a.daemon.waitForLine(/Changing effective priority from 100 to 110/, { after: mark });
      await a.host.signal("SIGHUP", ({ name }) => name === "holdfast");
      await a.daemon.waitForLine(/Reload complete/, { after: mark });
      expect(await a.host.readFile("/run/lab/state/drain")).toBe("90\n");
      await a.host.signal("SIGKILL", ({ name }) => name === "holdfast_vrrp");
      await a.daemon.waitForLine(/Startup complete/, { after: mark });
      expect(await a.host.readFile("/run/lab/state/drain")).toBe("90\n");
      await a.host.runOrThrow(["rm", "-r", "/run/lab/state"]);
      await a.daemon.waitForLine(/Changing effective priority from 110 to 200/, { after: mark });
      await lab.waitForOnlyHolder(VIP, a.host);
      await a.host.writeFile("/run/lab/state/drain", "200\n");
      await a.daemon.waitForLine(/Changing effective priority from 200 to 1/, { after: mark });
      await lab.waitForOnlyHolder(VIP, b.host);
    }));

  test.concurrent("its source address removed, with track_src_ip: FAULT, and back when it is there again", () =>
    withNode(async (node) => {
      await node.host.runOrThrow(["ip", "addr", "add", "10.77.0.11/24", "dev", "eth0"]);
      const lines = ["mcast_src_ip 10.77.0.11", "track_src_ip"];
      await node.holdfast(configurationOf({ ...FAST, priority: 200, lines }));
      await node.host.vips.waitUntil(VIP, true);
      await node.host.runOrThrow(["ip", "addr", "del", "10.77.0.11/24", "dev", "eth0"]);
      await node.host.vips.waitUntil(VIP, false);
      const { state, cause } = await node.instance();
      expect([state, cause.text]).toEqual(["FAULT", "the source address 10.77.0.11 is not on this host"]);
      await node.host.runOrThrow(["ip", "addr", "add", "10.77.0.11/24", "dev", "eth0"]);
      await node.host.vips.waitUntil(VIP, true);
    }));
});

needs(NEEDS)("interfaces that take their time", () => {
  test.concurrent("a link that bounces within interface_up_down_delays: mastership kept; one that stays down: FAULT", () =>
    withNode(async (node) => {
      const blocks = ["interface_up_down_delays {", "eth0 0.5 0.2", "}"];
      await node.holdfast(configurationOf({ interval: 1, priority: 200, blocks }));
      await node.host.vips.waitUntil(VIP, true);
      const mark = node.daemon.mark();
      await node.host.setCable("pulled");
      await node.daemon.waitForLine(/Netlink reports eth0 down/, { after: mark });
      await node.host.setCable("plugged");
      await node.daemon.waitForLine(/Netlink reports eth0 up/, { after: mark });
      expect((await node.instance()).state).toBe("MASTER");
      expect(node.host.vips.tenures(VIP)).toHaveLength(1);
      const downMs = Date.now();
      await node.host.setCable("pulled");
      await node.daemon.waitForLine(/Entering FAULT STATE/, { after: mark });
      expect(Date.now() - downMs).toBeGreaterThanOrEqual(500);
      expect(node.daemon.lines.slice(mark).filter((line) => line.includes("Entering FAULT STATE"))).toHaveLength(1);
      await node.host.setCable("plugged");
      await node.host.vips.waitUntil(VIP, true);
    }));

  test.concurrent("linkbeat: asked by ETHTOOL where the driver knows no MII, and a pulled cable is FAULT", () =>
    withNode(async (node) => {
      const blocks = ["linkbeat_interfaces {", "eth0", "}"];
      await node.holdfast(configurationOf({ ...FAST, priority: 200, blocks }));
      await node.daemon.waitForLine(/eth0 cannot be asked for its link by MII: .*; ETHTOOL is tried/);
      await node.host.vips.waitUntil(VIP, true);
      await node.host.setCable("pulled");
      await node.daemon.waitForLine(/Entering FAULT STATE/);
      await node.host.setCable("plugged");
      await node.host.vips.waitUntil(VIP, true);
    }));

  test.concurrent("dynamic_interfaces: missing at the start, comes, goes, and comes back under another index", () =>
    withNode(async (node) => {
      const configuration = configurationOf({
        ...FAST,
        priority: 200,
        global: ["dynamic_interfaces"],
        addresses: [`${VIP}/24`, "10.88.0.100/24 dev eth8"],
      }).replace("interface eth0", "interface eth9");
      await node.holdfast(configuration);
      expect(await node.instance()).toMatchObject({ state: "FAULT", cause: { text: "interface eth9 does not exist" } });
      for (const address of ["10.88.0.1/24", "10.88.0.2/24"]) {
        const mark = node.daemon.mark();
        await addSecondLink(node.host, address);
        await node.daemon.waitForLine(/Entering MASTER STATE/, { after: mark });
        await node.host.vips.waitUntil(VIP, true);
        // A VIP's own interface may come later still.
        await node.host.runOrThrow(["ip", "link", "add", "eth8", "type", "veth", "peer", "name", "eth8peer"]);
        await node.host.runOrThrow(["ip", "link", "set", "eth8", "up"]);
        await node.host.vips.waitUntil("10.88.0.100", true);
        await node.host.runOrThrow(["ip", "link", "del", "eth9"]);
        await node.daemon.waitForLine(/Entering FAULT STATE/, { after: mark });
        await node.host.vips.waitUntil("10.88.0.100", false);
        await node.host.runOrThrow(["ip", "link", "del", "eth8"]);
      }
    }));

  test.concurrent("without dynamic_interfaces an interface that is missing at the start is still refused", () =>
    withNode(async (node) => {
      await node.launch(configurationOf({ ...FAST, priority: 200 }).replace("interface eth0", "interface eth9"));
      await node.daemon.waitForLine(/no interface "?eth9/);
      expect(await node.daemon.waitForEnd()).toEqual({ kind: "exited", status: 2 });
    }));
});

/** The priorities that adverts on eth0 carry, by VRID. */
class Adverts {
  readonly #dump: Program;

  private constructor(dump: Program) {
    this.#dump = dump;
  }

  static async watch(host: Host): Promise<Adverts> {
    const dump = await host.start(["tcpdump", "-l", "-n", "-i", "eth0", "vrrp"]);
    await dump.waitForLine(/listening on/);
    return new Adverts(dump);
  }

  /** Waits until each instance, in order, advertises so: its last advert does, and where it is "none", said farewell or nothing. */
  async until(expected: readonly (number | "none")[]): Promise<void> {
    const mark = this.#dump.mark();
    const wanted = expected.map((priority) => String(priority === "none" ? 0 : priority));
    const look = (): boolean => {
      const now = expected.map((_, index) => this.#last(index, mark));
      return wanted.every((priority, index) => (now[index] ?? "0") === priority);
    };
    for (;;) {
      // A silent instance is known by what the others have said meanwhile.
      const from = this.#dump.mark();
      await this.#dump.waitForLine(/prio/, { after: from });
      if (look() && this.#rounds(mark) >= ROUNDS) return;
      if (this.#rounds(mark) > MOST_ROUNDS) {
        const seen = expected.map((_, index) => this.#last(index, mark) ?? "none");
        throw new Error(`Adverts with priorities ${wanted.join()} were awaited; they are ${seen.join()}`);
      }
    }
  }

  /** How often the one that advertises most has done so. */
  #rounds(mark: number): number {
    const counts = new Map<string, number>();
    for (const line of this.#dump.lines.slice(mark)) {
      const vrid = /vrid (\d+)/.exec(line)?.[1] ?? "";
      counts.set(vrid, (counts.get(vrid) ?? 0) + 1);
    }
    return Math.max(0, ...counts.values());
  }

  #last(index: number, mark: number): string | undefined {
    const pattern = new RegExp(`vrid ${FIRST_VRID + index}, prio (\\d+)`);
    const recent = this.#dump.lines.slice(mark).slice(-RECENT_LINES);
    return recent.map((line) => pattern.exec(line)?.[1]).findLast((priority) => priority !== undefined);
  }
}

/** One instance for each list of lines, with priority 100 and a VIP of its own. */
function instances(each: readonly (readonly string[])[], blocks: readonly string[] = []): string {
  const texts = each.map((lines, index) => {
    const settings = { ...FAST, priority: 100, lines, addresses: [`10.77.0.${FIRST_VRID + index}/32`] };
    return configurationOf({ ...settings, blocks: index === 0 ? blocks : [] })
      .replace("vrrp_instance web", `vrrp_instance web${index}`)
      .replace("virtual_router_id 51", `virtual_router_id ${FIRST_VRID + index}`);
  });
  return texts.map((text, index) => (index === 0 ? text : text.replace(/^global_defs \{[^}]*\}\n/, ""))).join("\n");
}

async function addSecondLink(host: Host, address?: string): Promise<void> {
  await host.runOrThrow(["ip", "link", "add", "eth9", "type", "veth", "peer", "name", "eth9peer"]);
  if (address !== undefined) await host.runOrThrow(["ip", "addr", "add", address, "dev", "eth9"]);
  for (const device of ["eth9", "eth9peer"]) await host.runOrThrow(["ip", "link", "set", device, "up"]);
}

/** Starts a daemon in the host's network and this machine's other namespaces. */
async function startOutside(daemon: Daemon, host: Host, folder: string, configuration: string): Promise<Program> {
  const file = join(folder, "daemon.conf");
  writeFileSync(file, configuration);
  if (daemon === "keepalived") {
    const pids = ["-p", join(folder, "pid"), "-r", join(folder, "vrrp.pid")];
    const program = await Program.start(
      [],
      ["keepalived", "-n", "-l", "-D", "-P", "-f", file, "-s", host.namespace, ...pids],
    );
    await program.waitForLine(/Startup complete/);
    return program;
  }
  const places = [
    "--runtime-dir",
    join(folder, "run"),
    "--state-dir",
    join(folder, "state"),
    "-p",
    join(folder, "pid"),
  ];
  const entrance = ["nsenter", `--net=/run/netns/${host.namespace}`];
  const program = await Program.start(entrance, [HOLDFAST, "-n", "-l", "-D", "-f", file, ...places]);
  await program.waitForLine(/Startup complete/);
  return program;
}

function report(what: string, sinceMs: number): void {
  process.stdout.write(`${what}: ${Date.now() - sinceMs} ms\n`);
}

const FIRST_VRID = 60;
/** Adverts of the most talkative instance that have to pass before silence of another means something. */
const ROUNDS = 6;
const MOST_ROUNDS = 80;
/** Of five instances at 100 ms these are the last four rounds. */
const RECENT_LINES = 20;
