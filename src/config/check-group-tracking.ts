import { readTrackedInterfaces, readTrackedScripts } from "./check-tracking.ts";
import type { KnownScript } from "./check-scripts.ts";
import type { Report } from "./diagnostic.ts";
import type { InstanceSettings, TrackWeight } from "./model.ts";
import { spanOfToken } from "./tokens.ts";
import { statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

export interface GroupTracking {
  readonly statement: Statement;
  readonly members: readonly InstanceSettings[];
  /** `sync_group_tracking_weight`: the members' own weights count. */
  readonly trackingWeight: boolean;
}

/**
 * Gives the members of a group what the group tracks. keepalived's rules: a weight of a member's own would make one member
 * weaker than the others, so it is not tracked unless that is asked for; what both track, the group's line decides; and the
 * group's weights are 0 where a member has priority 255, which never changes.
 */
export function shareTrackers(
  { statement, members, trackingWeight }: GroupTracking,
  surroundings: {
    readonly blocks: ReadonlyMap<string, Statement>;
    readonly scripts: ReadonlyMap<string, KnownScript>;
  },
  report: Report,
): readonly InstanceSettings[] {
  const { blocks, scripts } = surroundings;
  const block = statement.block ?? [];
  const owner = members.find((member) => member.priority === 255);
  const group = statement.words[0]?.text ?? "";

  const shared = <Item extends TrackWeight>(keyword: string, items: readonly Item[], nameOf: (item: Item) => string) =>
    items.map((item) => (owner === undefined ? item : withoutWeight(item, lineOf(block, keyword, nameOf(item)))));
  const withoutWeight = <Item extends TrackWeight>(item: Item, line: Statement | undefined): Item => {
    if (item.weight === 0 || owner === undefined || line === undefined) return item;
    const message = `The weight of "${line.keyword.text}" counts as 0, so that its failure is FAULT: "${owner.name}" of this group has priority 255, which never changes`;
    report({ code: "WEIGHT_CLEARED", at: spanOfToken(line.keyword), message });
    return { ...item, weight: 0 };
  };
  const merge = <Item extends TrackWeight>(
    member: string,
    keyword: string,
    lists: { readonly own: readonly Item[]; readonly shared: readonly Item[] },
    nameOf: (item: Item) => string,
  ): readonly Item[] => {
    const kept = lists.own.filter((item) => {
      const name = nameOf(item);
      const line = lineOf(blocks.get(member)?.block ?? [], keyword, name);
      if (line === undefined) return true;
      const at = spanOfToken(line.keyword);
      if (item.weight !== 0 && !trackingWeight) {
        const message = `"${name}" is not tracked here: it has a weight, and "${member}" is in the sync group "${group}"`;
        const help = 'Add "sync_group_tracking_weight" to the group, track it in the group, or use weight 0.';
        report({ code: "GROUP_IGNORES_WEIGHTS", at, message, help });
        return false;
      }
      if (!lists.shared.some((other) => nameOf(other) === name)) return true;
      const message = `The sync group "${group}" tracks "${name}", too, and its line counts; this one is ignored`;
      report({ code: "DUPLICATE_TRACKER", at, message });
      return false;
    });
    return [...kept, ...lists.shared];
  };

  const groupScripts = shared(
    "track_script",
    readTrackedScripts(block, scripts, false, report),
    ({ script }) => script,
  );
  const groupInterfaces = shared(
    "track_interface",
    readTrackedInterfaces(block, undefined, false, report),
    (tracked) => tracked.interface,
  );
  return members.map((member): InstanceSettings => {
    const { name } = member;
    // Each member looks at its own interface anyway.
    const others = groupInterfaces.filter(
      (tracked) => !(tracked.interface === member.interface && member.trackOwnInterface),
    );
    return {
      ...member,
      trackScripts: merge(
        name,
        "track_script",
        { own: member.trackScripts, shared: groupScripts },
        ({ script }) => script,
      ),
      trackInterfaces: merge(
        name,
        "track_interface",
        { own: member.trackInterfaces, shared: others },
        (tracked) => tracked.interface,
      ),
    };
  });
}

function lineOf(block: readonly Statement[], keyword: string, name: string): Statement | undefined {
  return statementsOf(block, keyword)
    .flatMap((statement) => statement.block ?? [])
    .find((line) => line.keyword.text === name);
}
