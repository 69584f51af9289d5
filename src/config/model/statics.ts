import type { VirtualAddress } from "./addresses.ts";
import type { RoutingSettings } from "./routing.ts";

/** What is always there while the daemon runs. */
export interface StaticSettings {
  readonly addresses: readonly StaticAddress[];
  /** Routes first, then rules. */
  readonly routing: readonly RoutingSettings[];
  /** The names of the instances in each track_group. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** A line of static_ipaddress. */
export interface StaticAddress extends VirtualAddress {
  readonly group: string | undefined;
}
