import type { Report } from "./diagnostic.ts";
import { readRoute } from "./check-routes.ts";
import { readRule } from "./check-rules.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { RoutingSettings } from "./model/routing.ts";
import type { StaticSettings } from "./model/statics.ts";
import type { RoutingNames } from "./routing-names.ts";
import { spanOfStatement, statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Reads all routes and then all rules of a block, each once. */
export function readRouting(
  block: readonly Statement[],
  scope: "virtual" | "static",
  names: RoutingNames,
  report: Report,
): readonly RoutingSettings[] {
  const found = new Map<string, RoutingSettings>();
  const take = (line: Statement, settings: RoutingSettings | undefined): void => {
    if (settings === undefined) return;
    const id = routingId(settings);
    if (!found.has(id)) found.set(id, settings);
    else {
      const message = `This ${settings.kind} stands in the list already`;
      report({ code: "DUPLICATE_ROUTE", at: spanOfStatement(line), message });
    }
  };
  for (const line of linesOf(block, `${scope}_routes`)) take(line, readRoute(line, scope, names, report));
  for (const line of linesOf(block, `${scope}_rules`)) take(line, readRule(line, scope, names, report));
  return [...found.values()];
}

/** Two lines with the same text here ask the kernel for the same. */
function routingId(settings: RoutingSettings): string {
  return JSON.stringify(settings.kind === "route" ? settings.route : settings.rule);
}

function linesOf(block: readonly Statement[], keyword: string): readonly Statement[] {
  return statementsOf(block, keyword).flatMap((statement) => statement.block ?? []);
}

/**
 * Gives the rules that have no preference the numbers that keepalived gives them: down from 16384 for each family, in the order
 * of the file. So they can be found again, and stay as they are when another comes behind them.
 */
export function withPreferences(
  instances: readonly InstanceSettings[],
  statics: StaticSettings,
  report: Report,
): { readonly instances: readonly InstanceSettings[]; readonly statics: StaticSettings } {
  const next = { ipv4: FIRST_PREFERENCE, ipv6: FIRST_PREFERENCE };
  const given = new Map<RoutingSettings, RoutingSettings>();
  const all = [...statics.routing, ...instances.flatMap((instance) => instance.routing)];
  for (const settings of all.toSorted(inFileOrder)) {
    if (settings.kind !== "rule" || settings.rule.preference !== undefined) continue;
    const { rule, place } = settings;
    const preference = next[rule.family]--;
    given.set(settings, { ...settings, rule: { ...rule, preference } });
    const message = `The rule has no preference; ${preference} is used`;
    report({ code: "RULE_WITHOUT_PREFERENCE", at: place, message, help: "Give it one, such as: preference 1000" });
  }
  const complete = (routing: readonly RoutingSettings[]): readonly RoutingSettings[] =>
    routing.map((settings) => given.get(settings) ?? settings);
  return {
    instances: instances.map((instance) => ({ ...instance, routing: complete(instance.routing) })),
    statics: { ...statics, routing: complete(statics.routing) },
  };
}

function inFileOrder({ place: left }: RoutingSettings, { place: right }: RoutingSettings): number {
  return left.file === right.file ? left.line - right.line : 0;
}

/** keepalived's RULE_START_PRIORITY. */
const FIRST_PREFERENCE = 16_384;
