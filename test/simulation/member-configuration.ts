import type { IpAddress } from "../../src/base/address.ts";
import { micros, seconds, type Micros } from "../../src/base/time.ts";
import type { VirtualAddress } from "../../src/config/model/addresses.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import type { Transport } from "../../src/config/model/transport.ts";
import { LAN_INTERFACE, nodeAddress, nodeLinkLocalAddress, SECOND_INTERFACE } from "../../src/sim/node.ts";
import type { NodePlan, Plan } from "./plan.ts";
import { tracking } from "./tracker-plan.ts";
import { withTraitsOf } from "./trait-configuration.ts";
import { downTimerAdvertsOf, longestInterval, type Habits } from "./traits.ts";
import { lengthOf, routersOf, type PlannedRouter } from "./routers.ts";
import {
  checkScript,
  configuration,
  instance,
  syncGroup,
  virtualAddress,
  VRRP_GROUP,
  VRRP_GROUP_IPV6,
} from "./settings.ts";

/** A node as it is configured at the moment. */
export interface ConfiguredMember {
  readonly plan: NodePlan;
  readonly priority: number;
  /** Its instances are in a sync group. */
  readonly grouped: boolean;
  readonly habits: Habits;
  /** Of a pair of virtual routers, the second one has an address of the first. */
  readonly moved: boolean;
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
  const instanceOf = (router: PlannedRouter): InstanceSettings => {
    const { name, vrid, family, advertised, excluded } = router;
    const device = router.lan === "first" ? LAN_INTERFACE : SECOND_INTERFACE;
    const held = (vips: readonly IpAddress[]): readonly VirtualAddress[] =>
      vips.map((vip) => virtualAddress(vip, lengthOf(vip), device));
    const [virtualAddresses, excludedAddresses] = [held(advertised), held(excluded)];
    const transport = transportOf(plan, member, router);
    return instance({
      ...common,
      priority: priorityOf(plan, member, name),
      name,
      vrid,
      family,
      interface: device,
      transport,
      virtualAddresses,
      excludedAddresses,
    });
  };
  const model = configuration(
    routersOf(plan, member.moved).map(instanceOf),
    scriptWeight === undefined ? [] : [checkScript("check", CHECK, { interval: SCRIPT_INTERVAL, rise: 2, fall: 2 })],
  );
  const tracked = plan.trackers === undefined ? model : tracking(model, plan.trackers);
  const whole = plan.traits === undefined ? tracked : withTraitsOf(tracked, plan, plan.traits, member);
  return member.grouped ? { ...whole, groups: [syncGroup("VG_1", ["VI_1", "VI_2"])] } : whole;
}

/** Before trackers. */
export function priorityOf(
  { traits }: Plan,
  { priority }: Pick<ConfiguredMember, "priority">,
  instanceName: string,
): number {
  return instanceName === "VI_3" && traits?.paired === "crosswise" ? 255 - priority : priority;
}

/** Until all is well: everybody listens anew, the strongest waits out its delay, scripts and repairs take their time. */
export function recoveryTime(plan: Plan): Micros {
  const { preemptDelay, traits } = plan;
  const longest = longestInterval(plan);
  const masterDown = downTimerAdvertsOf(plan) * longest + Math.max(longest, seconds(1));
  // A session that comes at its idle pace.
  const bfd = traits?.bfdWeight === undefined ? 0 : seconds(5);
  const late = traits?.startupDelay ?? 0;
  return micros(2 * masterDown + preemptDelay + 5 * SCRIPT_INTERVAL + bfd + late + seconds(7));
}

function transportOf(plan: Plan, member: ConfiguredMember, { lan, family }: PlannedRouter): Transport {
  const group = family === "ipv4" ? VRRP_GROUP : VRRP_GROUP_IPV6;
  if (plan.transport === "multicast") return { kind: "multicast", group, source: undefined };
  const addressOf = family === "ipv4" ? nodeAddress : nodeLinkLocalAddress;
  const others = plan.nodes.filter((planned) => planned.number !== member.plan.number);
  const peers = others.map(({ number }) => ({ address: addressOf(number, lan), minTtl: 0, maxTtl: 255 }));
  return {
    kind: "unicast",
    source: addressOf(member.plan.number, lan),
    peers,
    ttl: 64,
    checkSource: false,
    oldChecksum: "detect",
  };
}
