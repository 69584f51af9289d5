import type { Micros } from "../../base/time.ts";
import type { PacingSettings } from "./announcing.ts";
import type { DaemonSettings, DumpSettings } from "./daemon.ts";
import type { ScriptUser } from "./script-command.ts";
import type { SnmpSettings } from "./snmp.ts";
import type { FifoSettings, MailSettings } from "./telling.ts";

export interface GlobalSettings {
  /** The host's name unless configured; undefined means: ask the host. */
  readonly routerId: string | undefined;
  readonly scriptSecurity: boolean;
  /** Account of scripts that name none: `script_user`, else keepalived_script if it exists, else root. */
  readonly scriptUser: ScriptUser | undefined;
  /** Nothing is claimed before this has passed since the start (`vrrp_startup_delay`). */
  readonly startupDelay: Micros;
  /** Nothing is claimed before this has passed since the host has booted (`vrrp_delay_after_boot`). */
  readonly delayAfterBoot: Micros;
  /** Adverts for virtual routers that are not configured are logged. */
  readonly logsUnknownVrids: boolean;
  readonly pacing: PacingSettings;
  readonly buffers: BufferSettings;
  /** An interface that is missing at the start is a fault until it comes, and no reason not to start. */
  readonly dynamicInterfaces: boolean;
  /** This host tells no router that it is in groups of 224.0.0.0/24 (`disable_local_igmp`). */
  readonly withoutLocalIgmp: boolean;
  /** Scripts have the further groups of their user (`set_supplementary_groups`). */
  readonly supplementaryGroups: boolean;
  /** Where static addresses go that name no device (`default_interface`). */
  readonly defaultInterface: string;
  readonly processes: ProcessSettings;
  readonly dumps: DumpSettings;
  readonly daemon: DaemonSettings;
  /** `notify_fifo` and `vrrp_notify_fifo`, each of another path. */
  readonly fifos: readonly FifoSettings[];
  /** After a reload all states are written to the FIFOs again (`fifo_write_vrrp_states_on_reload`). */
  readonly tellsStatesOnReload: boolean;
  /** Undefined: nobody can be mailed, for want of a recipient or of a server. */
  readonly mail: MailSettings | undefined;
  readonly snmp: SnmpSettings;
}

/** How much may wait to be received, where a file says so. */
export interface BufferSettings {
  /** Of sockets for adverts, for each instance that uses one: so many times the measure. Undefined: Holdfast's own size. */
  readonly adverts:
    | { readonly measure: "mtu" | "advert" | { readonly bytes: number }; readonly times: number }
    | undefined;
  /** Of the sockets that talk with the kernel. */
  readonly kernelRequests: KernelBuffer | undefined;
  readonly kernelEvents: KernelBuffer | undefined;
  /** Of the socket on which the kernel tells of processes. */
  readonly processNotices: KernelBuffer | undefined;
}

export interface KernelBuffer {
  readonly bytes: number;
  /** Beyond the system's limit. */
  readonly force: boolean;
}

export interface ProcessSettings {
  /** SCHED_RR priority of the vrrp process, 1-99; undefined: Holdfast's own choice. */
  readonly vrrpRealtimePriority: number | undefined;
  /** Nice value of the vrrp process, -20..19. */
  readonly vrrpNice: number | undefined;
  /** Titles and comm of the processes. `process_names` gives keepalived's (keepalived, keepalived_vrrp). */
  readonly names: { readonly supervisor: string; readonly vrrp: string; readonly bfd: string } | undefined;
  /** SCHED_RR priority of the bfd process, 1-99; undefined: Holdfast's own choice. */
  readonly bfdRealtimePriority: number | undefined;
  /** Nice value of the bfd process, -20..19. */
  readonly bfdNice: number | undefined;
}
