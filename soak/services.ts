import type { Settings } from "./settings.ts";

/** A virtual router that all nodes take part in, with the one address that is asked for. */
export interface Service {
  /** Of the instance. */
  readonly name: ServiceName;
  readonly family: "ipv4" | "ipv6";
  readonly vip: string;
  readonly prefixLength: number;
  readonly virtualRouterId: number;
  readonly version: 2 | 3;
  readonly advertIntervalMs: number;
  /** Who is strongest elsewhere is weakest here. */
  readonly mirrored: boolean;
}

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** `web`: IPv4, adverts once a second. `six`: the same over IPv6. `fast`: IPv4, adverts every 0.1 s. */
export const SERVICE_NAMES = ["web", "six", "fast"] as const;

/** Lists what a cluster with these settings serves. */
export function servicesOf({ version, mirrored }: Pick<Settings, "version" | "mirrored">): readonly Service[] {
  const slow = { advertIntervalMs: 1_000, mirrored: false };
  return [
    { ...slow, name: "web", family: "ipv4", vip: "10.77.0.100", prefixLength: 24, virtualRouterId: 51, version },
    // Version 2 knows neither IPv6 nor parts of a second.
    {
      ...slow,
      name: "six",
      family: "ipv6",
      vip: "2001:db8:77::100",
      prefixLength: 64,
      virtualRouterId: 52,
      version: 3,
    },
    {
      name: "fast",
      family: "ipv4",
      vip: "10.77.0.101",
      prefixLength: 24,
      virtualRouterId: 53,
      version: 3,
      advertIntervalMs: 100,
      mirrored,
    },
  ];
}

/** The priority of an instance on a node. */
export function priorityFor({ mirrored }: Pick<Service, "mirrored">, ofNode: number): number {
  return mirrored ? MIRROR - ofNode : ofNode;
}

/** The priorities of an instance on all nodes. */
export function prioritiesFor(service: Service, ofNodes: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...ofNodes].map(([name, priority]) => [name, priorityFor(service, priority)]));
}

/** What priorities of nodes, 80 to 240, are taken from: 40 to 200 are left. */
const MIRROR = 280;
