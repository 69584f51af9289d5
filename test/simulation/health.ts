import type { IpAddress } from "../../src/base/address.ts";
import type { SimNode } from "../../src/sim/node.ts";
import type { Invariants } from "./invariants.ts";
import { lastTold } from "./last-told.ts";
import type { NodePlan, Plan } from "./plan.ts";
import { NOTIFY_FIFO } from "./settings.ts";

/** A node as it is when everything has healed. */
export interface FinalMember {
  readonly plan: NodePlan;
  readonly node: SimNode;
  /** Killed for ever. */
  readonly dead: boolean;
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
    for (const vip of vips) demandHolding(member, vip, status?.state === "MASTER", complain);
  }
  for (const member of members.filter(({ dead }) => dead)) {
    for (const vip of vips) demandHolding(member, vip, false, complain);
  }
}

/** Demands that what was told last is what is, of every instance. To be called once: what a FIFO holds is read only once. */
export function demandTold(members: readonly FinalMember[], complain: (text: string) => void): void {
  for (const { node, dead } of members) {
    if (dead) continue;
    const told = lastTold(node.fifos.read(NOTIFY_FIFO));
    for (const { name, state } of node.status()) {
      const last = told.get(`INSTANCE "${name}"`);
      if (last !== state) complain(`${node.name} has ${name} in ${state}, but has told ${last ?? "nothing"} last`);
    }
  }
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
