import { readTracked } from "./check-tracking.ts";
import type { KnownTrackers } from "./check-tracking.ts";
import type { Report } from "./diagnostic.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { TrackedThings, TrackWeight } from "./model/trackers.ts";
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
  { blocks, trackers }: { readonly blocks: ReadonlyMap<string, Statement>; readonly trackers: KnownTrackers },
  report: Report,
): readonly InstanceSettings[] {
  const block = statement.block ?? [];
  const owner = members.find((member) => member.priority === 255);
  const group = statement.words[0]?.text ?? "";

  const shared = <Item extends TrackWeight>(kind: Kind<Item>, items: readonly Item[]): readonly Item[] =>
    items.map((item) => {
      const line = lineOf(block, kind.keyword, kind.nameOf(item));
      if (item.weight === 0 || owner === undefined || line === undefined) return item;
      const message = `The weight of "${line.keyword.text}" counts as 0, so that its failure is FAULT: "${owner.name}" of this group has priority 255, which never changes`;
      report({ code: "WEIGHT_CLEARED", at: spanOfToken(line.keyword), message });
      return { ...item, weight: 0 };
    });
  const merge = <Item extends TrackWeight>(
    member: string,
    kind: Kind<Item>,
    lists: { readonly own: readonly Item[]; readonly shared: readonly Item[] },
  ): readonly Item[] => {
    const kept = lists.own.filter((item) => {
      const name = kind.nameOf(item);
      const line = lineOf(blocks.get(member)?.block ?? [], kind.keyword, name);
      if (line === undefined) return true;
      const at = spanOfToken(line.keyword);
      if (item.weight !== 0 && !trackingWeight) {
        const message = `"${name}" is not tracked here: it has a weight, and "${member}" is in the sync group "${group}"`;
        const help = 'Add "sync_group_tracking_weight" to the group, track it in the group, or use weight 0.';
        report({ code: "GROUP_IGNORES_WEIGHTS", at, message, help });
        return false;
      }
      if (!lists.shared.some((other) => kind.nameOf(other) === name)) return true;
      const message = `The sync group "${group}" tracks "${name}", too, and its line counts; this one is ignored`;
      report({ code: "DUPLICATE_TRACKER", at, message });
      return false;
    });
    return [...kept, ...lists.shared];
  };

  const read = readTracked(block, trackers, { ownInterface: undefined, owner: false }, report);
  const ofGroup: TrackedThings = {
    trackScripts: shared(SCRIPTS, read.trackScripts),
    trackInterfaces: shared(INTERFACES, read.trackInterfaces),
    trackFiles: shared(FILES, read.trackFiles),
    trackProcesses: shared(PROCESSES, read.trackProcesses),
    trackBfd: shared(SESSIONS, read.trackBfd),
  };
  return members.map((member): InstanceSettings => {
    const { name } = member;
    // Each member looks at its own interface anyway.
    const others = ofGroup.trackInterfaces.filter(
      (tracked) => !(tracked.interface === member.interface && member.trackOwnInterface),
    );
    return {
      ...member,
      trackScripts: merge(name, SCRIPTS, { own: member.trackScripts, shared: ofGroup.trackScripts }),
      trackInterfaces: merge(name, INTERFACES, { own: member.trackInterfaces, shared: others }),
      trackFiles: merge(name, FILES, { own: member.trackFiles, shared: ofGroup.trackFiles }),
      trackProcesses: merge(name, PROCESSES, { own: member.trackProcesses, shared: ofGroup.trackProcesses }),
      trackBfd: merge(name, SESSIONS, { own: member.trackBfd, shared: ofGroup.trackBfd }),
    };
  });
}

/** A kind of tracked things: the keyword of its block, and what one of them is called there. */
interface Kind<Item> {
  readonly keyword: string;
  readonly nameOf: (item: Item) => string;
}

type ItemOf<Things extends keyof TrackedThings> = TrackedThings[Things][number];

function lineOf(block: readonly Statement[], keyword: string, name: string): Statement | undefined {
  return statementsOf(block, keyword)
    .flatMap((statement) => statement.block ?? [])
    .find((line) => line.keyword.text === name);
}

const SCRIPTS: Kind<ItemOf<"trackScripts">> = { keyword: "track_script", nameOf: ({ script }) => script };
const INTERFACES: Kind<ItemOf<"trackInterfaces">> = {
  keyword: "track_interface",
  nameOf: (tracked) => tracked.interface,
};
const FILES: Kind<ItemOf<"trackFiles">> = { keyword: "track_file", nameOf: ({ file }) => file };
const PROCESSES: Kind<ItemOf<"trackProcesses">> = { keyword: "track_process", nameOf: ({ process }) => process };
const SESSIONS: Kind<ItemOf<"trackBfd">> = { keyword: "track_bfd", nameOf: ({ bfd }) => bfd };
