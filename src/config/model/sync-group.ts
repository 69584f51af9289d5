import type { Place } from "../place.ts";
import type { NotifySettings } from "./telling.ts";

/**
 * A vrrp_sync_group block. What it tracks is among what its members track, and weights that do not count in a group are
 * nowhere.
 */
export interface SyncGroupSettings {
  readonly name: string;
  readonly place: Place;
  /** Names of instances, each once, in the order of the block. */
  readonly members: readonly string[];
  readonly notify: NotifySettings;
  /** Weights of trackers count in this group (`sync_group_tracking_weight`). */
  readonly trackingWeight: boolean;
}
