import type { Micros } from "../../base/time.ts";
import type { Place } from "../place.ts";
import type { ScriptCommand } from "./script-command.ts";

/** The surroundings of the processes. Namespace, name and start script do not follow a reload. */
export interface DaemonSettings {
  /** Where the vrrp process lives (`net_namespace`, or `-s`). */
  readonly networkNamespace: { readonly name: string; readonly place: Place } | undefined;
  /** Tells several daemons on one host apart (`instance`). Fit for a file name. */
  readonly instanceName: string | undefined;
  /** The bits of umask(2). */
  readonly umask: number | undefined;
  readonly startupScript: HookSettings | undefined;
  readonly shutdownScript: HookSettings | undefined;
  /** Processors of the vrrp process, 0-1023; empty: the kernel's choice. */
  readonly cpus: readonly number[];
  /** The same of the bfd process. */
  readonly bfdCpus: readonly number[];
  /** How long processes may take to stop (`child_wait_time`), at least 5 s; undefined: 5 s. */
  readonly childWait: Micros | undefined;
  readonly reload: ReloadSettings;
  /** Where the configuration, and the state around each reload, are kept for those who look for a fault (`config_save_dir`). */
  readonly savesTo: string | undefined;
}

/** What starts a reload besides signals, and what tells of one. Paths are absolute. */
export interface ReloadSettings {
  /** `reload_time_file`, and whether it stays when its time has come. */
  readonly timeFile: string | undefined;
  readonly repeats: boolean;
  /** `reload_file`: it is there while the configuration is being read; "default" lies with the pid files. */
  readonly file: { readonly path: string } | "default" | undefined;
  /** Where the findings of a reload are written (`reload_check_config`); the one before it says so. */
  readonly checkLog: string | undefined;
}

/** A script that the supervisor runs once. */
export interface HookSettings {
  readonly command: ScriptCommand;
  readonly timeout: Micros;
}

/**
 * Where and how keepalived's dumps are written. Undefined: keepalived's name in the folder for them; what ends with a slash is
 * such a folder. The state files of other processes are named after that of the vrrp process.
 */
export interface DumpSettings {
  readonly stateFile: string | undefined;
  readonly statsFile: string | undefined;
  readonly jsonFile: string | undefined;
  readonly jsonVersion: 1 | 2;
  /** Put into the names of the files (`data_use_instance`); undefined: nothing. */
  readonly name: string | undefined;
}
