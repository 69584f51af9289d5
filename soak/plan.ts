import { unreachable } from "../src/base/assert.ts";
import { seededRandom, type Random } from "../src/base/random.ts";
import { nodeOf, type Fault, type Which } from "./fault.ts";
import { prioritiesFor, servicesOf, type ServiceName } from "./services.ts";
import type { NodeSettings, Settings } from "./settings.ts";

/** One round: faults begin, are mended, and the strongest node has to hold the address again, alone. */
export interface Round {
  readonly faults: readonly PlannedFault[];
  /** Nothing may happen for so long when all is well again. */
  readonly quietMs: number;
}

type Kind = (typeof KINDS)[number];

export interface PlannedFault {
  readonly fault: Fault;
  /** After the beginning of the round. */
  readonly afterMs: number;
  readonly lengthMs: number;
}

/** By chance: the version of the protocol, how adverts travel, and who is strongest. */
export function planSettings(seed: number): Settings {
  const random = seededRandom(seed);
  // The first numbers of neighboring seeds are not far apart enough to be used.
  random.next();
  // Of its own, so that all else stays what it was when there was one service.
  const others = seededRandom(seed ^ 0x3e81);
  others.next();
  const priorities = shuffled(random, [200, 150, 100]);
  const nodes = NODES.map((node, index): NodeSettings => ({ ...node, priority: priorities[index] ?? 100 }));
  return {
    seed,
    version: pick(random, [2, 3, 3]),
    transport: pick(random, ["multicast", "multicast", "unicast"]),
    preemptDelay: pick(random, [0, 0, 2]),
    mirrored: others.chance(1, 2),
    nodes,
  };
}

/** Plans round after round. The same settings and the same priorities give the same rounds. */
export class Planner {
  readonly #settings: Settings;
  readonly #random: Random;
  /** Decides which service a fault is of. */
  readonly #serviceRandom: Random;
  /** Kinds are dealt as from a pack of cards, so that none is left out for long. */
  #pack: Kind[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed ^ 0x50a4);
    this.#random.next();
    this.#serviceRandom = seededRandom(settings.seed ^ 0x5e41);
    this.#serviceRandom.next();
  }

  /**
   * One fault, now and then two, on different nodes.
   *
   * @param priorities Of each node, as reloads have left them. The strongest holds the addresses when the round begins.
   */
  next(priorities: ReadonlyMap<string, number>): Round {
    const random = this.#random;
    const first = this.#planFault(this.#deal(), priorities, undefined);
    if (first === undefined) return this.next(priorities);
    const faults = [first];
    if (random.chance(1, 4)) {
      const kind = this.#deal();
      const second = this.#planFault(kind, priorities, nodeOf(first.fault));
      const afterMs = random.below(6_000);
      if (second !== undefined && kind !== first.fault.kind) faults.push({ ...second, afterMs });
    }
    return { faults, quietMs: 1_000 + random.below(2_000) };
  }

  #deal(): Kind {
    if (this.#pack.length === 0) this.#pack = shuffled(this.#random, KINDS);
    return this.#pack.pop() ?? "kill";
  }

  /** Undefined: no node can have it now. @param spared The node that already has a fault. */
  #planFault(
    kind: Kind,
    priorities: ReadonlyMap<string, number>,
    spared: string | undefined,
  ): PlannedFault | undefined {
    const random = this.#random;
    const [service = "web", held = priorities] = this.#pickService(kind, priorities);
    const holder = strongest(held);
    const candidates = this.#settings.nodes.filter(({ name, daemon }) => {
      if (name === spared) return false;
      if (kind === "bad-reload") return daemon === "holdfast";
      if (kind === "vip-deleted") return name === holder;
      return kind === "foreign-vip" ? name !== holder : true;
    });
    if (candidates.length === 0) return undefined;
    const master = candidates.filter(({ name }) => name === holder);
    const chosen = pick(random, master.length > 0 && random.chance(3, 5) ? master : candidates);
    return planOn(random, { kind, node: chosen.name, service, priorities });
  }

  /** With its priorities. Undefined: the fault is not of one service. */
  #pickService(kind: Kind, priorities: ReadonlyMap<string, number>): [ServiceName, Map<string, number>] | [] {
    if (kind !== "vip-deleted" && kind !== "foreign-vip") return [];
    const service = pick(this.#serviceRandom, servicesOf(this.#settings));
    return [service.name, prioritiesFor(service, priorities)];
  }
}

