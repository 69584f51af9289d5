import type { Host } from "../src/lab/host.ts";
import { Lab } from "../src/lab/lab.ts";
import type { Prober } from "../src/lab/prober.ts";
import { startNginx } from "../src/lab/services.ts";
import { WireWatch } from "../src/lab/wire-watch.ts";
import type { Span } from "./history.ts";
import type { Stranger } from "./flood.ts";
import { addIpv6Address, SoakNode } from "./node.ts";
import { servicesOf, type Service } from "./services.ts";
import { HEALTHY_FILE, NUMBER_FILE, PREFIX_LENGTH, SCRIPT, type Settings } from "./settings.ts";

/** One who asks for the address of a service, and one who looks who answers. */
export interface Watched {
  readonly service: Service;
  readonly prober: Prober;
  readonly wire: WireWatch;
}

/** Three nodes that serve, a client that asks, and everything that watches. */
export class Cluster {
  readonly lab: Lab;
  readonly nodes: readonly SoakNode[];
  readonly client: Host;
  readonly watched: readonly Watched[];
  /** Who sends what nobody may believe. */
  readonly stranger: Stranger;
  /** When this machine gave no processor to those who wanted it. */
  readonly delays: Span[] = [];
  /** Of each host, before the first daemon was started. */
  readonly #furniture: ReadonlyMap<string, string>;

  private constructor(parts: Parts, furniture: ReadonlyMap<string, string>) {
    this.lab = parts.lab;
    this.nodes = parts.nodes;
    this.client = parts.client;
    this.watched = parts.watched;
    this.stranger = parts.stranger;
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
        await addIpv6Address(host, own.ipv6Address);
        await furnish(host);
      }
      const client = await lab.host("client", { address: `${CLIENT.address}/${PREFIX_LENGTH}` });
      await addIpv6Address(client, CLIENT.ipv6Address);
      const hosts = nodes.map(({ host }) => host);
      await Promise.all(hosts.map((host) => startNginx(host)));
      const furniture = new Map<string, string>();
      for (const host of hosts) furniture.set(host.name, await furnitureOf(host));
      const watched: Watched[] = [];
      for (const service of servicesOf(settings)) {
        const { vip, family } = service;
        const from = family === "ipv6" ? CLIENT.ipv6Address : CLIENT.address;
        const prober = await client.ask(vip, { everyMs: 20 });
        watched.push({ service, prober, wire: await WireWatch.open(client, vip, hosts, { from }) });
      }
      const stations = settings.nodes.map((node, index) => ({ ...node, mac: hosts[index]?.mac ?? "" }));
      const stranger = { ...CLIENT, mac: client.mac, nodes: stations };
      const cluster = new Cluster({ lab, nodes, client, watched, stranger }, furniture);
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

  /** Waits until a node alone holds the address of a service, answers for it on the wire, and to the client. */
  async waitForOnly(name: string, { service, wire, prober }: Watched, withinMs: number): Promise<void> {
    const untilMs = Date.now() + withinMs;
    const left = (): number => Math.max(1_000, untilMs - Date.now());
    await this.lab.waitForOnlyHolder(service.vip, this.node(name).host, left());
    await wire.waitForOnly(name, left());
    await prober.waitForAnswer({ by: name, sinceMs: Date.now(), withinMs: left() });
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
  readonly watched: readonly Watched[];
  readonly stranger: Stranger;
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
const CLIENT = { address: "10.77.0.9", ipv6Address: "2001:db8:77::9" };
