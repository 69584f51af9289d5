import { familyOf, ip, type IpAddress } from "../../src/base/address.ts";
import { micros, seconds, type Micros } from "../../src/base/time.ts";
import type { VirtualAddress } from "../../src/config/model/addresses.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import type { SyncGroupSettings } from "../../src/config/model/sync-group.ts";
import type { NotifySettings } from "../../src/config/model/telling.ts";
import type { ScriptSettings } from "../../src/config/model/trackers.ts";
import type { Place } from "../../src/config/place.ts";
import { LAN_INTERFACE } from "../../src/sim/node.ts";
import { EMPTY_MODEL } from "../fixtures/empty-model.ts";

export const VRRP_GROUP = ip("224.0.0.18");
export const VRRP_GROUP_IPV6 = ip("ff02::12");

/** One vrrp_instance on the LAN with keepalived's defaults, which `settings` may replace. */
export function instance(settings: Partial<InstanceSettings>): InstanceSettings {
  return {
    name: "VI_1",
    place: PLACE,
    family: "ipv4",
    version: 2,
    vrid: 51,
    interface: LAN_INTERFACE,
    priority: 100,
    advertisementInterval: seconds(1),
    preemptMode: true,
    preemptDelay: seconds(0),
    downTimerAdverts: 3,
    transport: { kind: "multicast", group: VRRP_GROUP, source: undefined },
    authentication: { kind: "none" },
    virtualAddresses: [],
    excludedAddresses: [],
    routing: [],
    advertInterface: settings.interface ?? LAN_INTERFACE,
    virtualInterfaces: [],
    skipCheckAdvertisedAddresses: false,
    checksumAsV2: false,
    trackScripts: [],
    trackInterfaces: [],
    trackFiles: [],
    trackProcesses: [],
    trackBfd: [],
    trackOwnInterface: true,
    trackSource: false,
    announce: {
      delay: seconds(5),
      repeat: 5,
      refresh: seconds(0),
      refreshRepeat: 1,
      lowerPriorityDelay: seconds(5),
      lowerPriorityRepeat: 5,
      extra: undefined,
    },
    notify: NO_SCRIPTS,
    lease: "auto",
    fineLock: "auto",
    accept: true,
    repair: true,
    answersLowerPriority: true,
    answersHigherPriority: false,
    ownerIgnoresAdverts: false,
    quickPreempt: false,
    strongestBackup: undefined,
    promotesSecondaries: false,
    receiveBuffer: undefined,
    ...settings,
  };
}

/** One vrrp_sync_group without scripts. */
export function syncGroup(name: string, members: readonly string[]): SyncGroupSettings {
  return { name, place: PLACE, members, notify: NO_SCRIPTS, trackingWeight: false };
}

export function virtualAddress(address: IpAddress, prefixLength: number, device = LAN_INTERFACE): VirtualAddress {
  return {
    address,
    prefixLength,
    broadcast: undefined,
    peer: undefined,
    device,
    label: undefined,
    scope: 0,
    // IFA_F_NODAD, as config/check-addresses.ts has it.
    flags: familyOf(address) === "ipv6" ? 0x02 : 0,
    preferredLifetime: "forever",
    tracked: true,
    usesVmac: false,
    place: PLACE,
  };
}

/** A vrrp_script that runs `path`. */
export function checkScript(
  name: string,
  path: string,
  settings: { readonly interval: Micros; readonly rise: number; readonly fall: number },
): ScriptSettings {
  const check = { argv: [path], user: undefined, place: PLACE };
  return { name, check, timeout: settings.interval, initFail: false, ...settings };
}

export function configuration(
  instances: readonly InstanceSettings[],
  scripts: readonly ScriptSettings[] = [],
): Configuration {
  const fifo = {
    keyword: "vrrp_notify_fifo",
    path: NOTIFY_FIFO,
    owner: undefined,
    script: undefined,
    place: PLACE,
  } as const;
  return { ...EMPTY_MODEL, global: { ...EMPTY_MODEL.global, fifos: [fifo] }, scripts, instances };
}

/** Where every simulated node tells its changes. */
export const NOTIFY_FIFO = "/run/vrrp.fifo";

const PLACE: Place = { file: "keepalived.conf", line: 1, column: 1 };

const NO_SCRIPTS: NotifySettings = {
  any: undefined,
  master: undefined,
  backup: undefined,
  fault: undefined,
  stop: undefined,
  deleted: undefined,
  tellsDeleted: false,
  lowerPriority: undefined,
  priorityChanges: false,
  mail: false,
  timeout: seconds(10),
  concurrent: false,
};

/**
 * How late the kernel removes addresses that were renewed together: measured, and where leases are long an eighth of them, for its
 * timers, with what it rounds.
 */
export function kernelLateness(lease: number): Micros {
  return micros(Math.max(600_000, 300_000 + lease / 8));
}
