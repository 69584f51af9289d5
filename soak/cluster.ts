import type { Host } from "../src/lab/host.ts";
import { Lab } from "../src/lab/lab.ts";
import type { Prober } from "../src/lab/prober.ts";
import { startNginx } from "../src/lab/services.ts";
import { WireWatch } from "../src/lab/wire-watch.ts";
import type { Span } from "./history.ts";
import { SoakNode } from "./node.ts";
import { HEALTHY_FILE, NUMBER_FILE, PREFIX_LENGTH, SCRIPT, VIP, type Settings } from "./settings.ts";

/** Three nodes that serve, a client that asks, and everything that watches. */
export class Cluster {
  readonly lab: Lab;
  readonly nodes: readonly SoakNode[];
  readonly client: Host;
  readonly prober: Prober;
  readonly wire: WireWatch;
  /** When this machine gave no processor to those who wanted it. */
  readonly delays: Span[] = [];
  /** Of each host, before the first daemon was started. */
  readonly #furniture: ReadonlyMap<string, string>;

  private constructor(parts: Parts, furniture: ReadonlyMap<string, string>) {
    this.lab = parts.lab;
    this.nodes = parts.nodes;
    this.client = parts.client;
    this.prober = parts.prober;
    this.wire = parts.wire;
    this.#furniture = furniture;
  }

  /** Opens the lab and what watches it. No daemon runs yet. */
  static async open(settings: Settings): Promise<Cluster> {
    const lab = await Lab.open();
    try {
      const nodes: SoakNode[] = [];
      for (const own of settings.nodes) {
        const host = await lab.host(own.name, { address: `${own.address}/${PREFIX_LENGTH}` });
        nodes.push(new SoakNode(host, settings, own));
        await furnish(host);
      }
      const client = await lab.host("client", { address: `10.77.0.9/${PREFIX_LENGTH}` });
      const hosts = nodes.map(({ host }) => host);
      await Promise.all(hosts.map((host) => startNginx(host)));
      const furniture = new Map<string, string>();
      for (const host of hosts) furniture.set(host.name, await furnitureOf(host));
      const prober = await client.ask(VIP, { everyMs: 20 });
      const wire = await WireWatch.open(client, VIP, hosts);
      const cluster = new Cluster({ lab, nodes, client, prober, wire }, furniture);
      await cluster.#watchDelays();
      return cluster;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  node(name: string): SoakNode {
    const node = this.nodes.find((one) => one.name === name);
    if (node === undefined) throw new RangeError(`There is no node ${name}`);
    return node;
  }

  /** As their files say. */
  priorities(): Map<string, number> {
    return new Map(this.nodes.map(({ name, priority }) => [name, priority]));
  }

  /** Waits until a node alone holds the address, answers for it on the wire, and to the client. */
  async waitForOnly(name: string, withinMs: number): Promise<void> {
    const untilMs = Date.now() + withinMs;
    const left = (): number => Math.max(1_000, untilMs - Date.now());
    await this.lab.waitForOnlyHolder(VIP, this.node(name).host, left());
    await this.wire.waitForOnly(name, left());
    await this.prober.waitForAnswer({ by: name, sinceMs: Date.now(), withinMs: left() });
  }

  /** Says what daemons have left behind on the hosts; to be asked when all have ended. */
  async leftBehind(): Promise<string[]> {
    const found: string[] = [];
    for (const node of this.nodes) {
      const { name } = node;
      for (const { args } of await node.processes()) found.push(`${name}: a process: ${args}`);
      const before = (this.#furniture.get(name) ?? "").split("\n");
      const after = (await furnitureOf(node.host)).split("\n");
      found.push(...after.filter((line) => !before.includes(line)).map((line) => `${name}: came: ${line}`));
      found.push(...before.filter((line) => !after.includes(line)).map((line) => `${name}: went: ${line}`));
    }
    return found;
  }

  async close(): Promise<void> {
    await this.lab.close();
  }

  async #watchDelays(): Promise<void> {
    const metronome = await this.client.metronome(METRONOME_MS, DELAY_MS);
    let read = 0;
    metronome.onLine(() => {
      for (const line of metronome.lines.slice(read)) {
        const [, due = "", late = ""] = /^\{"due":([\d.]+),"late":([\d.]+)\}$/.exec(line) ?? [];
        if (late !== "") this.delays.push({ fromMs: Number(due), untilMs: Number(due) + Number(late) });
      }
      read = metronome.lines.length;
    });
  }
}

interface Parts {
  readonly lab: Lab;
  readonly nodes: readonly SoakNode[];
  readonly client: Host;
  readonly prober: Prober;
  readonly wire: WireWatch;
}

/** Puts there what the configuration names. */
async function furnish(host: Host): Promise<void> {
  // /etc is a copy of the machine's; scripts would run under this account where that has it.
  await host.runOrThrow(["sed", "-i", "/^keepalived_script:/d", "/etc/passwd"]);
  await host.writeFile(SCRIPT.path, `#!/bin/sh\ntest -e ${HEALTHY_FILE}\n`, 0o755);
  await host.writeFile(HEALTHY_FILE, "");
  await host.writeFile(NUMBER_FILE, "0\n");
}

/** Addresses, rules, routes and the packet filter, without what changes by itself. */
async function furnitureOf(host: Host): Promise<string> {
  const commands = [
    "ip -o addr show",
    "ip rule",
    "ip -6 rule",
    "ip route show table all",
    "ip -d -o link show",
    "nft list ruleset",
  ];
  const listed = await host.runOrThrow(["sh", "-c", commands.join(" && ")]);
  const lines = listed.replaceAll(/ (valid_lft|preferred_lft) \S+|\\|state \S+|qlen \d+/g, "").split("\n");
  return lines.filter((line) => !line.includes("fe80::")).join("\n");
}

const METRONOME_MS = 10;
const DELAY_MS = 30;
