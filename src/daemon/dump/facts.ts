import type { AddressFamily, IpAddress } from "../../base/address.ts";
import type { Micros } from "../../base/time.ts";
import type { InstanceStateName } from "../../api/contract.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import type { GlobalSettings } from "../../config/model/global.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { SyncGroupSettings } from "../../config/model/sync-group.ts";
import type { RoutingSettings } from "../../config/model/routing.ts";
import type { ScriptSettings } from "../../config/model/trackers.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { NewMasterReason, ProtocolError } from "../snmp-facts.ts";

/** What keepalived's dumps show. */
export type DumpKind = "data" | "stats" | "json";

/** What a process that is not the supervisor can have written to a file: `bfd` is keepalived_bfd.data. */
export type DumpSubject = DumpKind | "bfd";

/** All that the vrrp process knows at one moment, as far as keepalived's dumps and SNMP show it. */
export interface DumpFacts {
  readonly global: GlobalSettings;
  readonly instances: readonly InstanceFacts[];
  readonly groups: readonly GroupFacts[];
  readonly scripts: readonly ScriptFacts[];
  readonly interfaces: readonly InterfaceFacts[];
}

export interface InstanceFacts {
  readonly settings: InstanceSettings;
  /** Name of its sync group. */
  readonly group: string | undefined;
  readonly state: InstanceStateName;
  /** What it would be if its group let it. */
  readonly wanted: InstanceStateName;
  /** Whom it follows; undefined where nobody is heard. */
  readonly master: { readonly address: IpAddress; readonly priority: number } | undefined;
  readonly effectivePriority: number;
  /** How many things are broken, and how many have yet to give their first result. */
  readonly faults: number;
  readonly undecided: number;
  /** Milliseconds since 1970. */
  readonly changedAtMs: number;
  /** When it wakes up next unless something happens; undefined: not by itself. */
  readonly wakesAtMs: number | undefined;
  readonly masterDown: Micros;
  readonly masterInterval: Micros;
  readonly source: IpAddress | undefined;
  readonly held: ReadonlySet<VirtualAddress>;
  /** Routes and rules that are set. */
  readonly heldRouting: ReadonlySet<RoutingSettings>;
  readonly history: {
    readonly upSinceMs: number | undefined;
    readonly newMasterReason: NewMasterReason;
    readonly protocolError: ProtocolError;
  };
  /** Counted since the last clearing; those that are zero may be missing. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface GroupFacts {
  readonly settings: SyncGroupSettings;
  readonly state: InstanceStateName;
  readonly faulty: number;
  readonly undecided: number;
}

export interface ScriptFacts {
  readonly settings: ScriptSettings;
  readonly verdict: "unknown" | "up" | "down";
}

export interface InterfaceFacts {
  readonly device: NetworkInterface;
  /** The host's own first address of each family; of IPv6, the first link-local one. */
  readonly addresses: Readonly<Record<AddressFamily, IpAddress | undefined>>;
}
