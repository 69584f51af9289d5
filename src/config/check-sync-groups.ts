import type { InstanceDefaults } from "./check-global.ts";
import { readNotify } from "./check-notify.ts";
import { shareTrackers } from "./check-group-tracking.ts";
import type { KnownTrackers } from "./check-tracking.ts";
import type { Report } from "./diagnostic.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { SyncGroupSettings } from "./model/sync-group.ts";
import { closest } from "./suggest.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { statementOf, statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

export interface Surroundings {
  /** The blocks of all instances, those that cannot run included. */
  readonly blocks: ReadonlyMap<string, Statement>;
  readonly trackers: KnownTrackers;
  readonly defaults: InstanceDefaults;
}

/**
 * Reads the vrrp_sync_group blocks. What a group tracks, its members track, and weights that do not count in a group are
 * taken from them; so the instances are others afterwards. A group without a member that can run is dropped.
 */
export function checkSyncGroups(
  tree: readonly Statement[],
  instances: readonly InstanceSettings[],
  surroundings: Surroundings,
  report: Report,
): { readonly groups: readonly SyncGroupSettings[]; readonly instances: readonly InstanceSettings[] } {
  const groups: SyncGroupSettings[] = [];
  const known = new Map(instances.map((instance) => [instance.name, instance]));
  const seats = new Map<string, string>();
  const names = new Set<string>();
  for (const statement of statementsOf(tree, "vrrp_sync_group")) {
    const name = statement.words[0];
    if (name === undefined) continue;
    if (names.has(name.text)) {
      const message = `There is a vrrp_sync_group "${name.text}" already; this one is ignored`;
      report({ code: "DUPLICATE_NAME", at: spanOfToken(name), message, effect: "logged" });
      continue;
    }
    names.add(name.text);
    const members = readMembers(statement, name.text, seats, surroundings, report).flatMap(
      (member) => known.get(member) ?? [],
    );
    reportLoneliness(name, members.length, report);
    if (members.length === 0) continue;
    reportDifferences(name, members, report);
    const block = statement.block ?? [];
    const trackingWeight = WEIGHT_KEYWORDS.some((keyword) => statementOf(block, keyword) !== undefined);
    const notify = readNotify(block, surroundings.defaults, report);
    for (const member of shareTrackers({ statement, members, trackingWeight }, surroundings, report)) {
      // A group has no priority of its own: told are those of its members.
      const priorityChanges = notify.priorityChanges || member.notify.priorityChanges;
      known.set(member.name, { ...member, notify: { ...member.notify, priorityChanges } });
    }
    groups.push({
      name: name.text,
      place: spanOfToken(name),
      members: members.map((member) => member.name),
      notify,
      trackingWeight,
    });
  }
  return { groups, instances: instances.map((instance) => known.get(instance.name) ?? instance) };
}

/** Names of instances that are in this group and in none before it. */
function readMembers(
  statement: Statement,
  group: string,
  seats: Map<string, string>,
  { blocks }: Surroundings,
  report: Report,
): readonly string[] {
  const lines = statementsOf(statement.block ?? [], "group").flatMap(({ block }) => block ?? []);
  const members: string[] = [];
  for (const token of lines.flatMap((line) => [line.keyword, ...line.words])) {
    const name = token.text;
    const at = spanOfToken(token);
    const seat = seats.get(name);
    if (!blocks.has(name)) {
      const meant = closest(name, [...blocks.keys()]);
      const help = meant === undefined ? undefined : `Did you mean "${meant}"?`;
      report({
        code: "UNKNOWN_MEMBER",
        at,
        message: `The group "${group}" has no vrrp_instance "${name}" to hold`,
        help,
      });
    } else if (seat === undefined) {
      seats.set(name, group);
      members.push(name);
    } else {
      const where = seat === group ? "in this group" : `in the group "${seat}"`;
      report({ code: "MEMBER_ELSEWHERE", at, message: `"${name}" is ${where} already; this word is ignored` });
    }
  }
  return members;
}

function reportLoneliness(name: Token, count: number, report: Report): void {
  if (count > 1) return;
  const message =
    count === 0
      ? `The group "${name.text}" has no member and is dropped`
      : `The group "${name.text}" has a single member, so there is nothing to keep together`;
  report({ code: "LONELY_GROUP", at: spanOfToken(name), message });
}

/** Every member must be stronger than those of other nodes at the same time, or the group is nowhere. */
function reportDifferences(name: Token, members: readonly InstanceSettings[], report: Report): void {
  const differs = (of: (member: InstanceSettings) => unknown): boolean => new Set(members.map(of)).size > 1;
  const what = [
    differs((member) => member.priority) ? "priority" : undefined,
    differs((member) => member.preemptMode) ? "nopreempt" : undefined,
  ].filter((keyword) => keyword !== undefined);
  if (what.length === 0) return;
  report({
    code: "GROUP_MEMBERS_DIFFER",
    at: spanOfToken(name),
    message: `The members of "${name.text}" differ in ${what.join(" and ")}: the group moves only when all of them want to`,
    help: "Give them all the same.",
  });
}

const WEIGHT_KEYWORDS: readonly string[] = ["sync_group_tracking_weight", "global_tracking"];
