import { fileURLToPath } from "node:url";
import { parseStatus } from "../../src/cli/parse-status.ts";
import type { InstanceStatus, StatusDocument } from "../../src/api/contract.ts";
import type { Host, HostProcess } from "../../src/lab/host.ts";
import { Lab } from "../../src/lab/lab.ts";
import type { Finished, Program, ProgramEnd } from "../../src/lab/program.ts";
import { startKeepalived } from "../../src/lab/services.ts";
import { VIP6 } from "./ipv6-hosts.ts";

/** The virtual address of all scenarios unless they say otherwise. It lies in the subnet of the hosts. */
export const VIP = "10.77.0.100";

/** What the scenarios need of the machine they run on. */
export const LAB_NEEDS = {
  root: true,
  tools: ["ip", "nsenter", "unshare", "ps", "nginx", "keepalived", "nft"],
} as const;

/** The executable of this checkout, as an operator calls it. */
export const HOLDFAST = fileURLToPath(new URL("../../bin/holdfast", import.meta.url));

/** The file that every daemon of a lab reads. */
export const CONFIGURATION_FILE = "/etc/keepalived/keepalived.conf";

export type Daemon = "holdfast" | "keepalived";

/** One virtual router, as the scenarios configure it. */
export interface RouterSettings {
  readonly priority: number;
  /** VRRP version; 3 unless given. */
  readonly version?: 2 | 3;
  /** advert_int in seconds; 1 unless given. */
  readonly interval?: number;
  readonly unicast?: { readonly source: string; readonly peer: string };
  /** For auth_type PASS. */
  readonly password?: string;
  /** Lines of virtual_ipaddress; the VIP as /24 unless given. */
  readonly addresses?: readonly string[];
  /** Further lines of global_defs. */
  readonly global?: readonly string[];
  /** Further blocks in front of the instance. */
  readonly blocks?: readonly string[];
  /** Further lines of the instance. */
  readonly lines?: readonly string[];
}

/** Writes a keepalived.conf with the one instance `web`. */
export function configurationOf(settings: RouterSettings): string {
  const { global = [], blocks = [] } = settings;
  return [`global_defs {`, `router_id lab`, ...global, `}`, ...blocks, ...instanceOf("web", 51, settings), ``].join(
    "\n",
  );
}

/** The lines of one vrrp_instance. What belongs outside of it is left out. */
export function instanceOf(name: string, vrid: number, settings: RouterSettings): readonly string[] {
  const { priority, version = 3, interval = 1, unicast, password, addresses = [`${VIP}/24`], lines = [] } = settings;
  const transport =
    unicast === undefined ? [] : [`unicast_src_ip ${unicast.source}`, `unicast_peer {`, unicast.peer, `}`];
  const authentication =
    password === undefined ? [] : [`authentication {`, `auth_type PASS`, `auth_pass ${password}`, `}`];
  return [
    `vrrp_instance ${name} {`,
    `state BACKUP`,
    `interface eth0`,
    `virtual_router_id ${vrid}`,
    `priority ${priority}`,
    `version ${version}`,
    `advert_int ${interval}`,
    ...transport,
    ...authentication,
    ...lines,
    `virtual_ipaddress {`,
    ...addresses,
    `}`,
    `}`,
  ];
}

/** One host of a pair with the daemon that runs on it. */
export class Node {
  readonly host: Host;
  readonly #runs: Program[] = [];

  constructor(host: Host) {
    this.host = host;
  }

  /** The daemon that was started last. Its output is its log. */
  get daemon(): Program {
    const last = this.#runs.at(-1);
    if (last === undefined) throw new Error(`No daemon was started on ${this.host.name}`);
    return last;
  }

  /** Starts Holdfast in the foreground as keepalived is started. Comes back when its instances have joined in. */
  async holdfast(configuration: string, ...flags: readonly string[]): Promise<Program> {
    const program = await this.launch(configuration, ...flags);
    await program.waitForLine(/Startup complete/);
    return program;
  }

  /** Like `holdfast`, and comes back at once: for starts that are expected to fail. */
  async launch(configuration: string, ...flags: readonly string[]): Promise<Program> {
    await this.host.writeFile(CONFIGURATION_FILE, configuration);
    const program = await this.host.start([HOLDFAST, "-n", "-l", "-D", "-f", CONFIGURATION_FILE, ...flags]);
    this.#runs.push(program);
    return program;
  }

  async start(daemon: Daemon, configuration: string): Promise<Program> {
    if (daemon === "holdfast") return this.holdfast(configuration);
    const program = await startKeepalived(this.host, configuration);
    this.#runs.push(program);
    return program;
  }

  stop(): Promise<ProgramEnd> {
    return this.daemon.stop();
  }

  /** Runs a command of Holdfast on the host to its end. */
  command(...words: readonly string[]): Promise<Finished> {
    return this.host.run([HOLDFAST, ...words]);
  }

