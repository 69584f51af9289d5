import {
  NF_ACCEPT,
  NF_ARP_OUT,
  NF_DROP,
  NF_INET_LOCAL_IN,
  NF_INET_LOCAL_OUT,
  NF_INET_POST_ROUTING,
  NF_INET_PRE_ROUTING,
  NFPROTO_ARP,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  TYPE_IP6ADDR,
  TYPE_IPADDR,
} from "../wire/netlink/nftables-constants.ts";
import type { Expression } from "../wire/netlink/nftables-expressions.ts";
import type { NetlinkRequest } from "../wire/netlink/message.ts";
import { addChain, addSet, addTable, appendRule, flushChain, removeTable } from "../wire/netlink/nftables.ts";
import type { BaseChain, KeySet, Table } from "../wire/netlink/nftables.ts";

/*
 * What stands in the kernel, as nft(8) writes it; IPv6 has the same with `ip6`, and the two rules of neighbor discovery.
 *
 *   table ip holdfast_vrrp {
 *     set vips { type ipv4_addr; flags timeout }         guarded: on this host by our hand
 *     set alive { type ipv4_addr; flags timeout }        of them, those that may be served
 *     set no_accept { type ipv4_addr; flags timeout }
 *     chain arriving { type filter hook prerouting priority -310; ip daddr @vips ip daddr != @alive counter drop }
 *     chain leaving { type filter hook postrouting priority 310;
 *       ip saddr @vips ip saddr != @alive meta l4proto != 112 counter drop }
 *     chain input { type filter hook input priority -1; ip daddr @no_accept counter drop }
 *     chain output { type filter hook output priority -1; ip saddr @no_accept meta l4proto != 112 counter drop }
 *   }
 *   table arp holdfast_vrrp {
 *     set vips …  set alive …
 *     chain leaving { type filter hook output priority 0; arp saddr ip @vips arp saddr ip != @alive counter drop }
 *   }
 */

/** One of our tables. */
export interface TableLayout {
  readonly table: Table;
  readonly sets: readonly KeySet[];
  readonly chains: readonly (BaseChain & { readonly rules: readonly (readonly Expression[])[] })[];
}

/** The sets that a table has, by what they are for. */
export const VIPS = "vips";
export const ALIVE = "alive";
export const NO_ACCEPT = "no_accept";

/** Makes a table as it is to be. One that is there keeps its elements, and its rules are replaced. */
export function build({ table, sets, chains }: TableLayout): readonly NetlinkRequest[] {
  return [
    addTable(table),
    ...sets.map((set, index) => addSet(table, set, index + 1)),
    ...chains.flatMap((chain) => [
      addChain(table, chain),
      flushChain(table, chain.name),
      ...chain.rules.map((rule) => appendRule(table, chain.name, rule)),
    ]),
  ];
}

/** Removes a table, be it there or not. */
export function demolish({ table }: TableLayout): readonly NetlinkRequest[] {
  return [addTable(table), removeTable(table)];
}

const NAME = "holdfast_vrrp";

function set(name: string, family: "ip" | "ip6"): KeySet {
  return family === "ip"
    ? { name, keyType: TYPE_IPADDR, keyLength: 4 }
    : { name, keyType: TYPE_IP6ADDR, keyLength: 16 };
}

function load(header: "network" | "transport", offset: number, length: number): Expression {
  return { kind: "load", header, offset, length };
}

function is(...bytes: number[]): Expression {
  return { kind: "compare", equal: true, value: Uint8Array.from(bytes) };
}

function isIn(set: string): Expression {
  return { kind: "look-up", set, present: true };
}

/** Of a virtual address that nobody has kept alive in time. */
function isOver(address: Expression): readonly Expression[] {
  return [
    address,
    isIn(VIPS),
    // Once more, as nft(8) does, for it cannot show the rule otherwise.
    address,
    { kind: "look-up", set: ALIVE, present: false },
  ];
}

const COUNT: Expression = { kind: "count" };
const DROP: readonly Expression[] = [COUNT, { kind: "verdict", code: NF_DROP }];
const ACCEPT: readonly Expression[] = [{ kind: "verdict", code: NF_ACCEPT }];
const LOAD_PROTOCOL: Expression = { kind: "load-protocol" };
/** Adverts pass, whatever address they come from: with them a master says farewell. */
const IS_NO_ADVERT: readonly Expression[] = [
  LOAD_PROTOCOL,
  { kind: "compare", equal: false, value: Uint8Array.of(112) },
];

