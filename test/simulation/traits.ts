import { seededRandom, type Random } from "../../src/base/random.ts";
import { micros, millis, seconds, type Micros } from "../../src/base/time.ts";
import type { AuthenticationSettings } from "../../src/config/model/authentication.ts";
import type { Fault, NodePlan, Plan, PlannedFault } from "./plan.ts";

/** How a cluster is configured beside what every plan says, on all nodes alike unless a fault changes one of them. */
export interface Traits extends Habits {
  readonly downTimerAdverts: number;
  /** By the names of nodes: some adverts less often than the plan says. Version 3 only. */
  readonly intervals: Readonly<Record<string, Micros>>;
  readonly authentication: AuthenticationSettings;
  readonly virtualMac: boolean;
  /** Of a tracked interface besides; undefined: none is. */
  readonly linkWeight: number | undefined;
  /** Of a tracked BFD session to a gateway; undefined: there is none. */
  readonly bfdWeight: number | undefined;
  readonly trackSource: boolean;
  readonly startupDelay: Micros;
  /**
   * A second virtual router beside the first one, between which addresses move. Its priorities are the other way round, or
   * the same, so that one node is master of both.
   */
  readonly paired: false | "crosswise" | "alike";
  /** Announcements wait for one another (`vrrp_garp_interval`). */
  readonly paced: boolean;
}

/** What a reload may change on a single node, at any time, without harm. */
export interface Habits {
  readonly accept: boolean;
  readonly repair: boolean;
  /** A route and a rule go with mastership. */
  readonly routed: boolean;
  readonly answersLowerPriority: boolean;
  readonly answersHigherPriority: boolean;
}

/** The same plan with traits and what may befall them. By a random stream of its own: the plan itself stays as it was. */
export function withTraits(plan: Plan): Plan {
  const random = seededRandom(plan.seed ^ 0x7_4a175);
  random.next();
  const owned = plan.nodes.some(({ ownsAddress }) => ownsAddress);
  const paired = !plan.grouped && !owned && random.chance(1, 4) && pick(random, ["crosswise", "alike"] as const);
  const traits: Traits = {
    ...drawHabits(random),
    downTimerAdverts: pick(random, [3, 3, 3, 2, 5]),
    intervals: drawIntervals(random, plan),
    authentication: drawAuthentication(random, plan),
    virtualMac: !owned && random.chance(1, 4),
    linkWeight: random.chance(1, 4) ? pick(random, [0, -40, 25]) : undefined,
    bfdWeight: random.chance(1, 3) ? pick(random, [0, -50, 30]) : undefined,
    trackSource: plan.transport === "unicast" && random.chance(1, 2),
    startupDelay: random.chance(1, 5) ? millis(500 + random.below(4_000)) : seconds(0),
    paired,
    paced: random.chance(1, 5),
  };
  const nodes = !owned && random.chance(1, 8) ? tied(plan.nodes) : plan.nodes;
  const further = Array.from({ length: random.below(4) }, () => drawFault(random, plan, traits));
  const faults = [...plan.faults, ...further].toSorted((left, right) => left.at - right.at);
  const healedAt = micros(Math.max(...faults.map(({ at, length }) => at + length)));
  return {
    ...plan,
    families: paired !== false ? plan.families.slice(0, 1) : plan.families,
    traits,
    nodes,
    faults,
    healedAt,
  };
}

/** How often a node adverts. */
export function intervalOf({ interval, traits }: Plan, name: string): Micros {
  return traits?.intervals[name] ?? interval;
}

/** The longest of them. */
export function longestInterval(plan: Plan): Micros {
  return micros(Math.max(...plan.nodes.map(({ name }) => intervalOf(plan, name))));
}

export function downTimerAdvertsOf({ traits }: Plan): number {
  return traits?.downTimerAdverts ?? 3;
}

function drawHabits(random: Random): Habits {
  return {
    accept: random.chance(3, 4),
    repair: random.chance(4, 5),
    routed: random.chance(1, 3),
    answersLowerPriority: random.chance(4, 5),
    answersHigherPriority: random.chance(1, 5),
  };
}

/** At most twice as long, so that a node that has just come waits long enough for a slower master. */
function drawIntervals(random: Random, { version, interval, nodes }: Plan): Readonly<Record<string, Micros>> {
  if (version === 2 || !random.chance(1, 3)) return {};
  // Version 3 counts hundredths of seconds.
  const slow = (): Micros => millis(10 * Math.ceil((interval / 10_000) * pick(random, [1, 1.5, 2])));
  return Object.fromEntries(nodes.map(({ name }) => [name, slow()]));
}

function drawAuthentication(random: Random, { version, families }: Plan): AuthenticationSettings {
  const isIpv4 = families.every((family) => family === "ipv4");
  const kind = pick(random, ["none", "none", "password", "header", "header", "signature"] as const);
  if (kind === "none" || (kind !== "signature" && (version === 3 || !isIpv4))) return { kind: "none" };
  if (kind !== "signature") return { kind, password: "s3cret" };
  const keys = [{ id: 1, hex: "42".repeat(32) }];
  const replay = { kind: pick(random, ["time", "monotonic"] as const), window: 10 };
  return { kind, keys, activeKey: 1, replay, mode: pick(random, ["enforce", "permissive"] as const) };
}

/** The address decides. */
function tied(nodes: readonly NodePlan[]): readonly NodePlan[] {
  const [first] = nodes;
  return first === undefined ? nodes : nodes.map((node) => ({ ...node, priority: first.priority }));
}

function drawFault(random: Random, plan: Plan, traits: Traits): PlannedFault {
  const node = pick(random, plan.nodes).name;
  const at = micros(random.below(plan.healedAt));
  const length = micros(1 + random.below(pick(random, [plan.interval, 4 * plan.interval, 8_000_000])));
  const kinds: Fault["kind"][] = ["refit", "hang", "stop-killed", "stop-killed", "lost-removal", "restart"];
  if (traits.authentication.kind !== "signature" && traits.authentication.kind !== "header") kinds.push("set-clock");
  if (traits.linkWeight !== undefined) kinds.push("link-down", "link-down");
  if (traits.bfdWeight !== undefined) kinds.push("bfd-crash", "bfd-pause", "gateway-cut", "gateway-dies");
  if (traits.paired !== false) kinds.push("move-address", "move-address", "move-address");
  return { at, length, lans: ["first"], fault: faultOf(pick(random, kinds), node, random) };
}

function faultOf(kind: Fault["kind"], node: string, random: Random): Fault {
  switch (kind) {
    case "refit":
      return { kind, node, habits: drawHabits(random) };
    case "set-clock":
      return { kind, node, offMs: (random.chance(1, 2) ? 1 : -1) * random.below(100_000_000) };
    case "gateway-dies":
      return { kind };
    case "move-address":
      return { kind, lag: micros(random.below(600_000)) };
    case "stop-killed":
      return { kind, node, after: micros(random.below(1_200_000)) };
    case "restart":
    case "lost-removal":
    case "link-down":
    case "bfd-crash":
    case "bfd-pause":
    case "gateway-cut":
    case "hang":
      return { kind, node };
    default:
      throw new RangeError(`${kind} is no fault of traits`);
  }
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("Cannot pick from nothing");
  return item;
}
