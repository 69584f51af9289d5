import type { IpAddress } from "../../base/address.ts";
import { micros } from "../../base/time.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import { OWNER_PRIORITY, type VirtualRouter } from "../../core/vrrp/router.ts";

/** The virtual router as it takes part with this priority and source, in a sync group or not. */
export function routerOf(
  settings: InstanceSettings,
  { priority, source, synced }: Pick<VirtualRouter, "priority" | "synced"> & { readonly source: IpAddress | undefined },
): VirtualRouter {
  return {
    vrid: settings.vrid,
    family: settings.family,
    version: settings.version,
    priority,
    source: source ?? NO_SOURCE[settings.family],
    advertisementInterval: settings.advertisementInterval,
    preemptMode: settings.preemptMode,
    preemptDelay: settings.preemptDelay,
    downTimerAdverts: settings.downTimerAdverts,
    strongestBackup: settings.strongestBackup ?? OWNER_PRIORITY,
    quickPreempt: settings.quickPreempt,
    answersLowerPriority: settings.answersLowerPriority,
    answersHigherPriority: settings.answersHigherPriority,
    synced,
    announce: { ...settings.announce, extraPeriod: settings.announce.extra?.period ?? micros(0) },
  };
}

/** What others see of an instance: a change of it is worth an advert at once. */
export function protocolOf(settings: InstanceSettings): string {
  const { version, advertisementInterval, transport, authentication, downTimerAdverts } = settings;
  const { preemptMode, preemptDelay } = settings;
  const addresses = settings.virtualAddresses.map(({ address }) => address);
  const seen = {
    version,
    advertisementInterval,
    transport,
    authentication,
    downTimerAdverts,
    preemptMode,
    preemptDelay,
    addresses,
  };
  // Where something stands in the file is nobody's business but the file's.
  return JSON.stringify(seen, (key, value: unknown) => (key === "place" ? undefined : value));
}

/** Stands in while there is none; nothing is sent then, for that is a fault. */
const NO_SOURCE = { ipv4: "0.0.0.0" as IpAddress, ipv6: "::" as IpAddress } as const;