// Offsets in the headers of RFC 791 and RFC 8200.
const IP_SADDR = load("network", 12, 4);
const IP_DADDR = load("network", 16, 4);
const IP6_SADDR = load("network", 8, 16);
const IP6_DADDR = load("network", 24, 16);

/** ICMPv6 of type 135 or 136 (RFC 4861 sections 4.3 and 4.4); the target address stands at byte 8. */
const neighborMessage = (type: number): readonly Expression[] => [
  LOAD_PROTOCOL,
  is(58),
  load("transport", 0, 1),
  is(type),
];
const NEIGHBOR_SOLICITATION = neighborMessage(135);
const NEIGHBOR_ADVERTISEMENT = neighborMessage(136);
const NEIGHBOR_TARGET = load("transport", 8, 16);

/** Before connection tracking and the translation of addresses, which would hide the address that was asked for. */
const ARRIVING = { name: "arriving", hook: NF_INET_PRE_ROUTING, priority: -310 } as const;
/** Behind the translation of addresses, which may have put a virtual address in. */
const LEAVING = { name: "leaving", hook: NF_INET_POST_ROUTING, priority: 310 } as const;
/** keepalived's priority. */
const INPUT = { name: "input", hook: NF_INET_LOCAL_IN, priority: -1 } as const;
const OUTPUT = { name: "output", hook: NF_INET_LOCAL_OUT, priority: -1 } as const;

export const IPV4: TableLayout = {
  table: { family: NFPROTO_IPV4, name: NAME },
  sets: [set(VIPS, "ip"), set(ALIVE, "ip"), set(NO_ACCEPT, "ip")],
  chains: [
    { ...ARRIVING, rules: [[...isOver(IP_DADDR), ...DROP]] },
    { ...LEAVING, rules: [[...isOver(IP_SADDR), ...IS_NO_ADVERT, ...DROP]] },
    { ...INPUT, rules: [[IP_DADDR, isIn(NO_ACCEPT), ...DROP]] },
    { ...OUTPUT, rules: [[IP_SADDR, isIn(NO_ACCEPT), ...IS_NO_ADVERT, ...DROP]] },
  ],
};

export const IPV6: TableLayout = {
  table: { family: NFPROTO_IPV6, name: NAME },
  sets: [set(VIPS, "ip6"), set(ALIVE, "ip6"), set(NO_ACCEPT, "ip6")],
  chains: [
    { ...ARRIVING, rules: [[...isOver(IP6_DADDR), ...DROP]] },
    {
      ...LEAVING,
      rules: [
        [...isOver(IP6_SADDR), ...IS_NO_ADVERT, ...DROP],
        // From another address of this host, but about one of ours.
        [...NEIGHBOR_ADVERTISEMENT, ...isOver(NEIGHBOR_TARGET), ...DROP],
      ],
    },
    {
      ...INPUT,
      rules: [
        [...NEIGHBOR_SOLICITATION, ...ACCEPT],
        [...NEIGHBOR_ADVERTISEMENT, ...ACCEPT],
        [IP6_DADDR, isIn(NO_ACCEPT), ...DROP],
      ],
    },
    {
      ...OUTPUT,
      rules: [
        [...NEIGHBOR_SOLICITATION, ...ACCEPT],
        [...NEIGHBOR_ADVERTISEMENT, ...ACCEPT],
        [IP6_SADDR, isIn(NO_ACCEPT), ...IS_NO_ADVERT, ...DROP],
      ],
    },
  ],
};

/** The sender's address stands at byte 14 of ARP for Ethernet (RFC 826): in answers, and in questions too. */
export const ARP: TableLayout = {
  table: { family: NFPROTO_ARP, name: NAME },
  sets: [set(VIPS, "ip"), set(ALIVE, "ip")],
  chains: [
    {
      name: "leaving",
      hook: NF_ARP_OUT,
      priority: 0,
      rules: [[...isOver(load("network", 14, 4)), ...DROP]],
    },
  ],
};
