import type { VrrpdRouter } from "../../../src/lab/frr.ts";
import { instanceOf, type RouterSettings } from "../cluster.ts";
import { whyLeftOut, type Cell, type Network, type Scenario } from "./cells.ts";

export type NodeName = "a" | "b";

/** One virtual router of a pair, as one of its nodes has it. */
export interface Router {
  readonly scenario: Scenario;
  /** Letters only: what keepalived calls the instance. */
  readonly name: string;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalSeconds: number;
  /** Without prefix lengths. The first one is the same on both nodes. */
  readonly addresses: readonly string[];
  readonly password: string | undefined;
  /** Version 3 over IPv4: the checksum covers a pseudo-header. */
  readonly hasPseudoHeader: boolean;
}

/**
 * Adver_Interval of the virtual routers that agree. Version 3 is the faster one, but not so fast that it would take the lock
 * in the packet filter to have one holder after a crash: an address would be held, and not answer.
 */
export function intervalSecondsOf({ version }: Network): number {
  return version === 2 ? 1 : 0.7;
}

/** The virtual routers of a node. Each runs beside the others and is a scenario of its own. */
export function routersOf(cell: Cell, node: NodeName): readonly Router[] {
  const { version } = cell;
  const isA = node === "a";
  const agreed = {
    priority: isA ? 200 : 150,
    intervalSeconds: intervalSecondsOf(cell),
    password: version === 2 && whyLeftOut(cell, "password") === undefined ? "secret" : undefined,
    hasPseudoHeader: true,
  };
  // In version 3 a backup that counted in its own intervals would have given the master up long before its next advert.
  const differing = version === 2 ? { a: 2, b: 1 } : { a: 1, b: 0.2 };
  const all: readonly Omit<Router, "vrid">[] = [
    { ...agreed, scenario: "election", name: "plain", addresses: [vipOf(cell, "election")] },
    { ...agreed, scenario: "tie", name: "tie", addresses: [vipOf(cell, "tie")], priority: 150 },
    {
      ...agreed,
      scenario: "password",
      name: "password",
      addresses: [vipOf(cell, "password")],
      password: isA ? "secret" : "other",
    },
    {
      ...agreed,
      scenario: "interval",
      name: "interval",
      addresses: [vipOf(cell, "interval")],
      intervalSeconds: differing[node],
    },
    {
      ...agreed,
      scenario: "addresses",
      name: "addresses",
      addresses: isA ? [vipOf(cell, "addresses")] : [vipOf(cell, "addresses"), furtherAddress(cell)],
    },
    {
      ...agreed,
      scenario: "plain checksum",
      name: "alike",
      addresses: [vipOf(cell, "plain checksum")],
      hasPseudoHeader: false,
    },
    {
      ...agreed,
      scenario: "mixed checksums",
      name: "mixed",
      addresses: [vipOf(cell, "mixed checksums")],
      hasPseudoHeader: node !== whoLeavesItOut(cell),
    },
  ];
  return all
    .map((router) => ({ ...router, vrid: FIRST_VRID + VIP_ORDER.indexOf(router.scenario) }))
    .filter(({ scenario }) => whyLeftOut(cell, scenario) === undefined);
}

/** In "mixed checksums" one Holdfast leaves the pseudo-header out. */
function whoLeavesItOut({ a }: Cell): NodeName {
  return a === "holdfast" ? "a" : "b";
}

/** The address that both nodes have for a scenario; for those that need none of their own, that of the election. */
export function vipOf({ family }: Network, scenario: Scenario): string {
  const last = 100 + Math.max(0, VIP_ORDER.indexOf(scenario));
  return family === 4 ? `10.77.0.${last}` : `2001:db8:77::${last}`;
}

/** The nodes' configurations for Holdfast and keepalived. */
export function keepalivedConf(cell: Cell, node: NodeName, unicast: RouterSettings["unicast"]): string {
  const { version } = cell;
  const instances = routersOf(cell, node).flatMap((router) => {
    const { name, vrid, priority, intervalSeconds: interval, password } = router;
    const addresses = router.addresses.map((address) => withPrefix(cell, address));
    const lines = router.hasPseudoHeader ? [] : ["v3_checksum_as_v2"];
    const settings: RouterSettings = { version, priority, interval, addresses, lines };
    return instanceOf(name, vrid, {
      ...settings,
      ...(unicast === undefined ? {} : { unicast }),
      ...(password === undefined ? {} : { password }),
    });
  });
  return [`global_defs {`, `router_id lab`, `}`, ...instances, ``].join("\n");
}

export function vrrpdRouters(cell: Cell, node: NodeName): readonly VrrpdRouter[] {
  return routersOf(cell, node).map(({ vrid, priority, intervalSeconds, addresses }) => ({
    vrid,
    version: cell.version,
    priority,
    intervalMs: intervalSeconds * 1000,
    addresses: addresses.map((address) => withPrefix(cell, address)),
  }));
}

function furtherAddress(network: Network): string {
  return network.family === 4 ? "10.77.0.114" : "2001:db8:77::114";
}

function withPrefix({ family }: Network, address: string): string {
  return `${address}/${family === 4 ? 24 : 64}`;
}

const FIRST_VRID = 51;
const VIP_ORDER: readonly Scenario[] = [
  "election",
  "tie",
  "password",
  "interval",
  "addresses",
  "plain checksum",
  "mixed checksums",
];
