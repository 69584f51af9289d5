import { fileURLToPath } from "node:url";
import type { Host, HostProcess } from "../src/lab/host.ts";
import { Lab } from "../src/lab/lab.ts";
import type { Program } from "../src/lab/program.ts";
import { startNginx } from "../src/lab/services.ts";
import { CROWD_NETWORK, vipsOf } from "./configuration.ts";

export type Daemon = "holdfast" | "keepalived";

/** With all details (-D), without them, or thrown away. */
export type LogAmount = "details" | "news" | "nothing";

/** Which daemon runs on the stronger node, and which on the other. */
export interface Contestants {
  readonly stronger: Daemon;
  readonly weaker: Daemon;
}

/** One host with the daemon that is measured, or its peer. */
export class BenchNode {
  readonly host: Host;
  readonly daemon: Daemon;
  #program: Program | undefined;

  constructor(host: Host, daemon: Daemon) {
    this.host = host;
    this.daemon = daemon;
  }

  /** The run that was started last. Its output is its log. */
  get program(): Program {
    if (this.#program === undefined) throw new Error(`No daemon was started on ${this.host.name}`);
    return this.#program;
  }

  /**
   * Starts the daemon in the foreground. Comes back when its VRRP process has read the configuration, as far as the log
   * tells. Gives the time (ms since 1970) at which the machine began to run it.
   */
  async start(configuration: string, log: LogAmount = "details"): Promise<number> {
    await this.host.writeFile(CONFIGURATION_FILE, configuration);
    const executable = this.daemon === "holdfast" ? HOLDFAST : "keepalived";
    const words = [executable, "-n", "-l", ...(log === "details" ? ["-D"] : []), "-f", CONFIGURATION_FILE];
    this.#program = await this.host.start([
      "bash",
      "-c",
      `echo "launched $EPOCHREALTIME"; exec "$@" ${log === "nothing" ? "&>/dev/null" : ""}`,
      "bash",
      ...words,
    ]);
    const line = await this.program.waitForLine(/^launched /);
    if (log !== "nothing") await this.program.waitForLine(/Startup complete|Entering BACKUP STATE/);
    return Number(line.slice("launched ".length)) * 1000;
  }

  /** Signals all processes of the daemon. Gives the time just before. */
  async signal(signal: NodeJS.Signals): Promise<number> {
    const sinceMs = Date.now();
    const count = await this.host.signal(signal, this.#isOwn);
    if (count === 0) throw new Error(`There is no process of ${this.daemon} on ${this.host.name}`);
    return sinceMs;
  }

  /** Adds up the PSS of all processes of the daemon, in MB of 1,000,000 bytes. */
  async memoryMb(): Promise<number> {
    const rollups = await this.#read("smaps_rollup");
    return [...rollups.matchAll(/^Pss:\s+(\d+) kB$/gm)].reduce((sum, [, kb]) => sum + Number(kb) * 1024, 0) / 1e6;
  }

  /** Adds up the processor time, in milliseconds, of all threads that the daemon's processes have at this moment. */
  async cpuMs(): Promise<number> {
    const lines = (await this.#read("task/*/schedstat")).trim().split("\n");
    return lines.reduce((sum, line) => sum + Number(line.split(" ")[0]), 0) / 1e6;
  }

  /** Ends the daemon at once and takes away everything that it has left behind. */
  async reset(): Promise<void> {
    await this.host.signal("SIGKILL", this.#isOwn);
    await this.#program?.waitForEnd();
    if (!this.host.isWatched) {
      const flush = `for link in /sys/class/net/eth*; do ip addr flush dev \${link##*/} to ${CROWD_NETWORK}; done`;
      await this.host.run(["sh", "-c", `${flush}; ${FORGET}`]);
      return;
    }
    const dels = vipsOf(MOST_INSTANCES).map((vip) => `ip addr del ${vip}/24 dev eth0`);
    await this.host.run(["sh", "-c", [...dels, FORGET].join("; ")]);
    for (const vip of vipsOf(MOST_INSTANCES)) await this.host.vips.waitUntil(vip, false);
  }

  /** The same file of all its processes. */
  async #read(file: string): Promise<string> {
    const own = (await this.host.processes()).filter(this.#isOwn);
    return this.host.runOrThrow(["sh", "-c", `cat ${own.map(({ pid }) => `/proc/${pid}/${file}`).join(" ")}`]);
  }

  readonly #isOwn = ({ name }: HostProcess): boolean => name.startsWith(this.daemon);
}

/** Two nodes and a client on a network of their own, in a lab of their own. */
export class Pair {
  readonly lab: Lab;
  /** 10.77.0.1 */
  readonly stronger: BenchNode;
  /** 10.77.0.2 */
  readonly weaker: BenchNode;
  /** 10.77.0.9 */
  readonly client: Host;

  private constructor(lab: Lab, stronger: BenchNode, weaker: BenchNode, client: Host) {
    this.lab = lab;
    this.stronger = stronger;
    this.weaker = weaker;
    this.client = client;
  }

  static async open(
    contestants: Contestants,
    { withService, watched = true }: { readonly withService: boolean; readonly watched?: boolean },
  ): Promise<Pair> {
    const lab = await Lab.open();
    try {
      const a = await lab.host("a", { address: "10.77.0.1/24", watched });
      const b = await lab.host("b", { address: "10.77.0.2/24", watched });
      const client = await lab.host("client", { address: "10.77.0.9/24", watched });
      if (withService) await Promise.all([startNginx(a), startNginx(b)]);
      return new Pair(lab, new BenchNode(a, contestants.stronger), new BenchNode(b, contestants.weaker), client);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Starts both daemons, the stronger first. Comes back when it holds all VIPs and the other has heard its adverts. */
  async boot(stronger: string, weaker: string, vips: readonly string[]): Promise<void> {
    await this.stronger.start(stronger);
    for (const vip of vips) await this.stronger.host.vips.waitUntil(vip, true);
    await this.weaker.start(weaker);
    // Until after two adverts, and until both have nothing to do any more but what they do for ever.
    await pass(SETTLING_MS);
    for (const vip of vips) await this.lab.waitForOnlyHolder(vip, this.stronger.host);
  }

  async reset(): Promise<void> {
    await Promise.all([this.stronger.reset(), this.weaker.reset()]);
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}

/** Lets time pass that is itself part of what is measured. */
export function pass(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** The file that every daemon of the bench reads. */
export const CONFIGURATION_FILE = "/etc/keepalived/keepalived.conf";

/** The executable of this checkout, whether the bench runs from source or compiled. */
export const HOLDFAST = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../bin/holdfast" : "../../bin/holdfast", import.meta.url),
);
/** Takes away what a daemon leaves on a host beside its addresses. */
const FORGET = "rm -rf /run/holdfast /run/keepalived* /var/lib/holdfast; nft flush ruleset";
const MOST_INSTANCES = 3;
const SETTLING_MS = 2_500;
