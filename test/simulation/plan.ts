import type { AddressFamily } from "../../src/base/address.ts";
import { micros, millis, seconds, type Micros } from "../../src/base/time.ts";
import { seededRandom, type Random } from "../../src/base/random.ts";
import type { TrackerPlan } from "./tracker-plan.ts";
import type { Habits, Traits } from "./traits.ts";

/** Everything that a seed decides: who takes part, how, and what goes wrong when. */
export interface Plan {
  readonly seed: number;
  /** Of the virtual routers: see routers.ts. */
  readonly families: readonly AddressFamily[];
  /** Each virtual router has an excluded address of the other family. */
  readonly mixed: boolean;
  readonly version: 2 | 3;
  readonly interval: Micros;
  readonly transport: "multicast" | "unicast";
  readonly preemptMode: boolean;
  readonly preemptDelay: Micros;
  /** What the tracked script does to the priority; undefined: none is tracked. */
  readonly scriptWeight: number | undefined;
  readonly fineLock: "auto" | "off";
  readonly trackers?: TrackerPlan;
  readonly traits?: Traits;
  /** There are two LANs, with an instance on each, and these are in a sync group. */
  readonly grouped: boolean;
  /** What a sound network does to a packet, at most. */
  readonly delay: Micros;
  readonly nodes: readonly NodePlan[];
  /** By the time they begin. */
  readonly faults: readonly PlannedFault[];
  /** When the last fault is over. */
  readonly healedAt: Micros;
  readonly quickPreempt: boolean;
}

export interface NodePlan {
  readonly name: string;
  readonly number: number;
  readonly priority: number;
  readonly startsAt: Micros;
  readonly keepsProtocol: boolean;
  /** Its kernel has nf_tables. */
  readonly filtersPackets: boolean;
  /** 0: it has no outside clock. */
  readonly outsideResolution: number;
  /** Its VIP is an address of its own, too. */
  readonly ownsAddress: boolean;
}

export interface PlannedFault {
  readonly at: Micros;
  readonly length: Micros;
  readonly fault: Fault;
  /** Where there are two, and the fault is one of the network: on which. */
  readonly lans: readonly LanName[];
}

export type LanName = "first" | "second";

/** A fault; those of a node name it. What has a length is mended after it. */
export type Fault =
  | LanFault
  | ProcessFault
  | MachineFault
  | NetworkFault
  | TrackedFault
  | ReloadFault
  | { readonly kind: "gateway-dies" }
  /** A reload on one node after another, so much later each, gives an address to the other virtual router. */
  | { readonly kind: "move-address"; readonly lag: Micros };

type LanFault =
  | { readonly kind: "loss"; readonly permille: number }
  | { readonly kind: "delay"; readonly jitter: Micros; readonly duplicationPermille: number }
  | { readonly kind: "partition"; readonly from: string; readonly to: string; readonly oneWay: boolean };

/** Of the vrrp process. */
export type ProcessFault =
  | { readonly kind: "crash" | "kill-for-ever" | "restart" | "pause"; readonly node: string }
  /** A planned stop that somebody cuts short after so long. */
  | { readonly kind: "stop-killed"; readonly node: string; readonly after: Micros }
  /** Until the supervisor replaces it. */
  | { readonly kind: "hang"; readonly node: string }
  | { readonly kind: "stall-in-call" | "kill-in-call"; readonly node: string; readonly calls: number };

type MachineFault =
  | { readonly kind: "suspend" | "freeze"; readonly node: string }
  | { readonly kind: "disk-full"; readonly node: string }
  /** Somebody sets the time of day. */
  | { readonly kind: "set-clock"; readonly node: string; readonly offMs: number };

export interface NetworkFault {
  readonly kind:
    | "unplug"
    | "remove-address"
    | "flush"
    | "flush-filter"
    | "overrun"
    | "remove-interface"
    /** Somebody removes the addresses, and the process does not hear of it. */
    | "lost-removal"
    /** Its firewall refuses the adverts that it would send (ADR 0039). */
    | "forbid-adverts";
  readonly node: string;
}

/** Of what a node tracks. */
export type TrackedFault =
  | { readonly kind: "script-fails" | "process-dies" | "link-down"; readonly node: string }
  | { readonly kind: "number-written"; readonly node: string; readonly value: number }
  /** Of a node's bfd process; a cut is one of its session alone, in both directions. */
  | { readonly kind: "bfd-crash" | "bfd-pause" | "gateway-cut"; readonly node: string };

export type ReloadFault =
  | { readonly kind: "reload"; readonly node: string; readonly priority: number }
  /** What may be changed on one node. */
  | { readonly kind: "refit"; readonly node: string; readonly habits: Habits }
  /** The sync group is taken away, and another reload brings it back. */
  | { readonly kind: "ungroup"; readonly node: string };

/** `families`: by chance unless given. */
export function planOf(seed: number, families?: readonly AddressFamily[]): Plan {
  return withPacketFilters(planWithout(seed, families));
}

