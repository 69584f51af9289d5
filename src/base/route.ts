import type { AddressFamily, IpAddress, IpPrefix } from "./address.ts";

/** What a route does with a packet, in the words of ip-route(8). */
export type RouteType =
  | "unicast"
  | "local"
  | "broadcast"
  | "anycast"
  | "multicast"
  | "blackhole"
  | "unreachable"
  | "prohibit"
  | "throw";

/** A value of RTA_METRICS; the kernel does not change a locked one by what it learns. */
export interface RouteMetric {
  readonly value: number;
  readonly locked: boolean;
}

/** The values of RTA_METRICS that are one number each, by their names in ip-route(8), in the kernel's units. */
export type RouteMetricName =
  | "mtu"
  | "window"
  | "rtt"
  | "rttvar"
  | "ssthresh"
  | "cwnd"
  | "advmss"
  | "reordering"
  | "hoplimit"
  | "initcwnd"
  | "features"
  | "rto_min"
  | "initrwnd"
  | "quickack"
  | "fastopen_no_cookie";

/** A light-weight tunnel that a route puts its packets into (RTA_ENCAP). */
export type Encapsulation =
  | {
      readonly kind: "ip" | "ip6";
      /** 64 bits, as decimal digits. */
      readonly id: string | undefined;
      readonly destination: IpAddress | undefined;
      readonly source: IpAddress | undefined;
      /** TOS or traffic class, 0-255. */
      readonly tos: number | undefined;
      /** TTL or hop limit, 0-255. */
      readonly ttl: number | undefined;
      /** 16 bits: TUNNEL_KEY and its like. */
      readonly flags: number | undefined;
    }
  /** Labels of 20 bits, outermost first, at least one. */
  | { readonly kind: "mpls"; readonly labels: readonly number[]; readonly ttl: number | undefined }
  /** 64 bits as eight bytes. */
  | { readonly kind: "ila"; readonly locator: readonly number[] };

/** Where a route leads. `Device` is a name in a configuration, and an interface index for the kernel. */
export interface NextHop<Device> {
  /** Undefined: the destination is on the link. May be of IPv6 in a route of IPv4. */
  readonly gateway: IpAddress | undefined;
  /** Undefined: the kernel finds it by the gateway. */
  readonly device: Device | undefined;
  /** 1-256. */
  readonly weight: number;
  /** The gateway is taken to be on the link, whatever the addresses say. */
  readonly onlink: boolean;
  /** Two realms of 16 bits, the source's in the upper half; undefined: none. */
  readonly realms: number | undefined;
  readonly encapsulation: Encapsulation | undefined;
}

/** A route as it is asked of the kernel. */
export interface Route<Device> {
  readonly family: AddressFamily;
  readonly type: RouteType;
  /** With all bits behind the prefix zero, as the kernel demands. */
  readonly destination: IpPrefix;
  /** RTA_SRC: only for packets from there. IPv6 alone has it. */
  readonly from: IpPrefix | undefined;
  /** 0-255. */
  readonly tos: number;
  /** 32 bits; main is 254. */
  readonly table: number;
  /** The device of the VRF whose table it is, instead of `table`. */
  readonly vrf: Device | undefined;
  /** rtm_protocol. */
  readonly protocol: number;
  /** rt_scope_t. IPv6 has none. */
  readonly scope: number;
  /** RTA_PRIORITY; undefined: the kernel's own. */
  readonly metric: number | undefined;
  readonly preferredSource: IpAddress | undefined;
  /** Empty for a route that leads nowhere, more than one for a multipath route. */
  readonly hops: readonly NextHop<Device>[];
  readonly metrics: Readonly<Partial<Record<RouteMetricName, RouteMetric>>>;
  readonly congestionControl: { readonly name: string; readonly locked: boolean } | undefined;
  /** Seconds until the kernel removes it. IPv6 alone has it. */
  readonly expires: number | undefined;
  /** ICMPV6_ROUTER_PREF_*: 0 medium, 1 high, 3 low. IPv6 alone has it. */
  readonly preference: number | undefined;
  /** The TTL is carried between IP and MPLS. */
  readonly propagatesTtl: boolean | undefined;
  /** Before others with this destination, TOS and metric, behind them, or only where there is none. */
  readonly insertion: "prepend" | "append" | "alone";
}

/** Ports as a range, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export type RuleAction =
  | { readonly kind: "lookup"; readonly table: number }
  /** To the rule with this preference. */
  | { readonly kind: "goto"; readonly preference: number }
  /** In the table of the VRF that the packet belongs to. */
  | { readonly kind: "l3mdev" }
  | { readonly kind: "nop" | "blackhole" | "unreachable" | "prohibit" };

/** A rule of the routing policy. It names interfaces by name, and works where there is none of that name yet. */
export interface Rule {
  readonly family: AddressFamily;
  readonly action: RuleAction;
  /** It holds for packets that its selectors do not match. */
  readonly inverted: boolean;
  readonly from: IpPrefix | undefined;
  readonly to: IpPrefix | undefined;
  /** 32 bits; undefined: the kernel chooses one, and takes the same rule again and again. */
  readonly preference: number | undefined;
  /** 0-255. */
  readonly tos: number;
  readonly mark: { readonly value: number; readonly mask: number | undefined } | undefined;
  /** Two realms of 16 bits, the source's in the upper half. */
  readonly realms: number | undefined;
  /** A route with a prefix of this length or shorter does not count. */
  readonly suppressPrefixLength: number | undefined;
  /** A route to an interface of this group does not count. */
  readonly suppressGroup: number | undefined;
  readonly incoming: string | undefined;
  readonly outgoing: string | undefined;
  /** 64 bits, as decimal digits. */
  readonly tunnel: string | undefined;
  readonly users: { readonly first: number; readonly last: number } | undefined;
  /** FRA_PROTOCOL: who added it. */
  readonly protocol: number;
  /** IPPROTO_*. */
  readonly ipProtocol: number | undefined;
  readonly sourcePorts: PortRange | undefined;
  readonly destinationPorts: PortRange | undefined;
}

/** RTPROT_KEEPALIVED of linux/rtnetlink.h: who added a route or rule, unless the configuration says otherwise. */
export const RTPROT_KEEPALIVED = 18;

/** rt_class_t of linux/rtnetlink.h. */
export const RT_TABLE_MAIN = 254;
