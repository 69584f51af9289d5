import type { Micros } from "../../base/time.ts";
import type { LinkPatience } from "../../core/tracking/link-state.ts";
import type { ProcessPattern } from "../../core/tracking/process-match.ts";
import type { QuorumPolicy } from "../../core/tracking/process-quorum.ts";
import type { Place } from "../place.ts";
import type { ScriptCommand } from "./script-command.ts";

/** A vrrp_script block. */
export interface ScriptSettings {
  readonly name: string;
  /** `</path` in the file means: the check is whether that file can be opened. */
  readonly check: ScriptCommand | { readonly openFile: string; readonly place: Place };
  readonly interval: Micros;
  /** Longer counts as failure. Defaults to the interval. */
  readonly timeout: Micros;
  /** Consecutive successes until it is up, consecutive failures until it is down; at least 1. */
  readonly rise: number;
  readonly fall: number;
  /** Counts as failed until `rise` successes. */
  readonly initFail: boolean;
}

/** A track_file block. */
export interface TrackFileSettings {
  readonly name: string;
  /** As written; a relative one is relative to the folder that the daemon runs in. */
  readonly path: string;
  /** `init_file`: written at the start where there is no file yet, with `overwrite` over one that is there. */
  readonly initial: { readonly value: number; readonly overwrite: boolean } | undefined;
  readonly place: Place;
}

/** A vrrp_track_process block: the processes it means, how many there should be, and the patience with changes. */
export interface TrackProcessSettings extends ProcessPattern, QuorumPolicy {
  readonly name: string;
  readonly place: Place;
}

/** What interface_up_down_delays and linkbeat say of one interface. */
export interface LinkSettings extends LinkPatience {
  readonly interface: string;
  /** Asked for its link state once a second, by this way or the next that it knows; undefined: the kernel tells. */
  readonly polling: LinkPolling | undefined;
}

export type LinkPolling = "MII" | "ETHTOOL" | "IOCTL";

/** All that an instance, or a group, tracks. */
export interface TrackedThings {
  readonly trackScripts: readonly TrackedScript[];
  readonly trackInterfaces: readonly TrackedInterface[];
  readonly trackFiles: readonly TrackedFile[];
  readonly trackProcesses: readonly TrackedProcess[];
  readonly trackBfd: readonly TrackedBfd[];
}

/** What a tracker does to the priority. Weight 0 means: failure is FAULT. */
export interface TrackWeight {
  /** -253..253; of files and processes -254..254. */
  readonly weight: number;
  /** Weight 0: success is FAULT. Any other weight: what it would add it takes away, and the reverse. */
  readonly reverse: boolean;
}

export interface TrackedScript extends TrackWeight {
  readonly script: string;
}

export interface TrackedInterface extends TrackWeight {
  readonly interface: string;
  readonly place?: Place;
}

/** The weight is the factor of the file's number, -254..254; with 0 any number but 0 is FAULT. */
export interface TrackedFile extends TrackWeight {
  readonly file: string;
}

export interface TrackedProcess extends TrackWeight {
  readonly process: string;
}

export interface TrackedBfd extends TrackWeight {
  readonly bfd: string;
}
