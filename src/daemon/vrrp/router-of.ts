import type { IpAddress } from "../../base/address.ts";
import type { InstanceSettings } from "../../config/model.ts";
import type { VirtualRouter } from "../../core/vrrp/router.ts";

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
    answersLowerPriority: settings.answersLowerPriority,
    answersHigherPriority: settings.answersHigherPriority,
    synced,
    announce: settings.announce,
  };
}

/** What others see of an instance, as text to compare: a change of it is worth an advert at once. */
export function protocolOf(settings: InstanceSettings, isActive: boolean): string {
  const { version, advertisementInterval, transport, password, downTimerAdverts, preemptMode, preemptDelay } = settings;
  const addresses = settings.virtualAddresses.map(({ address }) => address);
  // Only a master announces; a backup would listen anew for nothing.
  const announce = isActive ? settings.announce : undefined;
  const timing = { advertisementInterval, downTimerAdverts, preemptMode, preemptDelay, announce };
  // Where something stands in the file is nobody's business but the file's.
  return JSON.stringify({ version, transport, password, addresses, timing }, (key, value: unknown) =>
    key === "place" ? undefined : value,
  );
}

/** Stands in while there is none; nothing is sent then, for that is a fault. */
const NO_SOURCE = { ipv4: "0.0.0.0" as IpAddress, ipv6: "::" as IpAddress } as const;
