import { fileURLToPath } from "node:url";
import type { Host, HostProcess } from "../src/lab/host.ts";
import type { Program } from "../src/lab/program.ts";
import type { Daemon, Which } from "./fault.ts";
import {
  CONFIGURATION_FILE,
  configurationOf,
  IPV6_PREFIX_LENGTH,
  type NodeSettings,
  type Settings,
} from "./settings.ts";
import { ordinary } from "./urgency.ts";

/** A line that a daemon wrote, and when it was read (ms since 1970). */
export interface LogLine {
  readonly atMs: number;
  readonly text: string;
}

/** A host with the daemon that runs on it, through its deaths and starts. */
export class SoakNode {
  readonly host: Host;
  readonly name: string;
  readonly daemon: Daemon;
  /** Of all runs. */
  readonly log: LogLine[] = [];
  readonly #settings: Settings;
  readonly #own: NodeSettings;
  #priority: number;
  #program: Program | undefined;

  constructor(host: Host, settings: Settings, own: NodeSettings) {
    this.host = host;
    this.name = own.name;
    this.daemon = own.daemon;
    this.#settings = settings;
    this.#own = own;
    this.#priority = own.priority;
  }

  /** As the file says that the daemon was given last. */
  get priority(): number {
    return this.#priority;
  }

  /** Sets the link up, with the address that the kernel took away when it went down. */
  async setLinkUp(): Promise<void> {
    await this.host.setLink("up");
    await addIpv6Address(this.host, this.#own.ipv6Address);
  }

  /** Starts the daemon. Comes back when it has read its configuration. */
  async start(): Promise<void> {
    await this.#write(this.#configuration());
    // Holdfast is real-time by itself. A keepalived that makes itself so is killed by its own limit (RLIMIT_RTTIME) on a busy
    // machine, so it is made so from outside, as the soak is.
    const command = this.daemon === "holdfast" ? [...ordinary, HOLDFAST] : ["keepalived"];
    const program = await this.host.start([...command, "-n", "-l", "-D", "-f", CONFIGURATION_FILE]);
    this.#program = program;
    this.#note("(started)");
    let read = 0;
    const take = (): void => {
      for (const text of program.lines.slice(read)) this.#note(text);
      read = program.lines.length;
    };
    program.onLine(take);
    take();
    await program.waitForLine(/Startup complete|Entering \w+ STATE/);
  }

  /** Asks the daemon to end, and waits until it has. */
  async stop(): Promise<void> {
    await this.#program?.stop();
    await this.awaitNoProcess();
  }

  /** Waits until no process of the daemon is left. */
  async awaitNoProcess(): Promise<void> {
    const left = (await this.host.processes()).filter(this.#isOwn).map(({ pid }) => `--pid=${pid}`);
    for (const pid of left) await this.host.runOrThrow(["timeout", "10", "tail", pid, "-f", "/dev/null"]);
  }

  async signal(signal: NodeJS.Signals, which: Which): Promise<void> {
    const pids = (await this.processes(which)).map(({ pid }) => pid);
    await this.host.signal(signal, ({ pid }) => pids.includes(pid));
  }

  async processes(which: Which = "all"): Promise<HostProcess[]> {
    const own = (await this.host.processes()).filter(this.#isOwn);
    const first = Math.min(...own.map(({ pid }) => pid));
    if (which === "all") return own;
    // keepalived's processes all have one name; the parent is the oldest.
    return own.filter(({ pid, name }) => {
      const isParent = this.daemon === "holdfast" ? name === "holdfast" : pid === first;
      return (which === "supervisor") === isParent && (isParent || name !== "holdfast_mail");
    });
  }

  /** Has the daemon read its file with another priority. */
  async reload(priority: number): Promise<void> {
    this.#priority = priority;
    await this.#reload(this.#configuration());
  }

  /** Has the daemon read a file with a mistake in it. Gives what puts the file right, without another reload. */
  async reloadMistake(): Promise<() => Promise<void>> {
    await this.#reload(this.#configuration().replace("priority ", "priorityy "));
    return () => this.#write(this.#configuration());
  }

  /** Adds up the PSS of all processes of the daemon, in MB of 1,000,000 bytes. */
  async memoryMb(): Promise<number> {
    const own = await this.processes();
    const { stdout } = await this.host.run(["cat", ...own.map(({ pid }) => `/proc/${pid}/smaps_rollup`)]);
    return [...stdout.matchAll(/^Pss:\s+(\d+) kB$/gm)].reduce((sum, [, kb]) => sum + Number(kb) * 1024, 0) / 1e6;
  }

  async #reload(configuration: string): Promise<void> {
    await this.#write(configuration);
    const mark = this.#program?.mark() ?? 0;
    this.#program?.signal("SIGHUP");
    await this.#program?.waitForLine(/Reload|reload/, { after: mark });
  }

  #write(configuration: string): Promise<void> {
    return this.host.writeFile(CONFIGURATION_FILE, configuration);
  }

  #configuration(): string {
    return configurationOf(this.#settings, this.#own, this.#priority);
  }

  #note(text: string): void {
    this.log.push({ atMs: Date.now(), text });
  }

  readonly #isOwn = ({ name }: HostProcess): boolean => name.startsWith(this.daemon);
}

/** Gives a host an address of its own, which it can use at once. */
export async function addIpv6Address(host: Host, address: string): Promise<void> {
  await host.runOrThrow(["ip", "addr", "add", `${address}/${IPV6_PREFIX_LENGTH}`, "dev", "eth0", "nodad"]);
}

/** The executable of this checkout, whether the soak runs from source or compiled. */
const HOLDFAST = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../bin/holdfast" : "../../bin/holdfast", import.meta.url),
);