/** Who holds the address when nothing is wrong. */
export function strongest(priorities: ReadonlyMap<string, number>): string {
  const [first] = [...priorities].toSorted(([, left], [, right]) => right - left);
  if (first === undefined) throw new RangeError("There is no node");
  return first[0];
}

interface Circumstances {
  readonly kind: Kind;
  readonly node: string;
  readonly service: ServiceName;
  readonly priorities: ReadonlyMap<string, number>;
}

function planOn(random: Random, { kind, node, service, priorities }: Circumstances): PlannedFault {
  const plan = (fault: Fault, lengthMs: number): PlannedFault => ({ fault, afterMs: 0, lengthMs });
  switch (kind) {
    case "kill": {
      const which = pick<Which>(random, ["all", "all", "vrrp", "supervisor"]);
      return plan({ kind, node, which }, which === "vrrp" ? 0 : 300 + random.below(7_000));
    }
    case "freeze": {
      const which = pick<"all" | "vrrp">(random, ["all", "all", "vrrp"]);
      return plan({ kind, node, which }, 1_000 + random.below(random.chance(1, 2) ? 4_000 : 14_000));
    }
    case "stop":
      return plan({ kind, node }, 300 + random.below(5_000));
    case "link-down":
    case "cable-pulled":
      return plan({ kind, node }, 300 + random.below(7_000));
    case "cut":
      return plan({ kind, node, direction: pick(random, ["in", "out", "both"]) }, 1_000 + random.below(7_000));
    case "vip-deleted":
      return plan({ kind, node, service }, 0);
    case "foreign-vip":
      return plan({ kind, node, service }, 500 + random.below(4_000));
    case "reload":
      return plan({ kind, node, priority: freePriority(random, priorities) }, 0);
    case "bad-reload":
      return plan({ kind, node }, 500 + random.below(2_000));
    case "script-fails":
      return plan({ kind, node }, 500 + random.below(6_000));
    case "number-written":
      return plan({ kind, node, value: -20 - random.below(150) }, 500 + random.below(7_000));
    case "cpu-load":
      return plan({ kind, node, loops: 2 + random.below(3) }, 1_000 + random.below(3_000));
    case "runtime-full":
      return plan({ kind, node }, 2_000 + random.below(4_000));
    case "loss":
      return plan({ kind, permille: 100 + random.below(600) }, 2_000 + random.below(8_000));
    case "flood":
      return plan({ kind }, 2_000 + random.below(3_000));
    default:
      return unreachable(kind);
  }
}

/** One that no other node has, and that is not within the reach of rounding. */
function freePriority(random: Random, priorities: ReadonlyMap<string, number>): number {
  for (;;) {
    const priority = 80 + 5 * random.below(33);
    if (![...priorities.values()].includes(priority)) return priority;
  }
}

function pick<Value>(random: Random, from: readonly Value[]): Value {
  const value = from[random.below(from.length)];
  if (value === undefined) throw new RangeError("There is nothing to pick from");
  return value;
}

function shuffled<Value>(random: Random, values: readonly Value[]): Value[] {
  const rest = [...values];
  return values.flatMap(() => rest.splice(random.below(rest.length), 1));
}

const NODES = [
  { name: "a", daemon: "holdfast", address: "10.77.0.1", ipv6Address: "2001:db8:77::1" },
  { name: "b", daemon: "holdfast", address: "10.77.0.2", ipv6Address: "2001:db8:77::2" },
  { name: "c", daemon: "keepalived", address: "10.77.0.3", ipv6Address: "2001:db8:77::3" },
] as const;

/** How often each is picked. */
const KINDS = [
  "kill",
  "kill",
  "kill",
  "freeze",
  "freeze",
  "freeze",
  "stop",
  "stop",
  "link-down",
  "cable-pulled",
  "cut",
  "cut",
  "vip-deleted",
  "foreign-vip",
  "reload",
  "reload",
  "bad-reload",
  "script-fails",
  "number-written",
  "cpu-load",
  "runtime-full",
  "loss",
  "flood",
] as const;
