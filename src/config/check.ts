import { EVERY_INTERFACE, interfaceText } from "../base/every-interface.ts";
import { checkBfd } from "./check-bfd.ts";
import { distinction, readDaemon } from "./check-daemon.ts";
import { checkGlobal } from "./check-global.ts";
import { checkHabits, checkScriptSecurity } from "./check-habits.ts";
import { checkInstance } from "./check-instance.ts";
import { checkLinks } from "./check-links.ts";
import { checkAlerts } from "./check-mail.ts";
import { withPreferences } from "./check-routing.ts";
import { checkScripts } from "./check-scripts.ts";
import { readShown } from "./check-shown.ts";
import { checkStatics } from "./check-statics.ts";
import { checkSyncGroups } from "./check-sync-groups.ts";
import type { KnownTrackers } from "./check-tracking.ts";
import { checkFiles, checkProcesses } from "./check-trackers.ts";
import { checkUsage } from "./check-usage.ts";
import { distinctInterfaces } from "./check-virtual-interfaces.ts";
import type { Report } from "./diagnostic.ts";
import type { Configuration } from "./model/configuration.ts";
import type { GlobalSettings } from "./model/global.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { TrackedThings } from "./model/trackers.ts";
import type { Place } from "./place.ts";
import type { ConfigReader } from "./reader.ts";
import { NAME_FOLDERS, openRoutingNames } from "./routing-names.ts";
import { spanOfToken } from "./tokens.ts";
import { statementsOf, switchOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Turns the tree into the model with keepalived's semantics: defaults are filled in, references resolved, what cannot run
 * is dropped with a finding. Never fails; an empty model means that nothing usable was configured. `reader` is for keys that
 * stand in files of their own.
 */
export function check(tree: readonly Statement[], report: Report, reader: ConfigReader): Configuration {
  checkUsage(tree, report);
  const globalBlock = statementsOf(tree, "global_defs").flatMap((statement) => statement.block ?? []);
  const daemon = readDaemon(tree, globalBlock, report);
  const { settings, defaults } = checkGlobal(globalBlock, statementsOf(tree, "garp_group"), report);
  const named = switchOf(globalBlock, "data_use_instance") === true ? distinction(daemon) : undefined;
  const global: GlobalSettings = { ...settings, dumps: { ...settings.dumps, name: named }, daemon };
  const sessions = checkBfd(tree, report);
  const names = openRoutingNames(reader, [
    wordOf(globalBlock, "iproute_usr_dir") ?? NAME_FOLDERS.system,
    wordOf(globalBlock, "iproute_etc_dir") ?? NAME_FOLDERS.administrator,
  ]);
  const trackers: KnownTrackers = {
    scripts: checkScripts(tree, report),
    files: checkFiles(tree, report),
    processes: checkProcesses(tree, report),
    bfd: new Map([...sessions].filter(([, { forInstances }]) => forInstances)),
  };
  const blocks = uniqueInstances(tree, report);
  const checked: InstanceSettings[] = [];
  const { defaultInterface } = global;
  const context = { defaults, trackers, reader, names, defaultInterface };
  for (const statement of blocks.values()) {
    const instance = checkInstance(statement, context, report);
    if (instance !== undefined && !clashes(instance, checked, report)) checked.push(instance);
  }
  const alone = distinctInterfaces(
    checked.map((instance) => withoutStrangers(instance, checked)),
    report,
  );
  const statics = checkStatics(
    tree,
    alone.map((instance) => instance.name),
    names,
    defaultInterface,
    report,
  );
  const complete = withPreferences(alone, statics, report);
  const { groups, instances } = checkSyncGroups(tree, complete.instances, { blocks, trackers, defaults }, report);
  checkHabits(instances, blocks, report);
  checkAlerts(globalBlock, global.mail, [...instances, ...groups], report);
  const links = checkLinks(tree, instances, report);
  reportUnused(tree, trackers, report);
  const scripts = usedOf(trackers.scripts, instances, ({ trackScripts }) => trackScripts.map(({ script }) => script));
  const files = usedOf(trackers.files, instances, ({ trackFiles }) => trackFiles.map(({ file }) => file));
  const processes = usedOf(trackers.processes, instances, ({ trackProcesses }) =>
    trackProcesses.map(({ process }) => process),
  );
  const configuration: Configuration = {
    global,
    scripts: scripts.map(({ settings }) => settings),
    trackFiles: files.map(({ settings }) => settings),
    trackProcesses: processes.map(({ settings }) => settings),
    links,
    instances,
    groups,
    bfd: [...sessions.values()].map(({ settings }) => settings),
    statics: complete.statics,
    shown: readShown({ tree, globalBlock, blocks, trackers, sessions, groups, instances }),
  };
  checkScriptSecurity(configuration, report);
  if (instances.length + statics.addresses.length + statics.routing.length === 0) reportNothingUsable(tree, report);
  return configuration;
}

/** The instances by name, the first of two with one name. */
function uniqueInstances(tree: readonly Statement[], report: Report): ReadonlyMap<string, Statement> {
  const blocks = new Map<string, Statement>();
  for (const statement of statementsOf(tree, "vrrp_instance")) {
    const name = statement.words[0];
    if (name === undefined) continue;
    if (!blocks.has(name.text)) blocks.set(name.text, statement);
    else {
      const message = `There is a vrrp_instance "${name.text}" already; this one is ignored`;
      report({ code: "DUPLICATE_NAME", at: spanOfToken(name), message });
    }
  }
  return blocks;
}

/** Two instances on one interface need different VRIDs, unless both are unicast and share no peer. */
function clashes(instance: InstanceSettings, others: readonly InstanceSettings[], report: Report): boolean {
  const other = others.find((candidate) => hasSameNumber(candidate, instance) && sharesPackets(candidate, instance));
  if (other === undefined) return false;
  report({
    code: "DUPLICATE_VRID",
    at: instance.place,
    message: `"${other.name}" has VRID ${instance.vrid} on ${interfaceText(instance.interface)} too; "${instance.name}" is dropped`,
    help: "Give each instance on an interface its own virtual_router_id.",
  });
  return true;
}

/**
 * Unicast instances with one VRID on one interface hear each other's peers, and only the sender tells whose an advert is: so
 * each obeys its own peers alone.
 */
function withoutStrangers(instance: InstanceSettings, all: readonly InstanceSettings[]): InstanceSettings {
  const { transport } = instance;
  if (transport.kind !== "unicast") return instance;
  const hasTwin = all.some(
    (other) => other !== instance && other.transport.kind === "unicast" && hasSameNumber(other, instance),
  );
  return hasTwin ? { ...instance, transport: { ...transport, checkSource: true } } : instance;
}

function hasSameNumber(left: InstanceSettings, right: InstanceSettings): boolean {
  return left.vrid === right.vrid && left.family === right.family && hearsTheSame(left, right);
}

/** Who names no interface hears all of them. */
function hearsTheSame(left: InstanceSettings, right: InstanceSettings): boolean {
  return left.interface === right.interface || [left.interface, right.interface].includes(EVERY_INTERFACE);
}

function sharesPackets(left: InstanceSettings, right: InstanceSettings): boolean {
  const [a, b] = [left.transport, right.transport];
  if (a.kind === "multicast" && b.kind === "multicast") return a.group === b.group;
  if (a.kind !== "unicast" || b.kind !== "unicast") return false;
  return a.peers.some((peer) => b.peers.some((candidate) => candidate.address === peer.address));
}

/** What somebody tracks, in the order of the file. The rest is dropped. */
function usedOf<Known>(
  known: ReadonlyMap<string, Known>,
  users: readonly TrackedThings[],
  namesOf: (user: TrackedThings) => readonly string[],
): readonly Known[] {
  const used = new Set(users.flatMap(namesOf));
  return [...known].filter(([name]) => used.has(name)).map(([, value]) => value);
}

/** Says what nobody names. What is named in vain is another finding. */
function reportUnused(tree: readonly Statement[], trackers: KnownTrackers, report: Report): void {
  const namedIn = (keyword: string): ReadonlySet<string> =>
    new Set(
      [...statementsOf(tree, "vrrp_instance"), ...statementsOf(tree, "vrrp_sync_group")]
        .flatMap((block) => statementsOf(block.block ?? [], keyword))
        .flatMap((statement) => statement.block ?? [])
        .map((line) => line.keyword.text),
    );
  const unusedOf = (
    known: ReadonlyMap<string, { readonly statement: Statement }>,
    keyword: string,
  ): readonly { readonly name: string; readonly at: Place }[] => {
    const named = namedIn(keyword);
    return [...known]
      .filter(([name]) => !named.has(name))
      .map(([name, { statement }]) => ({ name, at: spanOfToken(statement.words[0] ?? statement.keyword) }));
  };
  for (const { name, at } of unusedOf(trackers.scripts, "track_script")) {
    const help = `Name it in a track_script block: track_script { ${name} }`;
    report({ code: "UNUSED_SCRIPT", at, message: `No instance tracks the script "${name}", so it is never run`, help });
  }
  for (const { name, at } of unusedOf(trackers.files, "track_file")) {
    const help = `Name it in a track_file block of an instance: track_file { ${name} }`;
    const message = `No instance tracks the file "${name}", so it is never read`;
    report({ code: "UNUSED_TRACKER", at, message, help });
  }
  for (const { name, at } of unusedOf(trackers.processes, "track_process")) {
    const help = `Name it in a track_process block: track_process { ${name} }`;
    const message = `No instance tracks the process "${name}", so it is not watched`;
    report({ code: "UNUSED_TRACKER", at, message, help });
  }
}

function reportNothingUsable(tree: readonly Statement[], report: Report): void {
  const first = tree[0];
  if (first === undefined) return;
  const balances = statementsOf(tree, "virtual_server").length > 0;
  report({
    code: "NO_USABLE_INSTANCE",
    at: spanOfToken(first.keyword),
    message: balances
      ? "There is no vrrp_instance that can run, and this version does not balance connections"
      : "There is no vrrp_instance that can run",
  });
}
