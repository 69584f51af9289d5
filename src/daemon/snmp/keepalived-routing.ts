import { ip, type IpPrefix } from "../../base/address.ts";
import type { Encapsulation, NextHop, Route, RouteMetric, Rule, RuleAction } from "../../base/route.ts";
import type { SnmpValue } from "../../base/snmp.ts";
import type { Cells, Table } from "../../core/snmp/tree.ts";
import { scopeNumber } from "./keepalived-instances.ts";
import { address, addressType, gauge, integer, numbered, tableOf, text, truth } from "./variables.ts";
import { entryOf, instancesOf, interfaceIndex, type InstanceView, type View } from "./view.ts";

/** vrrpRouteTable, vrrpRouteNextHopTable and vrrpRuleTable. */
export function routingVariables(view: View): readonly Table[] {
  const instances = instancesOf(view).map((instance) => {
    return { above: [instance.number], routes: routesOf(instance), rules: rulesOf(instance) };
  });
  return [
    tableOf(
      entryOf(7),
      55,
      instances.flatMap(({ above, routes }) =>
        numbered(routes, ({ route, isSet }) => routeRow(route, isSet, view), above),
      ),
    ),
    tableOf(
      entryOf(8),
      38,
      instances.flatMap(({ above, rules }) => numbered(rules, ({ rule, isSet }) => ruleRow(rule, isSet), above)),
    ),
    tableOf(
      entryOf(11),
      18,
      instances.flatMap(({ above, routes }) =>
        routes.flatMap(({ route: { hops } }, index) =>
          hops.length < 2 ? [] : numbered(hops, (hop) => hopRow(hop, view), [...above, index + 1]),
        ),
      ),
    ),
  ];
}

function routesOf({
  settings,
  facts,
}: InstanceView): readonly { readonly route: Route<string>; readonly isSet: boolean }[] {
  return settings.routing.flatMap((item, index) =>
    item.kind === "route" ? [{ route: item.route, isSet: facts.routing[index] === true }] : [],
  );
}

function rulesOf({ settings, facts }: InstanceView): readonly { readonly rule: Rule; readonly isSet: boolean }[] {
  return settings.routing.flatMap((item, index) =>
    item.kind === "rule" ? [{ rule: item.rule, isSet: facts.routing[index] === true }] : [],
  );
}

function routeRow(route: Route<string>, isSet: boolean, view: View): Cells {
  const only = route.hops.length === 1 ? route.hops[0] : undefined;
  const { metrics } = route;
  return {
    2: addressType(route.destination.address),
    ...prefixCells(3, route.destination),
    5: only?.gateway === undefined ? undefined : address(only.gateway),
    7: route.preferredSource === undefined ? undefined : address(route.preferredSource),
    8: gauge(route.metric ?? 0),
    9: integer(scopeNumber(route.scope)),
    10: integer(route.hops.length > 1 ? 2 : (ROUTE_TYPES.get(route.type) ?? 1)),
    11: only?.device === undefined ? undefined : integer(interfaceIndex(view, only.device)),
    12: only?.device === undefined ? undefined : text(only.device),
    13: gauge(route.table),
    14: truth(isSet),
    ...(route.from === undefined ? {} : prefixCells(15, route.from)),
    17: route.tos === 0 ? undefined : gauge(route.tos),
    // RTPROT_* begin with 0, the MIB's numbers with 1.
    18: integer(route.protocol + 1),
    19: truth(((metrics.features?.value ?? 0) & RTAX_FEATURE_ECN) !== 0),
    20: truth(metrics.quickack?.value === 1),
    21: route.expires === undefined ? undefined : integer(route.expires),
    ...lockable(22, metrics.mtu),
    24: plain(metrics.hoplimit),
    ...lockable(25, metrics.advmss),
    // The kernel counts eighths of a millisecond, and quarters for the variance.
    ...lockable(27, scaled(metrics.rtt, 8)),
    ...lockable(29, scaled(metrics.rttvar, 4)),
    ...lockable(31, metrics.reordering),
    33: plain(metrics.window),
    ...lockable(34, metrics.cwnd),
    ...lockable(36, metrics.ssthresh),
    ...lockable(38, metrics.rto_min),
    40: plain(metrics.initcwnd),
    41: plain(metrics.initrwnd),
    42: route.congestionControl === undefined ? undefined : text(route.congestionControl.name),
    43: route.preference === undefined ? undefined : integer(PREFERENCES.get(route.preference) ?? 2),
    ...realmCells(44, only?.realms),
    ...encapsulationCells(46, only?.encapsulation),
    55: metrics.fastopen_no_cookie === undefined ? undefined : truth(metrics.fastopen_no_cookie.value === 1),
  };
}

function hopRow({ gateway, device, weight, onlink, realms, encapsulation }: NextHop<string>, view: View): Cells {
  return {
    2: gateway === undefined ? undefined : addressType(gateway),
    3: gateway === undefined ? undefined : address(gateway),
    4: device === undefined ? undefined : integer(interfaceIndex(view, device)),
    5: device === undefined ? undefined : text(device),
    6: gauge(weight),
    7: truth(onlink),
    ...realmCells(8, realms),
    ...encapsulationCells(10, encapsulation),
  };
}

