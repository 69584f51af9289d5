import type { TrackedThings, TrackWeight } from "./trackers.ts";

/** Which tables are served to an SNMP master agent, and where that is. With none of them there is no agent. */
export interface SnmpSettings {
  /** KEEPALIVED-MIB, its global and its VRRP part (`enable_snmp_vrrp`). */
  readonly keepalived: boolean;
  /** VRRP-MIB (`enable_snmp_rfcv2`). */
  readonly vrrp2: boolean;
  /** VRRPv3-MIB (`enable_snmp_rfcv3`). */
  readonly vrrp3: boolean;
  /** Changes are told by traps of the same MIBs (`enable_traps`). */
  readonly traps: boolean;
  /** `snmp_socket`; undefined: where net-snmp has it. */
  readonly master: MasterAddress | undefined;
}

/** Where the master agent listens for AgentX. */
export type MasterAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** What the file says that only tables for people and managers show. Nothing obeys it. */
export interface ShownSettings {
  /** `smtp_alert`, `smtp_alert_vrrp` and `smtp_alert_checker`; undefined: they are not there. */
  readonly alertDefaults: {
    readonly all: boolean | undefined;
    readonly vrrp: boolean | undefined;
    readonly checkers: boolean | undefined;
  };
  /** All links are asked for their state (`linkbeat_use_polling`). */
  readonly pollsLinks: boolean;
  /** Names of the instances with `state MASTER`. */
  readonly startsAsMaster: readonly string[];
  /** What each sync group tracks by itself, by its name. */
  readonly groupTracking: Readonly<Record<string, TrackedThings>>;
  /** The weights that stand in the blocks of trackers, by their names. */
  readonly weights: {
    readonly scripts: Readonly<Record<string, TrackWeight>>;
    readonly files: Readonly<Record<string, TrackWeight>>;
    readonly processes: Readonly<Record<string, TrackWeight>>;
    readonly bfd: Readonly<Record<string, TrackWeight>>;
  };
}
