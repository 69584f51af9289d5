import { unreachable } from "../../base/assert.ts";
import { isLinkLocal, type IpAddress } from "../../base/address.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { TrackedThings } from "../../config/model/trackers.ts";
import {
  effectivePriority,
  type PriorityVerdict,
  type TrackedItem,
  type TrackedNumber,
  type TrackedState,
} from "../../core/tracking/effective-priority.ts";
import type { FaultCause } from "../../core/vrrp/state.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { BfdSet } from "./bfd-set.ts";
import type { FileTracker } from "./file-tracker.ts";
import type { InterfaceTable } from "./interface-table.ts";
import type { ProcessTracker } from "./process-tracker.ts";
import type { ScriptTracker } from "./script-tracker.ts";
import { findAdvertDevice, ipvlanOf } from "./virtual-device.ts";

/** What is known of this host, as far as it decides whether an instance can take part. */
export interface Surroundings {
  readonly interfaces: InterfaceTable;
  /** Whether an interface counts as up. */
  readonly links: { isUp(device: NetworkInterface): boolean };
  readonly scripts: ReadonlyMap<string, ScriptTracker>;
  readonly files: ReadonlyMap<string, FileTracker>;
  readonly processes: ReadonlyMap<string, ProcessTracker>;
  readonly bfd: Pick<BfdSet, "verdictOf" | "detailOf">;
  /** Every address that some instance of this process may hold: none of them is a good source. */
  readonly virtualAddresses: () => ReadonlySet<IpAddress>;
  /** What of the static objects that an instance depends on is missing, in words. */
  readonly missingStatics: (instance: string) => readonly string[];
}

/** Whether an instance can take part, and how strongly. */
export interface Fitness {
  /** Where its adverts leave and arrive, if they can. */
  readonly device: NetworkInterface | undefined;
  readonly source: IpAddress | undefined;
  readonly verdict: PriorityVerdict;
  /** Empty: it can. */
  readonly faults: readonly FaultCause[];
}

/** Looks at everything that decides: the interface, the source address and the trackers. */
export function judgeFitness(settings: InstanceSettings, surroundings: Surroundings): Fitness {
  const { interfaces } = surroundings;
  const device = interfaces.byName(settings.interface);
  const advertDevice = findAdvertDevice(settings, interfaces);
  const sender = findSender(settings, { device, advertDevice }, surroundings);
  const verdict = effectivePriority(settings.priority, trackedItems(settings, surroundings));
  const own = ownFaults(settings, { device, advertDevice, sender }, surroundings);
  const { source } = sender;
  const statics = surroundings
    .missingStatics(settings.name)
    .map((what): FaultCause => ({ kind: "static-object", what }));
  const faults = [...own, ...trackerFaults(verdict, surroundings), ...statics];
  return { device: own.length === 0 ? advertDevice : undefined, source, verdict, faults };
}

/** What an instance or a group tracks, with what is known of it now. */
export function trackedItems(tracked: TrackedThings, surroundings: Surroundings): readonly TrackedItem[] {
  const { interfaces, links, scripts, files, processes, bfd } = surroundings;
  return [
    ...tracked.trackScripts.map(({ script: name, weight, reverse }): TrackedState => {
      const verdict = scripts.get(name)?.verdict ?? "unknown";
      return { kind: "script", name, weight, reverse, verdict };
    }),
    ...tracked.trackInterfaces.map(({ interface: name, weight, reverse }): TrackedState => {
      const device = interfaces.byName(name);
      const verdict = device !== undefined && links.isUp(device) ? "up" : "down";
      return { kind: "interface", name, weight, reverse, verdict };
    }),
    ...tracked.trackFiles.map(({ file: name, weight, reverse }): TrackedNumber => {
      return { kind: "file", name, weight, reverse, value: files.get(name)?.value ?? 0 };
    }),
    ...tracked.trackProcesses.map(({ process: name, weight, reverse }): TrackedState => {
      const verdict = processes.get(name)?.verdict ?? "unknown";
      return { kind: "process", name, weight, reverse, verdict };
    }),
    ...tracked.trackBfd.map(({ bfd: name, weight, reverse }): TrackedState => {
      return { kind: "bfd", name, weight, reverse, verdict: bfd.verdictOf(name) };
    }),
  ];
}

