import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Program } from "../src/lab/program.ts";
import { configurationOf, VIP } from "./configuration.ts";
import { HOLDFAST, pass, type Pair } from "./pair.ts";
import { parsePcap, vrrpPriority, type Packet } from "../src/lab/pcap.ts";
import type { Measurement, Work } from "./work.ts";

/**
 * A tracked process is killed. The daemon runs in the host's network and in this machine's process namespace, since the kernel
 * tells keepalived of processes nowhere else. With weight 0 the priority goes to 0, and the advert that says so leaves at
 * once: any other change would wait for the next advert.
 */
export const PROCESS_DEATH: Work = {
  name: "process-death",
  rows: [
    {
      work: "track_process: from kill -9 to the advert with priority 0",
      unit: "ms",
      target: { atMost: 10, timesPeer: 1 },
    },
  ],
  partner: "holdfast",
  withService: false,
  width: 1,
  measured: "one-by-one",
  ready: async (pair) => void scenes.set(pair, await setUp(pair)),
  measure,
};

interface Scene {
  readonly folder: string;
  readonly service: Program;
  readonly daemon: Program;
}

async function setUp(pair: Pair): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  // The pairs stand ready side by side, and every daemon sees every process.
  serial += 1;
  const name = `hfb${process.pid}x${serial}`;
  copyFileSync("/bin/sleep", join(folder, name));
  const service = await Program.start([], [join(folder, name), "1000"]);
  const file = join(folder, "daemon.conf");
  const lines = ["track_process {", "    service", "}"];
  const block = ["vrrp_track_process service {", `    process ${name}`, "}", ""].join("\n");
  writeFileSync(file, configurationOf({ priority: 100, lines }).replace("vrrp_instance", `${block}\nvrrp_instance`));
  const daemon = await startDaemon(pair, folder, file);
  const scene = { folder, service, daemon };
  try {
    await pair.stronger.host.vips.waitUntil(VIP, true);
    await pass(SETTLING_MS);
  } catch (error) {
    await tearDown(scene);
    throw error;
  }
  return scene;
}

async function startDaemon({ stronger }: Pair, folder: string, file: string): Promise<Program> {
  const { namespace } = stronger.host;
  const pids = ["-p", join(folder, "pid"), "-r", join(folder, "vrrp.pid")];
  const common = ["-n", "-l", "-D", "-f", file, ...pids];
  if (stronger.daemon === "keepalived") {
    return Program.start([], ["keepalived", ...common, "-P", "-s", namespace]);
  }
  const places = ["--runtime-dir", join(folder, "run"), "--state-dir", join(folder, "state")];
  return Program.start(["nsenter", `--net=/run/netns/${namespace}`], [HOLDFAST, ...common, ...places]);
}

async function measure(pair: Pair): Promise<Measurement> {
  const scene = scenes.get(pair);
  if (scene === undefined) throw new Error("Nothing was set up");
  scenes.delete(pair);
  try {
    const capture = await pair.client.capture("vrrp");
    await pass(SETTLING_MS);
    const killedAt = performance.timeOrigin + performance.now();
    scene.service.signal("SIGKILL");
    await pair.stronger.host.vips.waitUntil(VIP, false);
    const packets = parsePcap(await capture.stop());
    return { values: [farewellAt(packets) - killedAt] };
  } finally {
    await tearDown(scene);
  }
}

function farewellAt(packets: readonly Packet[]): number {
  const farewell = packets.find(({ frame }) => vrrpPriority(frame) === 0);
  if (farewell === undefined) throw new Error("The capture lacks an advert with priority 0");
  return farewell.atMs;
}

async function tearDown({ folder, service, daemon }: Scene): Promise<void> {
  service.signal("SIGKILL");
  await daemon.stop();
  rmSync(folder, { recursive: true });
}

const scenes = new WeakMap<Pair, Scene>();
const SETTLING_MS = 500;
let serial = 0;
