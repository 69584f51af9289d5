import { familyOf, ip, mac } from "../../src/base/address.ts";
import { RTPROT_KEEPALIVED, type Rule } from "../../src/base/route.ts";
import type { VirtualAddress } from "../../src/config/model/addresses.ts";
import type { BfdInstanceSettings } from "../../src/config/model/bfd.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import type { RoutingSettings } from "../../src/config/model/routing.ts";
import type { Place } from "../../src/config/place.ts";
import { micros, millis } from "../../src/base/time.ts";
import { LAN_INTERFACE } from "../../src/sim/node.ts";
import { GATEWAY_ADDRESS, GATEWAY_SESSION, sessionTo } from "./gateway.ts";
import type { NodePlan, Plan } from "./plan.ts";
import { intervalOf, type Habits, type Traits } from "./traits.ts";

/** A node whose traits are put into its configuration. */
export interface TraitedMember {
  readonly plan: NodePlan;
  readonly habits: Habits;
}

/** An interface that nobody uses, for those who track it. */
export const TRACKED_INTERFACE = "eth2";

/** Adds what the traits say to a configuration. */
export function withTraitsOf(
  configuration: Configuration,
  plan: Plan,
  traits: Traits,
  { plan: node, habits }: TraitedMember,
): Configuration {
  const instances = configuration.instances.map((instance) => {
    const weighted = instance.priority < 255;
    const counts = (weight: number | undefined): weight is number => weight !== undefined && (weighted || weight === 0);
    const { linkWeight, bfdWeight } = traits;
    const placed = traits.virtualMac ? onVirtualInterface(instance) : instance;
    return {
      ...placed,
      advertisementInterval: intervalOf(plan, node.name),
      downTimerAdverts: traits.downTimerAdverts,
      accept: habits.accept || !weighted,
      repair: habits.repair,
      answersLowerPriority: habits.answersLowerPriority,
      answersHigherPriority: habits.answersHigherPriority,
      authentication: traits.authentication,
      trackSource: traits.trackSource,
      trackInterfaces: counts(linkWeight)
        ? [{ interface: TRACKED_INTERFACE, weight: linkWeight, reverse: false }]
        : instance.trackInterfaces,
      trackBfd: counts(bfdWeight) ? [{ bfd: GATEWAY_SESSION, weight: bfdWeight, reverse: false }] : [],
      routing: habits.routed && instance.name === "VI_1" ? routingOf(instance) : [],
    };
  });
  const bfd: readonly BfdInstanceSettings[] =
    traits.bfdWeight === undefined ? [] : [sessionTo(GATEWAY_SESSION, GATEWAY_ADDRESS)];
  const { global } = configuration;
  const pause = traits.paced ? PACE : micros(0);
  const pacing = { ...global.pacing, arpInterval: pause, neighborInterval: pause };
  return { ...configuration, instances, bfd, global: { ...global, startupDelay: traits.startupDelay, pacing } };
}

/** `use_vmac`: as config/check-vmac.ts has it. */
function onVirtualInterface(instance: InstanceSettings): InstanceSettings {
  const { vrid, family, transport, interface: base } = instance;
  const name = `vrrp${family === "ipv4" ? "" : "6"}.${vrid}`;
  const last = vrid.toString(16).padStart(2, "0");
  const address = mac(`00:00:5e:00:0${family === "ipv4" ? 1 : 2}:${last}`);
  const place = (vip: VirtualAddress): VirtualAddress =>
    familyOf(vip.address) === family ? { ...vip, device: name } : vip;
  return {
    ...instance,
    virtualInterfaces: [{ kind: "macvlan", name, base, mac: address, group: undefined, place: undefined }],
    advertInterface: transport.kind === "unicast" || family === "ipv6" ? base : name,
    virtualAddresses: instance.virtualAddresses.map(place),
    excludedAddresses: instance.excludedAddresses.map(place),
  };
}

/** A route that comes from the virtual address where that is of its family, one that does not, and a rule. */
function routingOf({ virtualAddresses }: InstanceSettings): readonly RoutingSettings[] {
  const vip = virtualAddresses.find(({ address }) => address.startsWith("10.0."));
  return [
    ...(vip === undefined ? [] : [routeTo("198.51.100.0", vip)]),
    routeTo("203.0.113.0", undefined),
    { kind: "rule", rule: RULE, tracked: true, group: undefined, place: PLACE },
  ];
}

function routeTo(destination: string, source: VirtualAddress | undefined): RoutingSettings {
  const hop = { gateway: undefined, device: source?.device ?? LAN_INTERFACE, weight: 1, onlink: false };
  return {
    kind: "route",
    route: {
      family: "ipv4",
      type: "unicast",
      destination: { address: ip(destination), length: 24 },
      from: undefined,
      tos: 0,
      table: 254,
      vrf: undefined,
      protocol: RTPROT_KEEPALIVED,
      scope: 253,
      metric: undefined,
      preferredSource: source?.address,
      hops: [{ ...hop, realms: undefined, encapsulation: undefined }],
      metrics: {},
      congestionControl: undefined,
      expires: undefined,
      preference: undefined,
      propagatesTtl: undefined,
      insertion: "prepend",
    },
    tracked: true,
    group: undefined,
    place: PLACE,
  };
}

/** From one announcement to the next, where they are paced. */
const PACE = millis(30);

const RULE: Rule = {
  family: "ipv4",
  action: { kind: "lookup", table: 100 },
  inverted: false,
  from: { address: ip("198.51.100.0"), length: 24 },
  to: undefined,
  preference: 1000,
  tos: 0,
  mark: undefined,
  realms: undefined,
  suppressPrefixLength: undefined,
  suppressGroup: undefined,
  incoming: undefined,
  outgoing: undefined,
  tunnel: undefined,
  users: undefined,
  protocol: RTPROT_KEEPALIVED,
  ipProtocol: undefined,
  sourcePorts: undefined,
  destinationPorts: undefined,
};

const PLACE: Place = { file: "keepalived.conf", line: 1, column: 1 };
