import { toMillis, toSeconds } from "../../base/time.ts";
import type { GlobalSettings } from "../../config/model/global.ts";
import type { TrackWeight } from "../../config/model/trackers.ts";
import type { DumpFacts, GroupFacts, InstanceFacts, InterfaceFacts, ScriptFacts } from "./facts.ts";
import { accountText, addressText, commandText, scriptsOf, timestamp, wholeSeconds } from "./words.ts";

/**
 * keepalived.data: the sections and lines of keepalived's dump as far as Holdfast has something of the kind. Descriptors,
 * saved sysctls and settings of what it does not do are left out. Passwords are in it, as in keepalived's.
 */
export function renderData(facts: DumpFacts): string {
  const lines = [
    ...globalLines(facts.global),
    "------< VRRP Topology >------",
    ...facts.instances.flatMap(instanceLines),
    "------< VRRP Sockpool >------",
    ...socketLines(facts.instances),
    ...section("VRRP Sync groups", facts.groups.flatMap(groupLines)),
    ...section(
      "VRRP Scripts",
      facts.scripts.flatMap((script) => scriptLines(script, facts.instances)),
    ),
    ...section(
      "Interfaces",
      facts.interfaces.flatMap((device) => interfaceLines(device, facts.instances)),
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** keepalived_parent.data: what the supervisor knows, which is the global definitions. */
export function renderParentData(global: GlobalSettings): string {
  return globalLines(global)
    .map((line) => `${line}\n`)
    .join("");
}

/** The first section of every dump. */
export function globalLines({
  daemon,
  routerId,
  scriptSecurity,
  scriptUser,
  dynamicInterfaces,
  startupDelay,
  processes,
}: GlobalSettings): string[] {
  return [
    "------< Global definitions >------",
    ` Network namespace = ${daemon.networkNamespace?.name ?? "(default)"}`,
    ...(daemon.instanceName === undefined ? [] : [` Instance name = ${daemon.instanceName}`]),
    ...(routerId === undefined ? [] : [` Router ID = ${routerId}`]),
    ` Dynamic interfaces = ${dynamicInterfaces}`,
    ...(startupDelay === 0 ? [] : [` VRRP startup delay = ${toSeconds(startupDelay)}`]),
    ` VRRP process priority = ${processes.vrrpNice ?? 0}`,
    " VRRP don't swap = false",
    ` VRRP realtime priority = ${processes.vrrpRealtimePriority ?? 0}`,
    ` Script security ${scriptSecurity ? "enabled" : "disabled"}`,
    ` Default script uid:gid ${scriptUser?.user ?? "0"}:${scriptUser?.group ?? scriptUser?.user ?? "0"}`,
  ];
}

function instanceLines(instance: InstanceFacts): string[] {
  const { settings, state, master, held } = instance;
  const { announce, version, transport, virtualAddresses, excludedAddresses } = settings;
  const followed = [
    `   Master router = ${master?.address ?? "0.0.0.0"}`,
    `   Master priority = ${master?.priority ?? 0}`,
    ...(version === 3 ? [`   Master advert interval = ${toMillis(instance.masterInterval)} milli-sec`] : []),
  ];
  return [
    ` VRRP Instance = ${settings.name}`,
    `   VRRP Version = ${version}`,
    ...(instance.group === undefined ? [] : [`   Sync group = ${instance.group}`]),
    `   State = ${state}`,
    ...(state === "BACKUP" ? followed : []),
    ...flagLines(instance),
    `   Wantstate = ${instance.wanted}`,
    "   Number of config faults = 0",
    `   Number of interface and track script faults = ${instance.faults}`,
    `   Number of track scripts init = ${instance.undecided}`,
    `   Last transition = ${timestamp(instance.changedAtMs)}`,
    `   Read timeout = ${instance.wakesAtMs === undefined ? "DISABLED" : timestamp(instance.wakesAtMs)}`,
    `   Master down timer = ${Math.floor(instance.masterDown)} usecs`,
    `   Interface = ${settings.interface}`,
    ...(settings.trackOwnInterface ? [] : ["   VRRP interface tracking disabled"]),
    `   Using src_ip = ${instance.source ?? "(none)"}${transport.source === undefined ? "" : " (from configuration)"}`,
    ...(transport.kind === "multicast" ? [`   Multicast address ${transport.group}`] : []),
    `   Gratuitous ARP delay = ${wholeSeconds(announce.delay)}`,
    `   Gratuitous ARP repeat = ${announce.repeat}`,
    `   Gratuitous ARP refresh = ${wholeSeconds(announce.refresh)}`,
    `   Gratuitous ARP refresh repeat = ${announce.refreshRepeat}`,
    `   Gratuitous ARP lower priority delay = ${wholeSeconds(announce.lowerPriorityDelay)}`,
    `   Gratuitous ARP lower priority repeat = ${announce.lowerPriorityRepeat}`,
    `   Down timer adverts = ${settings.downTimerAdverts}`,
    `   Send advert after receive lower priority advert = ${settings.answersLowerPriority}`,
    `   Send advert after receive higher priority advert = ${settings.answersHigherPriority}`,
    `   Virtual Router ID = ${settings.vrid}`,
    `   Priority = ${settings.priority}`,
    `   Effective priority = ${instance.effectivePriority}`,
    `   Total priority = ${instance.effectivePriority}`,
    version === 2
      ? `   Advert interval = ${wholeSeconds(settings.advertisementInterval)} sec`
      : `   Advert interval = ${toMillis(settings.advertisementInterval)} milli-sec`,
    "   Accept = enabled",
    `   Preempt = ${settings.preemptMode ? "enabled" : "disabled"}`,
    ...(settings.preemptDelay === 0 ? [] : [`   Preempt delay = ${toSeconds(settings.preemptDelay)} secs`]),
    `   Promote_secondaries = ${settings.promotesSecondaries ? "enabled" : "disabled"}`,
    ...authenticationLines(instance),
    ...(virtualAddresses.length === 0 ? [] : [`   Virtual IP (${virtualAddresses.length}):`]),
    ...virtualAddresses.map((address) => `     ${addressText(address, held.has(address))}`),
    ...(excludedAddresses.length === 0 ? [] : ["   Virtual IP Excluded :"]),
    ...excludedAddresses.map((address) => `     ${addressText(address, held.has(address))}`),
    ...unicastLines(instance),
    ...trackerLines(instance),
    `   Using smtp notification = ${settings.notify.mail ? "yes" : "no"}`,
    `   Notify deleted = ${settings.notify.tellsDeleted ? "Deleted" : "Fault"}`,
    ...notifyLines(settings),
    `   Notify priority changes = ${settings.notify.priorityChanges}`,
  ];
}

/** keepalived heads the list also where a flag is set that it does not name. */
function flagLines({ settings }: InstanceFacts): string[] {
  if (settings.transport.kind === "unicast") return ["   Flags:", "     Using unicast"];
  return settings.preemptMode && settings.trackOwnInterface ? ["   Flags: none"] : ["   Flags:"];
}

function authenticationLines({ settings: { version, authentication } }: InstanceFacts): string[] {
  switch (authentication.kind) {
    case "none":
      return version === 3 ? [] : ["   Authentication type = none"];
    case "password":
      return ["   Authentication type = SIMPLE_PASSWORD", `   Password = ${authentication.password}`];
    case "header":
      return ["   Authentication type = IPSEC_AH", `   Password = ${authentication.password}`];
    case "signature":
      return ["   Authentication type = HMAC"];
  }
}

function unicastLines({ settings: { transport, version } }: InstanceFacts): string[] {
  if (transport.kind !== "unicast") return [];
  return [
    `   Unicast TTL = ${transport.ttl}`,
    `   Check unicast src : ${transport.checkSource ? "yes" : "no"}`,
    "   Unicast Peer :",
    ...transport.peers.map((peer) => `     ${peer.address} min_ttl ${peer.minTtl} max_ttl ${peer.maxTtl}`),
    ...(version === 3 ? [`   Unicast checksum compatibility = ${COMPATIBILITY[transport.oldChecksum]}`] : []),
  ];
}

function trackerLines({ settings }: InstanceFacts): string[] {
  const { trackInterfaces, trackScripts, trackFiles, trackProcesses } = settings;
  return [
    ...(trackInterfaces.length === 0 ? [] : ["   Tracked interfaces :"]),
    ...trackInterfaces.map((tracked) => `     ${tracked.interface} ${weightText(tracked)}`),
    ...(trackScripts.length === 0 ? [] : ["   Tracked scripts :"]),
    ...trackScripts.map((tracked) => `     ${tracked.script} ${weightText(tracked)}`),
    ...(trackFiles.length === 0 ? [] : ["   Tracked files :"]),
    ...trackFiles.map((tracked) => `     ${tracked.file}, ${weightText(tracked)}`),
    ...(trackProcesses.length === 0 ? [] : ["   Tracked processes :"]),
    ...trackProcesses.map((tracked) => `     ${tracked.process}, ${weightText(tracked)}`),
  ];
}

function notifyLines({ notify }: Pick<InstanceFacts["settings"], "notify">): string[] {
  return scriptsOf(notify).map(
    ({ title, command }) => `   ${title} script = ${commandText(command)}, uid:gid ${accountText(command)}`,
  );
}

/** One entry for each socket that the instances share. */
function socketLines(instances: readonly InstanceFacts[]): string[] {
  const shared = new Map<string, { readonly head: readonly string[]; readonly members: string[] }>();
  for (const { settings, source } of instances) {
    const { transport, family } = settings;
    const address = transport.kind === "unicast" ? (transport.source ?? source) : undefined;
    const head = [
      `   Interface = ${settings.interface}`,
      `   Family = ${family === "ipv4" ? "IPv4" : "IPv6"}`,
      "   Protocol = VRRP",
      `   Type = ${transport.kind === "unicast" ? "Unicast" : "Multicast"}`,
      ...(address === undefined ? [] : [`   Address = ${address}`]),
    ];
    const key = head.join("\n");
    const entry = shared.get(key) ?? { head, members: [] };
    entry.members.push(`     ${settings.name} vrid ${settings.vrid}`);
    shared.set(key, entry);
  }
  return [...shared.values()].flatMap(({ head, members }) => [...head, "   VRRP instances", ...members]);
}

function groupLines({ settings, state, faulty, undecided }: GroupFacts): string[] {
  return [
    ` VRRP Sync Group = ${settings.name}, ${state}`,
    `   Num member fault ${faulty}, num member init ${undecided}`,
    "   VRRP member instances :",
    ...settings.members.map((name) => `     ${name}`),
    `   Using smtp notification = ${settings.notify.mail ? "yes" : "no"}`,
    ...notifyLines(settings),
  ];
}

function scriptLines({ settings, verdict }: ScriptFacts, instances: readonly InstanceFacts[]): string[] {
  const { check } = settings;
  const trackers = instances.flatMap(({ settings: { name, trackScripts } }) =>
    trackScripts
      .filter(({ script }) => script === settings.name)
      .map((tracked) => `     ${name}, ${weightText(tracked)}`),
  );
  return [
    ` VRRP Script = ${settings.name}`,
    `   Command = ${"argv" in check ? commandText(check) : `<${check.openFile}`}`,
    `   Interval = ${toSeconds(settings.interval)} sec`,
    `   Timeout = ${toSeconds(settings.timeout)} sec`,
    `   Rise = ${settings.rise}`,
    `   Fall = ${settings.fall}`,
    "   Insecure = no",
    `   Status = ${SCRIPT_STATES[verdict]}`,
    ...("argv" in check ? [`   Script uid:gid = ${accountText(check)}`] : []),
    "   Tracking instances :",
    ...trackers,
  ];
}

function interfaceLines({ device, addresses }: InterfaceFacts, instances: readonly InstanceFacts[]): string[] {
  const trackers = instances.flatMap(({ settings }) => [
    ...(settings.interface === device.name && settings.trackOwnInterface ? [`     ${settings.name}, weight 0`] : []),
    ...settings.trackInterfaces
      .filter((tracked) => tracked.interface === device.name)
      .map((tracked) => `     ${settings.name}, ${weightText(tracked)}`),
  ]);
  const state = [
    device.up ? "UP" : "DOWN",
    device.running ? "RUNNING" : "not RUNNING",
    ...(device.loopback ? ["no broadcast", "loopback"] : []),
    ...(device.multicast ? [] : ["no multicast"]),
  ];
  return [
    ` Name = ${device.name}`,
    `   index = ${device.index}`,
    `   IPv4 address = ${addresses.ipv4 ?? "(none)"}`,
    `   IPv6 address = ${addresses.ipv6 ?? "(none)"}`,
    ...(device.mac === undefined || device.loopback ? [] : [`   MAC = ${device.mac}`]),
    `   State = ${state.join(", ")}`,
    `   MTU = ${device.mtu}`,
    `   HW Type = ${device.loopback ? "LOOPBACK" : device.mac === undefined ? "UNKNOWN" : "ETHERNET"}`,
    ...(trackers.length === 0 ? [] : ["   Tracking VRRP instances :", ...trackers]),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`------< ${title} >------`, ...lines];
}

function weightText({ weight, reverse }: TrackWeight): string {
  return `weight ${weight}${reverse ? " reverse" : ""}`;
}

const COMPATIBILITY = { detect: "no", always: "yes", never: "never" } as const;

const SCRIPT_STATES = { unknown: "INIT", up: "GOOD", down: "BAD" } as const;
