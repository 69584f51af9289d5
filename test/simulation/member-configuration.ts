import type { IpAddress } from "../../src/base/address.ts";
import { micros, seconds, type Micros } from "../../src/base/time.ts";
import type { Configuration, InstanceSettings, Transport } from "../../src/config/model.ts";
import { LAN_INTERFACE, nodeAddress, SECOND_INTERFACE } from "../../src/sim/node.ts";
import { SECOND_VIPS, VIPS } from "./invariants.ts";
import type { LanName, NodePlan, Plan } from "./plan.ts";
import { checkScript, configuration, instance, syncGroup, virtualAddress, VRRP_GROUP } from "./settings.ts";

/** A node as it is configured at the moment. */
export interface ConfiguredMember {
  readonly plan: NodePlan;
  readonly priority: number;
  /** Its instances are in a sync group. */
  readonly grouped: boolean;
}

/** The program that all nodes track where the plan says so. */
export const CHECK = "/usr/local/bin/check";
const SCRIPT_INTERVAL = seconds(1);

export function memberConfiguration(plan: Plan, member: ConfiguredMember): Configuration {
  const { version, interval, preemptMode, preemptDelay, scriptWeight, fineLock } = plan;
  const owner = member.priority === 255;
  const common: Partial<InstanceSettings> = {
    version,
    advertisementInterval: interval,
    preemptMode: preemptMode || owner,
    preemptDelay,
    fineLock,
    quickPreempt: plan.quickPreempt && preemptMode && preemptDelay === 0,
    priority: member.priority,
    trackScripts: scriptWeight === undefined ? [] : [{ script: "check", weight: scriptWeight, reverse: false }],
  };
  const on = (lan: LanName): InstanceSettings => {
    const device = lan === "first" ? LAN_INTERFACE : SECOND_INTERFACE;
    return instance({
      ...common,
      ...(lan === "first" ? {} : { name: "VI_2", vrid: 52, interface: device }),
      transport: transportOf(plan, member, lan),
      virtualAddresses: vipsOn([lan]).map((vip) => virtualAddress(vip, lengthOf(vip), device)),
    });
  };
  const model = configuration(
    plan.grouped ? [on("first"), on("second")] : [on("first")],
    scriptWeight === undefined ? [] : [checkScript("check", CHECK, { interval: SCRIPT_INTERVAL, rise: 2, fall: 2 })],
  );
  return member.grouped ? { ...model, groups: [syncGroup("VG_1", ["VI_1", "VI_2"])] } : model;
}

/** Until all is well: everybody listens anew, the strongest waits out its delay, scripts and repairs take their time. */
export function recoveryTime({ interval, preemptDelay }: Plan): Micros {
  const masterDown = 3 * interval + Math.max(interval, seconds(1));
  return micros(2 * masterDown + preemptDelay + 5 * SCRIPT_INTERVAL + seconds(5));
}

export function vipsOn(lans: readonly LanName[]): readonly IpAddress[] {
  return lans.flatMap((lan) => (lan === "first" ? VIPS : SECOND_VIPS));
}

/** The prefix length of a virtual address. */
export function lengthOf(vip: IpAddress): number {
  return vip.startsWith("10.0.") ? 24 : 32;
}

function transportOf(plan: Plan, member: ConfiguredMember, lan: LanName): Transport {
  if (plan.transport === "multicast") return { kind: "multicast", group: VRRP_GROUP, source: undefined };
  const others = plan.nodes.filter((planned) => planned.number !== member.plan.number);
  const peers = others.map(({ number }) => ({ address: nodeAddress(number, lan), minTtl: 0, maxTtl: 255 }));
  return {
    kind: "unicast",
    source: nodeAddress(member.plan.number, lan),
    peers,
    ttl: 64,
    checkSource: false,
    oldChecksum: "detect",
  };
}
