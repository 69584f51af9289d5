import { formatPrefix } from "../../base/address.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import type { NextHop, Route, Rule } from "../../base/route.ts";
import type { RoutingSettings } from "../../config/model/routing.ts";
import type { RoutingItem } from "../../ports/routing.ts";
import type { InterfaceTable } from "./interface-table.ts";

/** What must stay the same for a route or rule to be the same after a reload. */
export function routingKey(settings: RoutingSettings): string {
  return JSON.stringify(settings.kind === "route" ? settings.route : settings.rule);
}

/** Finds the interfaces that a route names; the failure is the name of one that is not there. */
export function resolveItem(settings: RoutingSettings, interfaces: InterfaceTable): Result<RoutingItem, string> {
  if (settings.kind === "rule") return succeed({ kind: "rule", rule: settings.rule });
  const { route } = settings;
  const hops: NextHop<number>[] = [];
  for (const hop of route.hops) {
    const device = hop.device === undefined ? undefined : interfaces.byName(hop.device);
    if (hop.device !== undefined && device === undefined) return fail(hop.device);
    hops.push({ ...hop, device: device?.index });
  }
  const vrf = route.vrf === undefined ? undefined : interfaces.byName(route.vrf);
  if (route.vrf !== undefined && vrf?.vrfTable === undefined) return fail(route.vrf);
  return succeed({ kind: "route", route: { ...route, hops, vrf: vrf?.index, table: vrf?.vrfTable ?? route.table } });
}

/** A route or rule as an operator would write its beginning. */
export function formatRouting(settings: RoutingSettings): string {
  return settings.kind === "route" ? formatRoute(settings.route) : formatRule(settings.rule);
}

function formatRoute(route: Route<string>): string {
  const type = route.type === "unicast" ? "" : `${route.type} `;
  const [hop] = route.hops;
  const via = hop?.gateway === undefined ? "" : ` via ${hop.gateway}`;
  const device = hop?.device === undefined ? "" : ` dev ${hop.device}`;
  const table = route.table === 254 ? "" : ` table ${route.table}`;
  return `route ${type}${formatPrefix(route.destination)}${via}${device}${table}`;
}

function formatRule(rule: Rule): string {
  const words = ["rule"];
  if (rule.preference !== undefined) words.push(`${rule.preference}:`);
  if (rule.inverted) words.push("not");
  if (rule.from !== undefined) words.push(`from ${formatPrefix(rule.from)}`);
  if (rule.to !== undefined) words.push(`to ${formatPrefix(rule.to)}`);
  const { action } = rule;
  if (action.kind === "lookup") words.push(`table ${action.table}`);
  else words.push(action.kind === "goto" ? `goto ${action.preference}` : action.kind);
  return words.join(" ");
}
