import type { IpAddress } from "../../src/base/address.ts";
import type { SimNode } from "../../src/sim/node.ts";
import type { Invariants } from "./invariants.ts";
import { priorityOf } from "./member-configuration.ts";
import type { NodePlan, Plan } from "./plan.ts";
import { isMovable } from "./routers.ts";
import type { Habits } from "./traits.ts";

/** A node as it is when everything has healed. */
export interface FinalMember {
  readonly plan: NodePlan;
  readonly node: SimNode;
  /** Killed for ever. */
  readonly dead: boolean;
  readonly habits: Habits;
  /** Before trackers, as configured last. */
  readonly priority: number;
}

/**
 * Demands one master, the strongest where preemption is on, who alone holds the addresses. In a sync group one instance
 * speaks for all.
 */
export function demandHealth(
  plan: Plan,
  members: readonly FinalMember[],
  { routers, vips }: Invariants,
  complain: (text: string) => void,
): void {
  const instance = routers[0]?.name;
  const alive = members.filter((member) => !member.dead);
  const states = alive.map((member) => ({
    member,
    status: member.node.status().find(({ name }) => name === instance),
  }));
  const masters = states.filter(({ status }) => status?.state === "MASTER");
  const words = states.map(({ member, status }) => `${member.node.name}=${status?.state ?? "not running"}`).join(" ");
  if (masters.length !== 1) return complain(`after healing there are ${masters.length} masters: ${words}`);
  const strongest = Math.max(...states.map(({ status }) => status?.effectivePriority ?? 0));
  const [master] = masters;
  if (plan.preemptMode && master?.status?.effectivePriority !== strongest) {
    complain(`after healing the master is not the strongest: ${words}`);
  }
  for (const { member, status } of states) {
    if (status?.state !== "MASTER" && status?.state !== "BACKUP") complain(`after healing: ${words}`);
    const expected = soundPriority(plan, member, instance ?? "");
    if (status !== undefined && status.effectivePriority !== expected) {
      complain(`${member.node.name} has an effective priority of ${status.effectivePriority} instead of ${expected}`);
    }
    const isMaster = status?.state === "MASTER";
    for (const vip of vips) demandHolding(member, vip, isMaster, complain);
    if (isMaster) for (const vip of vips) demandRefusal(member, vip, complain);
    if (instance === "VI_1") demandRoutes(member, isMaster, complain);
  }
  for (const member of members.filter(({ dead }) => dead)) {
    for (const vip of vips) demandHolding(member, vip, false, complain);
  }
}

/** What trackers make of a priority while nothing that is tracked is wrong. */
function soundPriority(plan: Plan, member: FinalMember, instance: string): number {
  const base = priorityOf(plan, member, instance);
  if (base === 255) return base;
  const { scriptWeight, trackers, traits } = plan;
  const weights = [scriptWeight, trackers?.processWeight, traits?.linkWeight, traits?.bfdWeight];
  const sum = weights.reduce<number>((total, weight = 0) => total + Math.max(0, weight), base);
  return Math.min(254, Math.max(1, sum));
}

/** Demands that whoever sends to an address on the LAN reaches the master. To be asked when all else is well. */
export function demandBelief(
  plan: Plan,
  members: readonly FinalMember[],
  { routers, vips }: Invariants,
  beliefs: ReadonlyMap<IpAddress, string>,
  complain: (text: string) => void,
): void {
  const instance = routers[0]?.name;
  const master = members.find(({ node }) =>
    node.status().some(({ name, state }) => name === instance && state === "MASTER"),
  );
  if (master === undefined || mayBeMisled(plan)) return;
  for (const vip of vips) {
    // While nodes do not agree whose it is, each announces it.
    if (isMovable(plan, vip)) continue;
    const believed = beliefs.get(vip);
    if (believed !== master.node.name)
      complain(`${vip} is with ${master.node.name}, but ${believed} announced it last`);
  }
}

/** Demands that every session is known to be up again, and that nobody's lock is in trouble. */
export function demandSessions(members: readonly FinalMember[], complain: (text: string) => void): void {
  for (const { node, dead } of members) {
    if (dead) continue;
    for (const { name, verdict } of node.bfd?.known.values() ?? []) {
      if (verdict !== "up") complain(`${node.name}: the session ${name} is ${verdict} after healing`);
    }
  }
}

/**
 * Whether a master need not know that another one has announced its addresses: it could not hear that one, which was gone, or
 * could not be heard either, when it yielded (ADR 0024).
 */
function mayBeMisled({ faults, traits }: Plan): boolean {
  const kinds = new Set(faults.map(({ fault }) => fault.kind));
  // Who is stalled in the middle of a take-over announces when it is over, and with the MAC address that all share.
  if (traits?.virtualMac === true && kinds.has("stall-in-call")) return true;
  if (kinds.has("loss")) return true;
  const cuts = faults.filter(({ fault }) => fault.kind === "partition");
  if (cuts.length === 0) return false;
  return (
    cuts.length > 1 ||
    cuts.some(({ fault }) => fault.kind === "partition" && fault.oneWay) ||
    ENDS.some((kind) => kinds.has(kind))
  );
}

function demandRoutes({ node, habits }: FinalMember, isMaster: boolean, complain: (text: string) => void): void {
  const count = node.routing.items().length;
  if (count > 0 === (isMaster && habits.routed)) return;
  complain(`${node.name} has ${count} routes and rules but is ${isMaster ? "" : "not "}master`);
}

function demandRefusal({ plan, node, habits }: FinalMember, vip: IpAddress, complain: (text: string) => void): void {
  const wanted = !habits.accept && plan.filtersPackets && !plan.ownsAddress;
  if (node.packetFilter.refuses(vip) === wanted) return;
  complain(`${node.name} ${wanted ? "lets others talk" : "does not let others talk"} to ${vip}`);
}

function demandHolding(
  { plan, node }: FinalMember,
  vip: IpAddress,
  wanted: boolean,
  complain: (text: string) => void,
): void {
  const has = node.kernel.addresses.has(vip);
  if (has === (wanted || plan.ownsAddress)) return;
  complain(`${node.name} ${has ? "has" : "does not have"} ${vip} but is ${wanted ? "" : "not "}master`);
}

/** Faults after which a node may never say that it is not the master any more, or nobody hears it. */
const ENDS = [
  "crash",
  "kill-for-ever",
  "restart",
  "stop-killed",
  "hang",
  "pause",
  "stall-in-call",
  "kill-in-call",
  "suspend",
  "freeze",
  "unplug",
  "remove-interface",
  "flush",
  "forbid-adverts",
] as const;
