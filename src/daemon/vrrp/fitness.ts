import type { IpAddress } from "../../base/address.ts";
import type { InstanceSettings } from "../../config/model.ts";
import { effectivePriority, type PriorityVerdict, type TrackedItem } from "../../core/tracking/effective-priority.ts";
import type { FaultCause } from "../../core/vrrp/state.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { InterfaceTable } from "./interface-table.ts";
import type { ScriptTracker } from "./script-tracker.ts";

/** What is known of this host, as far as it decides whether an instance can take part. */
export interface Surroundings {
  readonly interfaces: InterfaceTable;
  readonly scripts: ReadonlyMap<string, ScriptTracker>;
  /** Every address that some instance of this process may hold: none of them is a good source. */
  readonly virtualAddresses: () => ReadonlySet<IpAddress>;
}

/** Whether an instance can take part, and how strongly. */
export interface Fitness {
  /** Its own interface, where that can carry adverts. */
  readonly device: NetworkInterface | undefined;
  readonly source: IpAddress | undefined;
  readonly verdict: PriorityVerdict;
  /** Empty: it can. */
  readonly faults: readonly FaultCause[];
}

/** Looks at everything that decides: the interface, the source address and the trackers. */
export function judgeFitness(settings: InstanceSettings, surroundings: Surroundings): Fitness {
  const device = surroundings.interfaces.byName(settings.interface);
  const source = findSource(settings, device, surroundings);
  const verdict = effectivePriority(settings.priority, trackedItems(settings, surroundings));
  const own = ownFaults(settings, device, source);
  const faults = [...own, ...trackerFaults(verdict, surroundings)];
  return { device: own.length === 0 ? device : undefined, source, verdict, faults };
}

/** What an instance tracks, with what is known of it now. */
export function trackedItems(settings: InstanceSettings, surroundings: Surroundings): readonly TrackedItem[] {
  const scripts = settings.trackScripts.map((tracked): TrackedItem => {
    const verdict = surroundings.scripts.get(tracked.script)?.verdict ?? "unknown";
    return { kind: "script", name: tracked.script, weight: tracked.weight, reverse: tracked.reverse, verdict };
  });
  const interfaces = settings.trackInterfaces.map((tracked): TrackedItem => {
    const device = surroundings.interfaces.byName(tracked.interface);
    const verdict = device?.up === true && device.running ? "up" : "down";
    return { kind: "interface", name: tracked.interface, weight: tracked.weight, reverse: tracked.reverse, verdict };
  });
  return [...scripts, ...interfaces];
}

function findSource(
  { transport, family }: InstanceSettings,
  device: NetworkInterface | undefined,
  { interfaces, virtualAddresses }: Surroundings,
): IpAddress | undefined {
  if (transport.source !== undefined) return transport.source;
  return device === undefined ? undefined : interfaces.sourceAddress(device.index, family, virtualAddresses());
}

function ownFaults(
  { interface: name, trackOwnInterface, transport }: InstanceSettings,
  device: NetworkInterface | undefined,
  source: IpAddress | undefined,
): readonly FaultCause[] {
  if (device === undefined) return [{ kind: "interface-missing", interface: name }];
  if (trackOwnInterface && !(device.up && device.running)) return [{ kind: "interface-down", interface: name }];
  if (transport.kind === "unicast" && transport.peers.length === 0) return [{ kind: "no-unicast-peer" }];
  return source === undefined ? [{ kind: "no-source-address", interface: name }] : [];
}

function trackerFaults(verdict: PriorityVerdict, { scripts }: Surroundings): readonly FaultCause[] {
  if (verdict.kind !== "fault") return [];
  return verdict.causes.map(({ kind, name }): FaultCause => {
    if (kind === "interface") return { kind: "tracked-interface", interface: name };
    return { kind: "script", name, detail: scripts.get(name)?.detail ?? "failed" };
  });
}
