import type { SnmpInstanceFacts } from "../snmp-facts.ts";
import type { View } from "./view.ts";

/** What the statistics of VRRP-MIB and VRRPv3-MIB count, in keepalived's way of dividing it. */
export interface ErrorCounters {
  readonly becameMaster: number;
  readonly received: number;
  readonly interval: number;
  readonly authentication: number;
  readonly ttl: number;
  readonly priorityZeroReceived: number;
  readonly priorityZeroSent: number;
  readonly type: number;
  readonly addressList: number;
  readonly authenticationType: number;
  readonly unknownAuthentication: number;
  readonly length: number;
}

export function errorCounters({ counters }: SnmpInstanceFacts): ErrorCounters {
  const sum = (...names: readonly string[]): number => sumOf(counters, names);
  return {
    becameMaster: sum("becameMaster"),
    received: sum("advertisementsReceived"),
    interval: sum("discarded.INTERVAL", "discarded.ZERO_INTERVAL", "noted.INTERVAL"),
    authentication: sum("discarded.PASSWORD", "discarded.AUTHENTICATION_HEADER"),
    ttl: sum("discarded.TTL"),
    priorityZeroReceived: sum("priorityZeroReceived"),
    priorityZeroSent: sum("priorityZeroSent"),
    type: sum("discarded.TYPE"),
    addressList: sum("noted.ADDRESS_LIST", "discarded.UNICAST_MULTICAST"),
    authenticationType: sum("discarded.AUTHENTICATION_TYPE"),
    unknownAuthentication: sum("discarded.AUTHENTICATION_UNKNOWN"),
    length: sum("discarded.TRUNCATED", "discarded.BAD_LENGTH"),
  };
}

/** The errors that both MIBs count for the whole router. */
export function routerErrors({ facts }: View): {
  readonly checksum: number;
  readonly version: number;
  readonly vrid: number;
} {
  const sum = (...names: readonly string[]): number =>
    facts.instances.reduce((total, { counters }) => total + sumOf(counters, names), 0);
  return {
    checksum: sum("discarded.CHECKSUM"),
    version: sum("discarded.VERSION", "discarded.BAD_VERSION"),
    vrid: facts.strangers,
  };
}

function sumOf(counters: Readonly<Record<string, number>>, names: readonly string[]): number {
  return names.reduce((total, name) => total + (counters[name] ?? 0), 0);
}
