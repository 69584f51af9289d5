import type { Host } from "./host.ts";
import type { Program } from "./program.ts";
import { parseLinkLine, VipWatch } from "./vip-watch.ts";

/** FRR's bfdd, at work on a host. */
export interface Bfdd {
  /** What `show bfd peers json` says. */
  readonly peers: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
  /** SIGKILL, as it is. */
  readonly kill: () => void;
}

/** One virtual router as FRR's vrrpd is told of it. */
export interface VrrpdRouter {
  readonly vrid: number;
  readonly version: 2 | 3;
  readonly priority: number;
  readonly intervalMs: number;
  /** With prefix lengths, of one family. */
  readonly addresses: readonly string[];
}

/**
 * Starts FRR's bfdd with one peer, and zebra, which it needs. `lines` stand in the block of the peer. Comes back when it has
 * read them.
 */
export async function startBfdd(host: Host, peer: string, ...lines: readonly string[]): Promise<Bfdd> {
  const zebra = await startZebra(host);
  const block = [`bfd`, ` peer ${peer}`, ...lines.map((line) => `  ${line}`), ` !`, `!`];
  const bfdd = await startDaemon(host, "bfdd", ["log stdout", ...block], ["--bfdctl", `${FOLDER}/bfdd.ctl`]);
  await awaitSocket(host, "bfdd.vty");
  return {
    peers: async (): Promise<unknown> => {
      const command = ["vtysh", "--vty_socket", FOLDER, "-d", "bfdd", "-c", "show bfd peers json"];
      return JSON.parse(await host.runOrThrow(command));
    },
    stop: async () => {
      await bfdd.stop();
      await zebra.stop();
    },
    kill: () => bfdd.signal("SIGKILL"),
  };
}

/** A host whose VRRP is FRR's: zebra runs, and vrrpd can be started again and again. */
export class VrrpdHost {
  /** The first address of each virtual router counts as held while vrrpd lets the interface that it is on be up. */
  readonly vips: VipWatch;
  readonly #host: Host;
  readonly #routers: readonly VrrpdRouter[];

  private constructor(host: Host, routers: readonly VrrpdRouter[], vips: VipWatch) {
    this.#host = host;
    this.#routers = routers;
    this.vips = vips;
  }

  /** Makes the interfaces that vrrpd needs, each with the virtual MAC address and the virtual addresses. */
  static async open(host: Host, routers: readonly VrrpdRouter[]): Promise<VrrpdHost> {
    // Else the host answers for addresses of interfaces that are held down.
    await host.runOrThrow(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_ignore"]);
    const byDevice = new Map(routers.map((router) => [deviceOf(router), router.addresses[0]?.replace(/\/.*/, "")]));
    const monitor = await host.start(["ip", "-ts", "-o", "monitor", "link"]);
    const vips = new VipWatch(monitor, (line) => parseLinkLine(line, (device) => byDevice.get(device)));
    for (const router of routers) await addDevice(host, router);
    await startZebra(host);
    return new VrrpdHost(host, routers, vips);
  }

  /** Comes back when all virtual routers have joined in. */
  async start(): Promise<Program> {
    const lines = this.#routers.flatMap((router) => linesOf(router));
    const log = ["log stdout", "log timestamp precision 6", "debug vrrp protocol"];
    const vrrpd = await startDaemon(this.#host, "vrrpd", [...log, "interface eth0", ...lines, "!"]);
    for (const { vrid } of this.#routers) {
      await vrrpd.waitForLine(new RegExp(`\\[VRID ${vrid}\\] \\[IPv[46]\\] Initialize -> Backup`));
    }
    return vrrpd;
  }

  /**
   * Shuts down every virtual router, as an operator does who takes a router out of service, and ends vrrpd. (One that is ended
   * at once says farewell, too, but may be gone before zebra has heard that the interfaces are to be held down.)
   */
  async stop(vrrpd: Program): Promise<void> {
    const commands = [
      "configure terminal",
      "interface eth0",
      ...this.#routers.map(({ vrid }) => `vrrp ${vrid} shutdown`),
    ];
    const words = commands.flatMap((command) => ["-c", command]);
    await this.#host.runOrThrow(["vtysh", "--vty_socket", FOLDER, "-d", "vrrpd", ...words]);
    await vrrpd.stop();
  }
}

function isIpv6({ addresses }: VrrpdRouter): boolean {
  return addresses[0]?.includes(":") === true;
}

function deviceOf(router: VrrpdRouter): string {
  return `vrrp${isIpv6(router) ? 6 : 4}-${router.vrid}`;
}

async function addDevice(host: Host, router: VrrpdRouter): Promise<void> {
  const device = deviceOf(router);
  const mac = `00:00:5e:00:0${isIpv6(router) ? 2 : 1}:${router.vrid.toString(16).padStart(2, "0")}`;
  await host.runOrThrow([
    "ip",
    "link",
    "add",
    device,
    "link",
    "eth0",
    "address",
    mac,
    "type",
    "macvlan",
    "mode",
    "bridge",
  ]);
  // Else answers to the clients might leave by an interface that is held down.
  const flags = ["noprefixroute", ...(isIpv6(router) ? ["nodad"] : [])];
  for (const address of router.addresses) {
    await host.runOrThrow(["ip", "addr", "add", address, "dev", device, ...flags]);
  }
  await host.runOrThrow(["ip", "link", "set", device, "up"]);
}

function linesOf(router: VrrpdRouter): string[] {
  const { vrid, version, priority, intervalMs, addresses } = router;
  const word = isIpv6(router) ? "ipv6" : "ip";
  return [
    ` vrrp ${vrid} version ${version}`,
    ` vrrp ${vrid} priority ${priority}`,
    ` vrrp ${vrid} advertisement-interval ${intervalMs}`,
    ...addresses.map((address) => ` vrrp ${vrid} ${word} ${address.replace(/\/.*/, "")}`),
  ];
}

async function startZebra(host: Host): Promise<Program> {
  // The account that the package made; FRR refuses root.
  await host.runOrThrow(["install", "-d", "-o", "frr", "-g", "frr", FOLDER]);
  const zebra = await startDaemon(host, "zebra", ["log stdout"]);
  await awaitSocket(host, "zserv.api");
  return zebra;
}

async function startDaemon(
  host: Host,
  name: string,
  lines: readonly string[],
  options: readonly string[] = [],
): Promise<Program> {
  await host.writeFile(`${FOLDER}/${name}.conf`, [...lines, ""].join("\n"));
  const files = ["-f", `${FOLDER}/${name}.conf`, "-i", `${FOLDER}/${name}.pid`];
  const common = ["-z", `${FOLDER}/zserv.api`, "--vty_socket", FOLDER, "-u", "frr", "-g", "frr"];
  return host.start([`${PROGRAMS}/${name}`, ...files, ...options, ...common]);
}

/** FRR says on no stream that it is ready. */
async function awaitSocket(host: Host, name: string): Promise<void> {
  await host.runOrThrow(["timeout", "10", "sh", "-c", `until test -S ${FOLDER}/${name}; do sleep 0.05; done`]);
}

const FOLDER = "/run/frr";
const PROGRAMS = "/usr/lib/frr";
