import type { Oid } from "../../base/snmp.ts";
import { toSeconds } from "../../base/time.ts";
import type { TrackedThings, TrackWeight } from "../../config/model/trackers.ts";
import type { Cells, Table } from "../../core/snmp/tree.ts";
import { commandText } from "../dump/words.ts";
import { gauge, integer, numbered, tableOf, text, truth } from "./variables.ts";
import { entryOf, instancesOf, type View } from "./view.ts";

/** The tables of scripts, files, processes and BFD sessions, and of what instances and groups track. */
export function trackerVariables(view: View): readonly Table[] {
  const { groups, shown } = view.configuration;
  const ofInstances = instancesOf(view).map(({ number, settings }): Tracker => {
    const group = groups.find(({ members }) => members.includes(settings.name));
    const shared = group === undefined ? undefined : shown.groupTracking[group.name];
    return { above: [number], tracked: withoutShared(settings, shared) };
  });
  const ofGroups = groups.flatMap(({ name }, index): readonly Tracker[] => {
    const tracked = shown.groupTracking[name];
    return tracked === undefined ? [] : [{ above: [index + 1], tracked }];
  });
  return [
    scriptTable(view),
    fileTable(view),
    processTable(view),
    bfdTable(view),
    ...trackedTables(ofInstances, INSTANCE_TABLES),
    ...trackedTables(ofGroups, GROUP_TABLES),
  ];
}

function scriptTable({ configuration, facts }: View): Table {
  const verdicts = new Map(facts.scripts.map(({ name, verdict }) => [name, verdict]));
  return tableOf(
    entryOf(9),
    9,
    numbered(configuration.scripts, ({ name, check, interval, rise, fall }) => {
      const { weight, reverse } = configuration.shown.weights.scripts[name] ?? NO_WEIGHT;
      return {
        2: text(name),
        3: text("argv" in check ? commandText(check) : `<${check.openFile}`),
        4: integer(toSeconds(interval)),
        5: integer(weight),
        6: integer(SCRIPT_RESULTS[verdicts.get(name) ?? "unknown"]),
        7: gauge(rise),
        8: gauge(fall),
        9: truth(reverse),
      };
    }),
  );
}

function fileTable({ configuration, facts }: View): Table {
  const values = new Map(facts.files.map(({ name, value }) => [name, value]));
  return tableOf(
    entryOf(13),
    6,
    numbered(configuration.trackFiles, ({ name, path }) => {
      const { weight, reverse } = configuration.shown.weights.files[name] ?? NO_WEIGHT;
      return { 2: text(name), 3: text(path), 4: integer(values.get(name) ?? 0), 5: integer(weight), 6: truth(reverse) };
    }),
  );
}

function processTable({ configuration, facts }: View): Table {
  const known = new Map(facts.processes.map((process) => [process.name, process]));
  return tableOf(
    entryOf(21),
    14,
    numbered(configuration.trackProcesses, (settings) => {
      const { name } = settings;
      const { weight, reverse } = configuration.shown.weights.processes[name] ?? NO_WEIGHT;
      return {
        2: text(name),
        3: text(settings.command),
        4: text(settings.parameters.join(" ")),
        5: integer({ name: 0, command: 0, exact: 1, partial: 2, initial: 3 }[settings.match]),
        6: integer(weight),
        7: truth(reverse),
        8: gauge(settings.least),
        9: integer(settings.most ?? -1),
        10: gauge(settings.forkDelay),
        11: gauge(settings.terminateDelay),
        12: truth(settings.match !== "name"),
        13: integer(known.get(name)?.count ?? 0),
        14: truth(known.get(name)?.verdict === "up"),
      };
    }),
  );
}

function bfdTable({ configuration, facts }: View): Table {
  const verdicts = new Map(facts.bfd.map(({ name, verdict }) => [name, verdict]));
  return tableOf(
    entryOf(18),
    5,
    numbered(configuration.bfd, ({ name }) => {
      const { weight, reverse } = configuration.shown.weights.bfd[name] ?? NO_WEIGHT;
      return { 2: text(name), 3: integer(verdicts.get(name) === "up" ? 1 : 0), 4: integer(weight), 5: truth(reverse) };
    }),
  );
}

/** The numbers of the five tables of tracked things. */
interface TrackedTables {
  readonly interfaces: number;
  readonly scripts: number;
  readonly files: number;
  readonly bfd: number;
  readonly processes: number;
}

/** Somebody who tracks, by its number. */
interface Tracker {
  readonly above: Oid;
  readonly tracked: TrackedThings;
}

function trackedTables(trackers: readonly Tracker[], tables: TrackedTables): readonly Table[] {
  const table = <Item extends TrackWeight>(
    at: number,
    itemsOf: (tracked: TrackedThings) => readonly Item[],
    describe: (item: Item) => Cells,
  ): Table =>
    tableOf(
      entryOf(at),
      4,
      trackers.flatMap(({ above, tracked }) => numbered(itemsOf(tracked), describe, above)),
    );
  const row = (name: string, { weight, reverse }: TrackWeight): Cells => ({
    2: text(name),
    3: integer(weight),
    4: truth(reverse),
  });
  return [
    // The only one of them whose index is no column.
    table(
      tables.interfaces,
      ({ trackInterfaces }) => trackInterfaces,
      (item) => ({ 1: text(item.interface), 2: integer(item.weight), 3: truth(item.reverse) }),
    ),
    table(
      tables.scripts,
      ({ trackScripts }) => trackScripts,
      (item) => row(item.script, item),
    ),
    table(
      tables.files,
      ({ trackFiles }) => trackFiles,
      (item) => row(item.file, item),
    ),
    table(
      tables.bfd,
      ({ trackBfd }) => trackBfd,
      (item) => row(item.bfd, item),
    ),
    table(
      tables.processes,
      ({ trackProcesses }) => trackProcesses,
      (item) => row(item.process, item),
    ),
  ];
}

/** What an instance tracks by itself: the model gives each member what its group tracks, too. */
function withoutShared(own: TrackedThings, shared: TrackedThings | undefined): TrackedThings {
  if (shared === undefined) return own;
  const names = {
    scripts: new Set(shared.trackScripts.map(({ script }) => script)),
    interfaces: new Set(shared.trackInterfaces.map((tracked) => tracked.interface)),
    files: new Set(shared.trackFiles.map(({ file }) => file)),
    processes: new Set(shared.trackProcesses.map(({ process }) => process)),
    bfd: new Set(shared.trackBfd.map(({ bfd }) => bfd)),
  };
  return {
    trackScripts: own.trackScripts.filter(({ script }) => !names.scripts.has(script)),
    trackInterfaces: own.trackInterfaces.filter((tracked) => !names.interfaces.has(tracked.interface)),
    trackFiles: own.trackFiles.filter(({ file }) => !names.files.has(file)),
    trackProcesses: own.trackProcesses.filter(({ process }) => !names.processes.has(process)),
    trackBfd: own.trackBfd.filter(({ bfd }) => !names.bfd.has(bfd)),
  };
}

const NO_WEIGHT: TrackWeight = { weight: 0, reverse: false };

/** init(1), bad(2), good(3). */
const SCRIPT_RESULTS = { unknown: 1, up: 3, down: 2 } as const;

const INSTANCE_TABLES: TrackedTables = { interfaces: 4, scripts: 5, files: 12, bfd: 17, processes: 20 };
const GROUP_TABLES: TrackedTables = { interfaces: 14, scripts: 15, files: 16, bfd: 19, processes: 22 };