function planWithout(seed: number, families: readonly AddressFamily[] | undefined): Plan {
  const random = seededRandom(seed);
  // The first numbers of neighboring seeds are not far apart enough to be used.
  random.next();
  const version = pick<2 | 3>(random, [2, 3]);
  const interval =
    version === 2 ? seconds(1 + random.below(3)) : millis(10 * pick(random, [20, 50, 100, 100, 150, 300]));
  const preemptMode = random.chance(3, 4);
  const count = 2 + random.below(2);
  const owner = random.chance(1, 12);
  const nodes = NAMES.slice(0, count).map((name, index): NodePlan => {
    const ownsAddress = owner && index === 0;
    return {
      name,
      number: index + 1,
      priority: ownsAddress ? 255 : 1 + random.below(254),
      startsAt: micros(random.below(2 * interval)),
      keepsProtocol: random.chance(3, 4),
      filtersPackets: false,
      outsideResolution: pick(random, [0, 1, 1, 1_000_000]),
      ownsAddress,
    };
  });
  // Of its own, so that a seed's story is the same as it was without groups.
  const groupRandom = seededRandom(seed ^ 0x2c1b3c6d);
  groupRandom.next();
  const grouped = groupRandom.chance(1, 3);
  const faultTime = seconds(10 + (12 * interval) / 1_000_000);
  const faults = Array.from({ length: 2 + random.below(5) }, () =>
    planForGroup(groupRandom, grouped, planFault(random, nodes, faultTime, interval)),
  );
  const doomed = faults.findIndex(({ fault }) => fault.kind === "kill-for-ever");
  const survivable = faults
    // Somebody has to be left.
    .filter(({ fault }, index) => fault.kind !== "kill-for-ever" || index === doomed)
    .toSorted((left, right) => left.at - right.at);
  // Numbers of their own, so that all else stays what it was before there was IPv6.
  const others = seededRandom(seed ^ 0x6f6f);
  others.next();
  return {
    seed,
    families: families ?? pick(others, [["ipv4"], ["ipv4"], ["ipv6"], ["ipv6"], ["ipv4", "ipv6"]] as const),
    mixed: families === undefined && others.chance(1, 4),
    version,
    interval,
    transport: pick(random, ["multicast", "unicast"]),
    preemptMode,
    preemptDelay: preemptMode && random.chance(1, 4) ? seconds(1 + random.below(5)) : seconds(0),
    scriptWeight: random.chance(2, 5) ? undefined : pick(random, [0, -30, 20]),
    fineLock: "off",
    grouped,
    delay: micros(pick(random, [50, 200, 1_000, 5_000])),
    nodes,
    faults: survivable,
    healedAt: micros(Math.max(...survivable.map(({ at, length }) => at + length))),
    quickPreempt: random.chance(1, 3),
  };
}

/** By numbers of its own, so that seeds that once found something go on meaning what they meant. */
function withPacketFilters(plan: Plan): Plan {
  const random = seededRandom(plan.seed ^ 0xf117e5);
  random.next();
  const quick = plan.version === 3 && random.chance(1, 3);
  const nodes = plan.nodes.map((node) => ({ ...node, filtersPackets: random.chance(9, 10) }));
  const flushes = Array.from({ length: random.below(3) }, (): PlannedFault => ({
    at: micros(random.below(plan.healedAt)),
    length: micros(1),
    fault: { kind: "flush-filter", node: pick(random, nodes).name },
    lans: ["first"],
  }));
  return {
    ...plan,
    interval: quick ? millis(10 * pick(random, [3, 5, 10, 10])) : plan.interval,
    fineLock: random.chance(1, 8) ? "off" : "auto",
    nodes,
    faults: [...plan.faults, ...flushes].toSorted((left, right) => left.at - right.at),
  };
}

function planFault(random: Random, nodes: readonly NodePlan[], faultTime: Micros, interval: Micros): PlannedFault {
  const at = micros(random.below(faultTime));
  // Around the times that matter: a renewal, a lease, a master-down interval, and much more.
  const length = micros(1 + random.below(pick(random, [interval, 4 * interval, 8 * interval, 15_000_000])));
  return { at, length, fault: chooseFault(random, nodes), lans: ["first"] };
}

function planForGroup(random: Random, grouped: boolean, planned: PlannedFault): PlannedFault {
  if (!grouped) return planned;
  const lans = pick<readonly LanName[]>(random, [["first"], ["second"], ["first", "second"]]);
  const { fault } = planned;
  const ungroups = fault.kind === "reload" && random.chance(1, 2);
  return { ...planned, lans, fault: ungroups ? { kind: "ungroup", node: fault.node } : fault };
}

function chooseFault(random: Random, nodes: readonly NodePlan[]): Fault {
  const node = pick(random, nodes).name;
  const others = nodes.filter(({ name }) => name !== node);
  const kind = pick(random, KINDS);
  switch (kind) {
    case "loss":
      return { kind, permille: 1 + random.below(500) };
    case "delay":
      return { kind, jitter: millis(1 + random.below(400)), duplicationPermille: random.below(300) };
    case "partition":
      return { kind, from: node, to: pick(random, others).name, oneWay: random.chance(1, 2) };
    case "stall-in-call":
    case "kill-in-call":
      return { kind, node, calls: 1 + random.below(40) };
    case "reload":
      return { kind, node, priority: 1 + random.below(254) };
    default:
      return { kind, node };
  }
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("Cannot pick from nothing");
  return item;
}

/** Those that every plan may have. */
type DrawnKind =
  | LanFault["kind"]
  | Exclude<ProcessFault["kind"], "hang" | "stop-killed">
  | Exclude<MachineFault["kind"], "set-clock">
  | Exclude<NetworkFault["kind"], "lost-removal" | "forbid-adverts">
  | "script-fails"
  | "reload";

const NAMES = ["a", "b", "c"];

const KINDS: readonly DrawnKind[] = [
  "loss",
  "loss",
  "delay",
  "partition",
  "partition",
  "crash",
  "crash",
  "kill-for-ever",
  "restart",
  "pause",
  "pause",
  "suspend",
  "freeze",
  "unplug",
  "stall-in-call",
  "stall-in-call",
  "kill-in-call",
  "kill-in-call",
  "remove-address",
  "flush",
  "remove-interface",
  "script-fails",
  "disk-full",
  "overrun",
  "reload",
];
