import { VrrpdHost } from "../../../src/lab/frr.ts";
import type { Program } from "../../../src/lab/program.ts";
import { sharedMs, type Tenure, type VipWatch } from "../../../src/lab/vip-watch.ts";
import { waitFor } from "../../../src/lab/wait.ts";
import { isOf, type Node } from "../cluster.ts";
import { globalAddressOf } from "../ipv6-hosts.ts";
import type { Cell, Implementation } from "./cells.ts";
import { keepalivedConf, routersOf, vrrpdRouters, type NodeName, type Router } from "./routers.ts";

/** Who holds an address: none, one or both of the nodes. */
export type Holders = "nobody" | NodeName | "a and b";

/** One node of a pair with whoever speaks VRRP on it. */
export interface Seat {
  readonly name: NodeName;
  readonly node: Node;
  readonly implementation: Implementation;
  readonly routers: readonly Router[];
  /** What it holds. vrrpd holds an address while its interface is up. */
  readonly vips: VipWatch;
  /** Comes back when the virtual routers have joined in. */
  readonly start: () => Promise<void>;
  /** As an operator stops it. */
  readonly stop: () => Promise<unknown>;
  /** All its processes at once, with SIGKILL. */
  readonly crash: () => Promise<unknown>;
  readonly log: () => readonly string[];
}

export async function openSeat(cell: Cell, name: NodeName, own: Node, other: Node): Promise<Seat> {
  const implementation = cell[name];
  const shared = { name, node: own, implementation, routers: routersOf(cell, name) };
  if (implementation === "vrrpd") return openVrrpdSeat(cell, shared);
  const configuration = keepalivedConf(cell, name, unicastOf(cell, own, other));
  return {
    ...shared,
    vips: own.host.vips,
    start: async () => void (await own.start(implementation, configuration)),
    stop: () => own.stop(),
    crash: () => own.host.signal("SIGKILL", isOf(implementation)),
    log: () => own.log(),
  };
}

/** What both nodes hold of one address. */
export class Holding {
  readonly vip: string;
  readonly #seats: readonly Seat[];

  constructor(vip: string, seats: readonly Seat[]) {
    this.vip = vip;
    this.#seats = seats;
  }

  /** Who holds it now, as far as the kernels have told. */
  get by(): Holders {
    return this.bySince(Infinity);
  }

  /** Who holds it or has held it since a time. */
  bySince(sinceMs: number): Holders {
    const holds = ({ untilMs = Infinity }: Tenure): boolean => untilMs >= sinceMs;
    const names = this.#seats.filter(({ vips }) => vips.tenures(this.vip).some(holds)).map(({ name }) => name);
    const [first, second] = names;
    if (first === undefined) return "nobody";
    return second === undefined ? first : "a and b";
  }

  /** Waits until it is held in one of some ways, and gives which. */
  until(...wanted: readonly Holders[]): Promise<Holders> {
    return waitFor(
      `${this.vip} to be held by ${wanted.join(" or ")}`,
      () => wanted.find((holders) => holders === this.by),
      (changed) => {
        const ends = this.#seats.map(({ vips }) => vips.subscribe(changed));
        return () => {
          for (const end of ends) end();
        };
      },
      () => `Held by: ${this.by}.`,
    );
  }

  /** For how many milliseconds since a time both held it. */
  sharedMs(sinceMs: number): number {
    return sharedMs(
      this.#seats.map(({ vips }) => vips.tenures(this.vip)),
      sinceMs,
      Date.now(),
    );
  }
}

async function openVrrpdSeat(
  cell: Cell,
  shared: Pick<Seat, "name" | "node" | "implementation" | "routers">,
): Promise<Seat> {
  const { host } = shared.node;
  const vrrpd = await VrrpdHost.open(host, vrrpdRouters(cell, shared.name));
  const runs: Program[] = [];
  return {
    ...shared,
    vips: vrrpd.vips,
    start: async () => void runs.push(await vrrpd.start()),
    stop: async () => {
      const last = runs.at(-1);
      if (last !== undefined) await vrrpd.stop(last);
    },
    crash: () => host.signal("SIGKILL", ({ name }) => name === "vrrpd"),
    log: () => runs.flatMap(({ lines }) => lines),
  };
}

function unicastOf({ family, transport }: Cell, own: Node, other: Node): { source: string; peer: string } | undefined {
  if (transport === "multicast") return undefined;
  const addressOf = ({ host }: Node): string =>
    family === 4 ? host.address.replace(/\/.*/, "") : globalAddressOf(host);
  return { source: addressOf(own), peer: addressOf(other) };
}