function ruleRow(rule: Rule, isSet: boolean): Cells {
  const { action, from, to } = rule;
  const table = tableNumber(action);
  const old = to ?? from;
  return {
    2: text(
      from !== undefined && to !== undefined ? "both" : to !== undefined ? "to" : from !== undefined ? "from" : "",
    ),
    3: old === undefined ? undefined : addressType(old.address),
    ...(old === undefined ? {} : prefixCells(4, old)),
    6: table,
    7: truth(isSet),
    8: truth(rule.inverted),
    9: to === undefined ? undefined : addressType(to.address),
    ...(to === undefined ? {} : prefixCells(10, to)),
    12: from === undefined ? undefined : addressType(from.address),
    ...(from === undefined ? {} : prefixCells(13, from)),
    15: gauge(rule.tos),
    16: rule.mark === undefined ? undefined : gauge(rule.mark.value),
    17: rule.mark?.mask === undefined ? undefined : gauge(rule.mark.mask),
    ...realmCells(18, rule.realms),
    20: rule.incoming === undefined ? undefined : text(rule.incoming),
    21: rule.outgoing === undefined ? undefined : text(rule.outgoing),
    22: action.kind === "goto" ? gauge(action.preference) : undefined,
    23: integer(RULE_ACTIONS[action.kind]),
    24: table,
    25: rule.preference === undefined ? undefined : gauge(rule.preference),
    26: optional(rule.suppressPrefixLength),
    27: rule.suppressGroup === undefined ? undefined : text(String(rule.suppressGroup)),
    28: rule.tunnel === undefined ? undefined : gauge(Number(BigInt(rule.tunnel) >> 32n)),
    29: rule.tunnel === undefined ? undefined : gauge(Number(BigInt(rule.tunnel) & 0xffff_ffffn)),
    30: optional(rule.users?.first),
    31: optional(rule.users?.last),
    32: action.kind === "l3mdev" ? truth(true) : undefined,
    34: optional(rule.ipProtocol),
    35: optional(rule.sourcePorts?.first),
    36: optional(rule.sourcePorts?.last),
    37: optional(rule.destinationPorts?.first),
    38: optional(rule.destinationPorts?.last),
  };
}

function tableNumber(action: RuleAction): SnmpValue | undefined {
  if (action.kind === "lookup") return gauge(action.table);
  return action.kind === "l3mdev" ? gauge(0) : undefined;
}

/** An address and, in the next column, how long its prefix is. */
function prefixCells(column: number, prefix: IpPrefix): Cells {
  return { [column]: address(prefix.address), [column + 1]: gauge(prefix.length) };
}

/** A metric and, in the next column, whether the kernel must leave it alone. */
function lockable(column: number, metric: RouteMetric | undefined): Cells {
  return metric === undefined ? {} : { [column]: gauge(metric.value), [column + 1]: truth(metric.locked) };
}

function scaled(metric: RouteMetric | undefined, parts: number): RouteMetric | undefined {
  return metric && { ...metric, value: metric.value / parts };
}

function plain(metric: RouteMetric | undefined): SnmpValue | undefined {
  return optional(metric?.value);
}

function optional(value: number | undefined): SnmpValue | undefined {
  return value === undefined ? undefined : gauge(value);
}

/** The destination's realm, then the source's. */
function realmCells(column: number, realms: number | undefined): Cells {
  if (realms === undefined) return {};
  const source = realms >>> 16;
  return {
    [column]: optional(realms & 0xffff || undefined),
    [column + 1]: optional(source || undefined),
  };
}

/** Type, MPLS labels, id, destination, source, TOS, TTL, flags and ILA locator. */
function encapsulationCells(column: number, encapsulation: Encapsulation | undefined): Cells {
  switch (encapsulation?.kind) {
    case undefined:
      return {};
    case "mpls":
      return { [column]: integer(1), [column + 1]: text(encapsulation.labels.join("/")) };
    case "ila": {
      const locator = encapsulation.locator.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      return { [column]: integer(3), [column + 8]: { kind: "counter64", value: locator } };
    }
    case "ip":
    case "ip6": {
      const { kind, id, destination, source, tos, ttl, flags } = encapsulation;
      const nowhere = ip(kind === "ip" ? "0.0.0.0" : "::");
      return {
        [column]: integer(kind === "ip" ? 2 : 4),
        [column + 2]: id === undefined ? undefined : { kind: "counter64", value: BigInt(id) },
        [column + 3]: address(destination ?? nowhere),
        [column + 4]: address(source ?? nowhere),
        [column + 5]: optional(tos),
        [column + 6]: optional(ttl),
        [column + 7]: optional(flags),
      };
    }
  }
}

/** linux/rtnetlink.h. */
const RTAX_FEATURE_ECN = 1;

/** RouteType. */
const ROUTE_TYPES: ReadonlyMap<Route<string>["type"], number> = new Map([
  ["unicast", 1],
  ["blackhole", 3],
  ["anycast", 4],
  ["multicast", 5],
  ["broadcast", 6],
  ["unreachable", 7],
  ["prohibit", 8],
  ["throw", 9],
]);

/** low(1), medium(2), high(3) of ICMPV6_ROUTER_PREF_*. */
const PREFERENCES: ReadonlyMap<number, number> = new Map([
  [0, 2],
  [1, 3],
  [3, 1],
]);

/** RuleAction, which has the numbers of FR_ACT_* (linux/fib_rules.h). */
const RULE_ACTIONS = { lookup: 1, l3mdev: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