/** What is known of a tracked thing, for people: `exited with status 1`, `contains -20`. */
export function describeItem(item: TrackedItem, { scripts, files, processes, bfd }: Surroundings): string {
  switch (item.kind) {
    case "script":
      return scripts.get(item.name)?.detail ?? "is not running";
    case "interface":
      return `is ${item.verdict}`;
    case "file":
      return files.get(item.name)?.detail ?? "is not read";
    case "process":
      return processes.get(item.name)?.detail ?? "is not watched";
    case "bfd":
      return bfd.detailOf(item.name);
    default:
      return unreachable(item);
  }
}

/** An item that means FAULT as the cause of it. */
function faultOf(item: TrackedItem, surroundings: Surroundings): FaultCause {
  const { kind, name } = item;
  const detail = describeItem(item, surroundings);
  switch (kind) {
    case "script":
      return { kind: "script", name, detail };
    case "interface":
      return { kind: "tracked-interface", interface: name, detail };
    case "file":
      return { kind: "tracked-file", name, detail };
    case "process":
      return { kind: "tracked-process", name, detail };
    case "bfd":
      return { kind: "tracked-bfd", name, detail };
    default:
      return unreachable(kind);
  }
}

interface OwnDevices {
  readonly device: NetworkInterface | undefined;
  readonly advertDevice: NetworkInterface | undefined;
}

/** The address that adverts come from, and the interface whose it is; `wanted`: the configuration names it. */
interface Sender {
  readonly interface: string;
  readonly source: IpAddress | undefined;
  readonly wanted: IpAddress | undefined;
}

/** What has a virtual MAC address has no address before it is master; an ipvlan has one of its own. */
function findSender(settings: InstanceSettings, own: OwnDevices, surroundings: Surroundings): Sender {
  const wanted = settings.transport.source;
  const ipvlan = ipvlanOf(settings);
  if (ipvlan === undefined) {
    return { interface: settings.interface, source: findSource(settings, own.device, surroundings), wanted };
  }
  // As with keepalived: whatever else is configured, one without an address sends nothing over IPv4.
  if (ipvlan.address === undefined && settings.family === "ipv4") {
    return { interface: ipvlan.name, source: undefined, wanted: undefined };
  }
  return { interface: ipvlan.name, source: findSource(settings, own.advertDevice, surroundings), wanted };
}

function findSource(
  { transport, family }: InstanceSettings,
  device: NetworkInterface | undefined,
  { interfaces, virtualAddresses }: Surroundings,
): IpAddress | undefined {
  const { source } = transport;
  if (family === "ipv4" && source !== undefined) return source;
  if (device === undefined) return undefined;
  if (family === "ipv4") return interfaces.sourceAddress(device.index, "ipv4", virtualAddresses());
  // Over IPv6 the kernel refuses to send from an address that is not there.
  if (source !== undefined) return interfaces.canSendFrom(device.index, source) ? source : undefined;
  const linkLocal = interfaces.sourceAddress(device.index, "ipv6-link-local", virtualAddresses());
  if (transport.kind === "multicast" || transport.peers.every(({ address }) => isLinkLocal(address))) return linkLocal;
  // Peers that are listed by global addresses list this node by its own, and may be behind a router.
  return interfaces.sourceAddress(device.index, "ipv6-global", virtualAddresses()) ?? linkLocal;
}

function ownFaults(
  settings: InstanceSettings,
  { device, advertDevice, sender }: OwnDevices & { readonly sender: Sender },
  { links, interfaces }: Surroundings,
): FaultCause[] {
  const { interface: name, trackOwnInterface, trackSource, transport, family } = settings;
  if (device === undefined) return [{ kind: "interface-missing", interface: name }];
  if (trackOwnInterface && !links.isUp(device)) return [{ kind: "interface-down", interface: name }];
  if (transport.kind === "unicast" && transport.peers.length === 0) return [{ kind: "no-unicast-peer" }];
  if (advertDevice === undefined) return [{ kind: "interface-missing", interface: settings.advertInterface }];
  if (sender.source === undefined) {
    // Over IPv6 the kernel sends nothing from an address that is not there, so it matters whether it is tracked or not.
    if (sender.wanted !== undefined) return [{ kind: "source-not-here", address: sender.wanted }];
    return [{ kind: "no-source-address", interface: sender.interface, family }];
  }
  if (!trackSource || transport.source === undefined) return [];
  const isHere = interfaces.all().some(({ address }) => address === sender.source);
  return isHere ? [] : [{ kind: "source-not-here", address: sender.source }];
}

function trackerFaults(verdict: PriorityVerdict, surroundings: Surroundings): readonly FaultCause[] {
  return verdict.kind === "fault" ? verdict.causes.map((item) => faultOf(item, surroundings)) : [];
}
