import type { KnownBfd } from "./check-bfd.ts";
import { wantsMaster } from "./check-timing.ts";
import { readTracked, type KnownTrackers } from "./check-tracking.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { ShownSettings } from "./model/snmp.ts";
import type { SyncGroupSettings } from "./model/sync-group.ts";
import type { TrackedThings, TrackWeight } from "./model/trackers.ts";
import { statementOf, statementsOf, switchOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

export interface ShownSources {
  readonly tree: readonly Statement[];
  readonly globalBlock: readonly Statement[];
  readonly blocks: ReadonlyMap<string, Statement>;
  readonly trackers: KnownTrackers;
  readonly sessions: ReadonlyMap<string, KnownBfd>;
  readonly groups: readonly SyncGroupSettings[];
  /** With what their groups track. */
  readonly instances: readonly InstanceSettings[];
}

/** Collects what only tables show. Nothing is reported: whoever reads the same for a purpose has done so. */
export function readShown(sources: ShownSources): ShownSettings {
  const { tree, globalBlock, blocks, trackers, sessions, groups, instances } = sources;
  return {
    alertDefaults: {
      all: switchOf(globalBlock, "smtp_alert"),
      vrrp: switchOf(globalBlock, "smtp_alert_vrrp"),
      checkers: switchOf(globalBlock, "smtp_alert_checker"),
    },
    pollsLinks: statementOf(tree, "linkbeat_use_polling") !== undefined,
    startsAsMaster: instances
      .filter(({ name, priority }) => priority === 255 || wantsMaster(blocks.get(name)?.block ?? []))
      .map(({ name }) => name),
    groupTracking: Object.fromEntries(
      groups.map((group) => [group.name, trackingOf(group, sources)] satisfies [string, TrackedThings]),
    ),
    weights: {
      scripts: weightsOf(trackers.scripts),
      files: weightsOf(trackers.files),
      processes: weightsOf(trackers.processes),
      bfd: weightsOf(sessions),
    },
  };
}

function trackingOf({ name, members }: SyncGroupSettings, { tree, trackers, instances }: ShownSources): TrackedThings {
  const statement = statementsOf(tree, "vrrp_sync_group").find(({ words }) => words[0]?.text === name);
  const tracked = readTracked(statement?.block ?? [], trackers, { ownInterface: undefined, owner: false }, () => {});
  if (!instances.some((member) => members.includes(member.name) && member.priority === 255)) return tracked;
  const without = <Item extends TrackWeight>(items: readonly Item[]): readonly Item[] =>
    items.map((item) => ({ ...item, weight: 0 }));
  return {
    trackScripts: without(tracked.trackScripts),
    trackInterfaces: without(tracked.trackInterfaces),
    trackFiles: without(tracked.trackFiles),
    trackProcesses: without(tracked.trackProcesses),
    trackBfd: without(tracked.trackBfd),
  };
}

function weightsOf(
  known: ReadonlyMap<string, { readonly weight: TrackWeight }>,
): Readonly<Record<string, TrackWeight>> {
  return Object.fromEntries([...known].map(([name, { weight }]) => [name, weight]));
}
