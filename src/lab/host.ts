import { readFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { openHolder, type Undoing } from "./namespaces.ts";
import { Prober } from "./prober.ts";
import { Program, run, runOrThrow, type Finished } from "./program.ts";
import { beforeAllElse } from "./real-time.ts";
import { VipWatch } from "./vip-watch.ts";

/** A process on a host, by its pid there. */
export interface HostProcess {
  readonly pid: number;
  /** What `ps -C` goes by: the first fifteen bytes of the program's name. */
  readonly name: string;
  readonly args: string;
}

/**
 * One machine of a lab: its own network, pid, mount and UTS namespace. /etc is a copy of this machine's that the host may
 * change; /run, /var/log and /var/lib are empty and its own; everything else is this machine's.
 */
export class Host {
  readonly name: string;
  /** With prefix length, as given. */
  readonly address: string;
  readonly mac: string;
  readonly #network: Network;
  readonly #holder: number;
  readonly #vips: VipWatch | undefined;

  private constructor(identity: Identity, network: Network, holder: number, vips: VipWatch | undefined) {
    this.name = identity.name;
    this.address = identity.address;
    this.mac = identity.mac;
    this.#vips = vips;
    this.#network = network;
    this.#holder = holder;
  }

  /** Boots a host on the lab's network. The lab calls this; tests call `lab.host`. */
  static async open(identity: Identity, network: Network, undoing: Undoing): Promise<Host> {
    const { name, address, mac } = identity;
    const { namespace } = network;
    undoing.add(`ip netns del ${namespace}`);
    await runOrThrow(["ip", "netns", "add", namespace]);
    await runOrThrow(["ip", "-n", namespace, "link", "set", "lo", "up"]);
    await plugIn(network, { port: portOf(name, DEVICE), device: DEVICE, mac, bridge: BRIDGE, address });
    const holder = await openHolder(namespace, name, undoing);
    if (!identity.watched) return new Host(identity, network, holder, undefined);
    // It dates what it is told by when it gets to print it.
    const watch = beforeAllElse(["ip", "-ts", "-o", "monitor", "address"]);
    const monitor = await Program.start(entrance(holder, "--no-fork"), watch);
    const host = new Host(identity, network, holder, new VipWatch(monitor));
    await host.#awaitMonitor(monitor);
    return host;
  }

  /** Whether `vips` knows anything. */
  get isWatched(): boolean {
    return this.#vips !== undefined;
  }

  /** Every address that comes or goes here, as the kernel tells it. Throws where nobody watches. */
  get vips(): VipWatch {
    if (this.#vips === undefined) throw new Error(`Nobody watches the addresses of ${this.name}`);
    return this.#vips;
  }

  /** Its network namespace, by the name that `ip netns` knows. */
  get namespace(): string {
    return this.#network.namespace;
  }

  /**
   * Adds an interface on another network: that of all hosts with an interface of this name. `address` has its prefix length.
   * Names have up to four letters and digits.
   */
  async addInterface(device: string, address: string): Promise<void> {
    const { switchNamespace } = this.#network;
    const bridge = `br-${device}`;
    const found = await run(["ip", "-n", switchNamespace, "link", "show", bridge]);
    if (found.end.kind !== "exited" || found.end.status !== 0) await addBridge(switchNamespace, bridge);
    const mac = this.mac.replace(/^02:68/, "02:69");
    await plugIn(this.#network, { port: portOf(this.name, device), device, mac, bridge, address });
  }

  /** The words before a command that make it run on the host, for a shell of this machine's root. */
  get entrance(): readonly string[] {
    return entrance(this.#holder);
  }

  /** Runs a program on the host to its end. Its status is not judged. */
  run(argv: readonly string[], input?: string): Promise<Finished> {
    return run([...entrance(this.#holder), ...argv], input);
  }

  /** Like `run`, and gives standard output. @throws Error with the program's own words where its status is not 0. */
  runOrThrow(argv: readonly string[], input?: string): Promise<string> {
    return runOrThrow([...entrance(this.#holder), ...argv], input);
  }

  /** Starts a program that goes on. It is killed when the lab closes, at the latest. */
  start(argv: readonly string[]): Promise<Program> {
    return Program.start(entrance(this.#holder, "--no-fork"), argv);
  }

  /** Writes a file as the host sees it, with the folders above it. Only /etc, /run, /var/log and /var/lib are the host's own. */
  async writeFile(path: string, text: string, mode = 0o644): Promise<void> {
    const outside = this.#outside(path);
    await mkdir(dirname(outside), { recursive: true });
    await writeFile(outside, text);
    await chmod(outside, mode);
  }

  readFile(path: string): Promise<string> {
    return readFile(this.#outside(path), "utf8");
  }

  /** Asks the kernel whether the address is on the host at this moment. */
  async holds(address: string): Promise<boolean> {
    const listed = await runOrThrow(["ip", "-o", "-n", this.#network.namespace, "addr", "show"]);
    return listed.split("\n").some((line) => / inet6? ([0-9a-f.:]+)/.exec(line)?.[1] === address);
  }

  async processes(): Promise<HostProcess[]> {
    const listed = await this.runOrThrow(["ps", "-e", "-o", "pid=,comm=,args="]);
    return listed.split("\n").flatMap((line) => {
      const match = /^\s*(\d+) (\S+)\s+(.*)$/.exec(line);
      const [, pid = "", name = "", args = ""] = match ?? [];
      return match === null ? [] : [{ pid: Number(pid), name, args }];
    });
  }

  /** Signals every process of the host that the test picks, at once. Gives how many they were. */
  async signal(signal: NodeJS.Signals, picked: (process: HostProcess) => boolean): Promise<number> {
    const pids = (await this.processes()).filter((process) => process.pid > 1 && picked(process)).map(({ pid }) => pid);
    const kill = (name: string): Promise<Finished> => this.run(["kill", `-${name}`, ...pids.map(String)]);
    if (pids.length === 0) return 0;
    // A daemon's child that sees its parent die a moment before its own turn may still leave in good order (PDEATHSIG).
    if (signal === "SIGKILL") await kill("STOP");
    await kill(signal.slice(3));
    return pids.length;
  }

  /** Takes the interface down or up, as `ip link set` on the host does. */
  async setLink(state: "up" | "down", device = DEVICE): Promise<void> {
    await runOrThrow(["ip", "-n", this.#network.namespace, "link", "set", device, state]);
  }

  /** Pulls or plugs the cable at the switch: the host's interface stays up and loses its carrier. */
  async setCable(state: "plugged" | "pulled", device = DEVICE): Promise<void> {
    const updown = state === "plugged" ? "up" : "down";
    await runOrThrow(["ip", "-n", this.#network.switchNamespace, "link", "set", portOf(this.name, device), updown]);
  }

  /**
   * Throws away what arrives here from another host: its VRRP advertisements over IPv4, or everything. The other direction is
   * not touched. Lasts until the function it gives is called.
   */
  lose(what: "adverts" | "everything", from: Host): Promise<() => Promise<void>> {
    const source = from.address.replace(/\/.*/, "");
    return this.#drop(what === "adverts" ? `ip saddr ${source} ip protocol 112` : `ether saddr ${from.mac}`);
  }

  /**
   * Throws away the VRRP advertisements of some virtual routers that arrive here, of both families. Lasts until the function it
   * gives is called.
   */
  loseAdvertsOf(...vrids: readonly number[]): Promise<() => Promise<void>> {
    // The second byte of an advertisement.
    const isTheirs = `@th,8,8 { ${vrids.join(", ")} }`;
    return this.#drop(`ip protocol 112 ${isTheirs}`, `ip6 nexthdr 112 ${isTheirs}`);
  }

  /**
   * Loses packets at the switch: those that the host sends ("out"), those for it ("in"), or both; of them the VRRP
   * advertisements of both families or everything, all or each with a chance. No interface tells. Lasts until the function it gives is called.
   */
  async impair(
    direction: "in" | "out" | "both",
    { what = "everything", permille }: { readonly what?: "adverts" | "everything"; readonly permille?: number } = {},
  ): Promise<() => Promise<void>> {
    this.#network.losses += 1;
    // The switch is one for all hosts.
    const table = `lab_loss_${this.name}_${this.#network.losses}`;
    const which = what === "adverts" ? ["ip protocol 112", "ip6 nexthdr 112"] : [""];
    const chance = permille === undefined ? "" : `numgen random mod 1000 < ${permille}`;
    const drops = which.map((match) => `${match} ${chance} drop\n`).join("");
    const chain = (hook: "ingress" | "egress"): string =>
      `chain ${hook} {\ntype filter hook ${hook} device "${portOf(this.name, DEVICE)}" priority 0;\n${drops}}\n`;
    const chains = [
      ...(direction === "in" ? [] : [chain("ingress")]),
      ...(direction === "out" ? [] : [chain("egress")]),
    ];
    const nft = ["ip", "netns", "exec", this.#network.switchNamespace, "nft"];
    await runOrThrow([...nft, "-f", "-"], `table netdev ${table} {\n${chains.join("")}}\n`);
    return async () => void (await runOrThrow([...nft, "delete", "table", "netdev", table]));
  }

  /** Starts asking an address over HTTP, every few milliseconds. */
  async ask(address: string, { port = 80, everyMs = 5, patienceMs = 250 } = {}): Promise<Prober> {
    const program = compiledProgram("prober-program");
    const argv = [process.execPath, program, address, String(port), String(everyMs), String(patienceMs)];
    return new Prober(await this.start(argv), { everyMs, patienceMs });
  }

  /** Sends whole Ethernet frames from the host's interface, in their order, every millisecond or less often. */
  repeatFrames(frames: readonly Uint8Array[], everyMs = 1): Promise<Program> {
    const digits = frames.map((frame) => Buffer.from(frame).toString("hex"));
    return this.start([process.execPath, compiledProgram("repeat-frames-program"), DEVICE, String(everyMs), ...digits]);
  }

  /** Starts a program that tells when it was not given the processor in time. */
  async metronome(everyMs: number, lateMs: number): Promise<Program> {
    const program = compiledProgram("metronome-program");
    const started = await this.start([process.execPath, program, String(everyMs), String(lateMs)]);
    await started.waitForLine(/ticking/);
    return started;
  }

  /** Sends such frames in their order, again and again, so many a second all in all. Prints `sending` when it begins. */
  async flood(frames: readonly Uint8Array[], perSecond: number): Promise<Program> {
    const path = "/run/lab/flood";
    await this.writeFile(path, frames.map((frame) => Buffer.from(frame).toString("hex")).join("\n"));
    // Another machine would have processors of its own.
    const argv = ["chrt", "--rr", "1", process.execPath, compiledProgram("flood-program")];
    return this.start([...argv, DEVICE, String(perSecond), path]);
  }

  /** Records packets that pass the host's interface. `filter` is tcpdump's. */
  async capture(filter = "", device = DEVICE): Promise<Capture> {
    this.#network.captures += 1;
    const path = `/run/lab/capture-${this.#network.captures}.pcap`;
    const argv = ["tcpdump", "-U", "--immediate-mode", ...ROOM, "-Z", "root", "-i", device, "-w", path];
    const program = await this.start(filter === "" ? argv : [...argv, filter]);
    await program.waitForLine(/listening on/);
    return {
      stop: async () => {
        program.signal("SIGINT");
        await program.waitForEnd();
        return new Uint8Array(readFileSync(this.#outside(path)));
      },
    };
  }

  async #drop(...matches: readonly string[]): Promise<() => Promise<void>> {
    this.#network.losses += 1;
    const table = `lab_loss_${this.#network.losses}`;
    const chain = [
      `type filter hook ingress device "${DEVICE}" priority 0;`,
      ...matches.map((match) => `${match} drop`),
    ];
    await this.runOrThrow(["nft", "-f", "-"], `table netdev ${table} {\nchain arriving {\n${chain.join("\n")}\n}\n}\n`);
    return async () => void (await this.runOrThrow(["nft", "delete", "table", "netdev", table]));
  }

  #outside(path: string): string {
    return `/proc/${this.#holder}/root${path}`;
  }

  // `ip monitor` does not say when it has begun to listen, so an address is added until it is seen.
  async #awaitMonitor(monitor: Program): Promise<void> {
    for (let tries = 1; ; tries++) {
      await runOrThrow(["ip", "-n", this.#network.namespace, "addr", "add", MARKER, "dev", "lo"]);
      await runOrThrow(["ip", "-n", this.#network.namespace, "addr", "del", MARKER, "dev", "lo"]);
      try {
        return void (await monitor.waitForLine(MARKER_SEEN, { withinMs: 100 }));
      } catch (error) {
        if (tries === 50 || !monitor.isRunning) throw error;
      }
    }
  }
}

export interface Identity {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  readonly watched: boolean;
}

/** Where a host is plugged in, and numbers for what it makes. */
export interface Network {
  readonly namespace: string;
  readonly switchNamespace: string;
  losses: number;
  captures: number;
}

export interface Capture {
  /** Ends the recording and gives the file (pcap). */
  readonly stop: () => Promise<Uint8Array>;
}

/** For packets that tcpdump has yet to write, 32 MiB in places of 1,600 bytes: a thousand addresses are announced in a burst. */
const ROOM = ["-B", "32768", "-s", "1600"];

/** The switch's name for the bridge that joins all ports. */
export const BRIDGE = "br0";

/** A program of ours that hosts run by themselves: Node 20 runs only what was compiled, also when the lab itself runs from source. */
function compiledProgram(name: string): string {
  const here = import.meta.url.endsWith(".ts")
    ? new URL("../../dist/src/lab/", import.meta.url)
    : new URL(".", import.meta.url);
  return fileURLToPath(new URL(`${name}.js`, here));
}

/** Makes a bridge that hosts can be plugged into. */
export async function addBridge(namespace: string, name: string): Promise<void> {
  const bridge = ["type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0"];
  await runOrThrow(["ip", "-n", namespace, "link", "add", name, ...bridge]);
  await runOrThrow(["ip", "-n", namespace, "link", "set", name, "up"]);
}

async function plugIn(
  { namespace, switchNamespace }: Network,
  plug: {
    readonly port: string;
    readonly device: string;
    readonly mac: string;
    readonly bridge: string;
    readonly address: string;
  },
): Promise<void> {
  const { port, device, mac, bridge, address } = plug;
  const peer = ["peer", "name", device, "address", mac, "netns", namespace];
  await runOrThrow(["ip", "-n", switchNamespace, "link", "add", "name", port, "type", "veth", ...peer]);
  await runOrThrow(["ip", "-n", switchNamespace, "link", "set", port, "master", bridge, "up"]);
  await runOrThrow(["ip", "-n", namespace, "link", "set", device, "up"]);
  await runOrThrow(["ip", "-n", namespace, "addr", "add", address, "dev", device]);
}

/** The switch's name for a port. The kernel takes fifteen characters. */
function portOf(host: string, device: string): string {
  return device === DEVICE ? `port-${host}` : `${device}-${host}`;
}

function entrance(holder: number, ...options: readonly string[]): string[] {
  return ["nsenter", "--target", String(holder), "--mount", "--uts", "--net", "--pid", "--wd=/", ...options];
}

const DEVICE = "eth0";
const MARKER = "127.255.255.254/32";
const MARKER_SEEN = /Deleted .* 127\.255\.255\.254\//;
