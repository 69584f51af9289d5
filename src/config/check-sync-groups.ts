import type { Report } from "./diagnostic.ts";
import { closest } from "./suggest.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { integerOf, statementOf, statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Looks at the members of sync groups; `names` are those of all instances in the file. */
export function checkSyncGroups(tree: readonly Statement[], names: readonly string[], report: Report): void {
  const groups = new Map<string, Statement>();
  for (const group of statementsOf(tree, "vrrp_sync_group")) {
    const name = group.words[0];
    if (name === undefined) continue;
    if (groups.has(name.text)) {
      const message = `There is a vrrp_sync_group "${name.text}" already; this one is ignored`;
      report({ code: "DUPLICATE_NAME", at: spanOfToken(name), message, effect: "logged" });
      continue;
    }
    groups.set(name.text, group);
    const lines = statementsOf(group.block ?? [], "group").flatMap((statement) => statement.block ?? []);
    const members = lines.flatMap((line) => [line.keyword, ...line.words]);
    for (const member of members) {
      if (names.includes(member.text)) continue;
      const meant = closest(member.text, names);
      const help = meant === undefined ? undefined : `Did you mean "${meant}"?`;
      const message = `The group "${name.text}" has no vrrp_instance "${member.text}" to hold`;
      report({ code: "UNKNOWN_MEMBER", at: spanOfToken(member), message, help });
    }
    reportWeights(group, members, tree, report);
    const known = members.filter((member) => names.includes(member.text)).length;
    if (known < 2) {
      const message = `The group "${name.text}" has ${known === 0 ? "no member" : "a single member"}, so it does nothing`;
      report({ code: "LONELY_GROUP", at: spanOfToken(name), message });
    }
  }
}

/** keepalived does not track with weights in a group, unless it is told to, which nobody expects. */
function reportWeights(group: Statement, members: readonly Token[], tree: readonly Statement[], report: Report): void {
  const block = group.block ?? [];
  if (WEIGHT_KEYWORDS.some((keyword) => statementOf(block, keyword) !== undefined)) return;
  const scripts = statementsOf(tree, "vrrp_script").filter(
    (script) => (integerOf(script.block ?? [], "weight") ?? 0) !== 0,
  );
  const weighted = new Set(scripts.map((script) => script.words[0]?.text));
  for (const instance of statementsOf(tree, "vrrp_instance")) {
    if (!members.some((member) => member.text === instance.words[0]?.text)) continue;
    const lines = statementsOf(instance.block ?? [], "track_script").flatMap((statement) => statement.block ?? []);
    for (const line of lines.filter((candidate) => weighted.has(candidate.keyword.text))) {
      report({
        code: "GROUP_IGNORES_WEIGHTS",
        at: spanOfToken(line.keyword),
        message: `keepalived does not track "${line.keyword.text}" here: it has a weight, and the instance is in a sync group`,
        help: 'Add "sync_group_tracking_weight" to the group, or use weight 0.',
      });
    }
  }
}

const WEIGHT_KEYWORDS: readonly string[] = ["sync_group_tracking_weight", "global_tracking"];