  async status(): Promise<StatusDocument> {
    const { stdout, stderr } = await this.command("status", "--json");
    const value: unknown = JSON.parse(stdout === "" ? "null" : stdout);
    const status = typeof value === "object" && value !== null ? parseStatus({ ...value }) : undefined;
    if (status === undefined)
      throw new Error(`holdfast status on ${this.host.name} gave no status: ${stdout}${stderr}`);
    return status;
  }

  /** The status of the first instance. */
  async instance(): Promise<InstanceStatus> {
    const [instance] = (await this.status()).instances;
    if (instance === undefined) throw new Error(`holdfast status on ${this.host.name} shows no instance`);
    return instance;
  }

  /** All lines that the daemons of this host have written, over restarts too. */
  log(): readonly string[] {
    return this.#runs.flatMap(({ lines }) => lines);
  }
}

/** Two nodes and a client on one network. */
export interface Pair {
  readonly lab: Lab;
  /** 10.77.0.1/24 */
  readonly a: Node;
  /** 10.77.0.2/24 */
  readonly b: Node;
  /** 10.77.0.9/24 */
  readonly client: Host;
}

/** Opens a lab with a pair, runs a scenario in it and removes it. A failure carries what both daemons have written. */
export async function withPair(scenario: (pair: Pair) => Promise<void>): Promise<void> {
  const pair = await openPair();
  try {
    await scenario(pair);
  } catch (error) {
    if (error instanceof Error) error.message += (await Promise.all([pair.a, pair.b].map(evidence))).join("");
    throw error;
  } finally {
    await pair.lab.close();
  }
}

/** Opens a lab with a pair. To be closed by the caller. */
export async function openPair(): Promise<Pair> {
  const lab = await Lab.open();
  try {
    const a = await addNode(lab, "a", "10.77.0.1/24");
    const b = await addNode(lab, "b", "10.77.0.2/24");
    return { lab, a, b, client: await lab.host("client", { address: "10.77.0.9/24" }) };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** Opens a lab with one node. */
export async function withNode(scenario: (node: Node) => Promise<void>): Promise<void> {
  const lab = await Lab.open();
  try {
    const node = await addNode(lab, "a", "10.77.0.1/24");
    try {
      await scenario(node);
    } catch (error) {
      if (error instanceof Error) error.message += await evidence(node);
      throw error;
    }
  } finally {
    await lab.close();
  }
}

/** Picks the processes of a daemon for `Host.signal`. */
export function isOf(daemon: Daemon): (process: HostProcess) => boolean {
  return ({ name }) => name.startsWith(daemon);
}

/** Picks one process of Holdfast. */
export function isHoldfast(which: "supervisor" | "vrrp" | "bfd" | "snmp"): (process: HostProcess) => boolean {
  const wanted = which === "supervisor" ? "holdfast" : `holdfast_${which}`;
  return ({ name }) => name === wanted;
}

/** Waits until no process of Holdfast is left on the host, whoever its parent was. */
export async function awaitNoHoldfast(host: Host): Promise<void> {
  const left = (await host.processes()).filter(isOf("holdfast")).map(({ pid }) => `--pid=${pid}`);
  for (const pid of left) await host.runOrThrow(["tail", pid, "-f", "/dev/null"]);
}

/** Lets time pass that is itself the circumstance: a pause that lasts, a quiet time in which nothing may happen. */
export async function pass(seconds: number, host: Host): Promise<void> {
  await host.runOrThrow(["sleep", String(seconds)]);
}

/** Writes a shell script that the configuration may name. */
export async function writeScript(host: Host, path: string, ...lines: readonly string[]): Promise<void> {
  await host.writeFile(path, ["#!/bin/sh", ...lines, ""].join("\n"), 0o755);
}

/** One line of `ip -o addr` per address of eth0, without what changes by itself. */
export async function addressesOf(host: Host): Promise<string[]> {
  const listed = await host.runOrThrow(["ip", "-o", "-4", "addr", "show", "dev", "eth0"]);
  return listed.split("\n").flatMap((line) => {
    const [, address, rest] = / inet (\S+) (.*)$/.exec(line) ?? [];
    if (address === undefined || rest === undefined) return [];
    const lifetime = /valid_lft forever/.test(rest) ? "forever" : "leased";
    const secondary = / secondary /.test(` ${rest}`) ? " secondary" : "";
    return [`${address} ${lifetime}${secondary}`];
  });
}

async function addNode(lab: Lab, name: string, address: string): Promise<Node> {
  const host = await lab.host(name, { address });
  // /etc is a copy of the machine's; scripts would run under this account where that has it.
  await host.runOrThrow(["sed", "-i", "/^keepalived_script:/d", "/etc/passwd"]);
  return new Node(host);
}

async function evidence(node: Node): Promise<string> {
  const shown = node.log().slice(-LINES_SHOWN);
  const { stdout: events } = await node.command("events");
  const held = [VIP, VIP6].map((vip) => `It held ${vip}: ${JSON.stringify(node.host.vips.tenures(vip))}`);
  return `\n--- ${node.host.name}:\n${shown.join("\n")}\nIts journal:\n${events}${held.join("\n")}`;
}

const LINES_SHOWN = 60;
