import type { BfdInstanceSettings } from "./bfd.ts";
import type { GlobalSettings } from "./global.ts";
import type { InstanceSettings } from "./instance.ts";
import type { ShownSettings } from "./snmp.ts";
import type { StaticSettings } from "./statics.ts";
import type { SyncGroupSettings } from "./sync-group.ts";
import type { LinkSettings, ScriptSettings, TrackFileSettings, TrackProcessSettings } from "./trackers.ts";

/**
 * The checked model of a configuration: what the drivers obey. Only `config/check.ts` builds it, everything in it is within
 * its range, every reference is resolved, every default is filled in. It holds plain data, so two models compare by value.
 */
export interface Configuration {
  readonly global: GlobalSettings;
  /** Scripts that some instance tracks, by name. */
  readonly scripts: readonly ScriptSettings[];
  /** Files and processes that some instance tracks, by name. */
  readonly trackFiles: readonly TrackFileSettings[];
  readonly trackProcesses: readonly TrackProcessSettings[];
  /** Interfaces whose state is not simply what the kernel tells. */
  readonly links: readonly LinkSettings[];
  /** In the order of the file. Empty when nothing usable was configured. */
  readonly instances: readonly InstanceSettings[];
  /** In the order of the file, whether tracked or not: the other end may track its own. */
  readonly bfd: readonly BfdInstanceSettings[];
  /** In the order of the file. None is without a member, and no instance is in two. */
  readonly groups: readonly SyncGroupSettings[];
  /** Addresses, routes and rules that are there whoever is master. */
  readonly statics: StaticSettings;
  readonly shown: ShownSettings;
}
