import type { Micros } from "../../base/time.ts";

export interface AnnounceSettings {
  /** From becoming master to the second burst; 0: no second burst. */
  readonly delay: Micros;
  /** Frames per address and burst, at least 1. */
  readonly repeat: number;
  /** Period of later bursts; 0: none. */
  readonly refresh: Micros;
  readonly refreshRepeat: number;
  /** The same two after an advert of lower priority was heard while master. A repeat of 0 means: no burst. */
  readonly lowerPriorityDelay: Micros;
  readonly lowerPriorityRepeat: number;
  /**
   * One announcement in each period on every interface that carries addresses and no adverts, so that switches do not forget
   * it (`garp_extra_if`). Undefined: none.
   */
  readonly extra: ExtraAnnouncements | undefined;
}

export interface ExtraAnnouncements {
  readonly period: Micros;
  /** On the interface of the adverts, and on ordinary interfaces, too; without it only where a virtual MAC is used. */
  readonly everywhere: boolean;
}

/** How fast announcements may leave. */
export interface PacingSettings {
  /** From one gratuitous ARP to the next on an interface; 0: no pause. */
  readonly arpInterval: Micros;
  /** From one unsolicited neighbour advertisement to the next on an interface; 0: no pause. */
  readonly neighborInterval: Micros;
  /** Interfaces that share a pace of their own. */
  readonly groups: readonly PacingGroup[];
}

/** A garp_group block. */
export interface PacingGroup {
  readonly arpInterval: Micros;
  readonly neighborInterval: Micros;
  readonly interfaces: readonly string[];
}
