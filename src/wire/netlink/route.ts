import { addressBytes, addressFromBytes, familyOf } from "../../base/address.ts";
import type { AddressFamily, IpAddress, IpPrefix } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import type { Encapsulation, NextHop, Route, RouteMetricName, RouteType } from "../../base/route.ts";
import { AttributeBuilder, AttributeReader } from "./attributes.ts";
import type { AttributeError } from "./attributes.ts";
import { HOST_ORDER, NETWORK_ORDER } from "./byte-order.ts";
import { AF_INET, AF_INET6, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, RTM_DELROUTE, RTM_NEWROUTE } from "./constants.ts";
import { textBytes } from "../text.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";

/*
 * struct rtmsg, host order, attributes follow:
 *
 * | family 8 | dst_len 8 | src_len 8 | tos 8 | table 8 | protocol 8 | scope 8 | type 8 | flags 32 |
 *
 * Addresses in attributes are in network order, numbers in host order unless a line says otherwise.
 */

/** What a removed route was, as far as it helps to tell whose it was. */
export interface RemovedRoute {
  readonly family: AddressFamily;
  readonly destination: IpPrefix;
  readonly table: number;
  readonly protocol: number;
}

/**
 * Adds a route. One that is the same in all that tells routes apart is refused with EEXIST, whoever added it; with insertion
 * "alone" one that has destination, TOS and metric in common suffices.
 */
export function addRoute(route: Route<number>): NetlinkRequest {
  const mode = { prepend: 0, append: NLM_F_APPEND, alone: NLM_F_EXCL }[route.insertion];
  const attributes = targetAttributes(route);
  addMetrics(attributes, route);
  if (route.expires !== undefined) attributes.uint32(RTA_EXPIRES, route.expires, HOST_ORDER);
  if (route.preference !== undefined) attributes.uint8(RTA_PREF, route.preference);
  if (route.propagatesTtl !== undefined) attributes.uint8(RTA_TTL_PROPAGATE, route.propagatesTtl ? 1 : 0);
  return { type: RTM_NEWROUTE, flags: NLM_F_CREATE | mode, payload: join(header(route), attributes) };
}

/**
 * Removes the route that agrees in destination, TOS, table, protocol, type, metric and way. What else it has does not matter.
 * One that is not there is refused with ESRCH.
 */
export function removeRoute(route: Route<number>): NetlinkRequest {
  return { type: RTM_DELROUTE, flags: 0, payload: join(header(route), targetAttributes(route)) };
}

/** Reads a RTM_DELROUTE; undefined for any other message, and for routes of other families. */
export function parseRemovedRoute(
  message: Pick<NetlinkMessage, "type" | "payload">,
): Result<RemovedRoute | undefined, AttributeError> {
  if (message.type !== RTM_DELROUTE) return succeed(undefined);
  const { payload } = message;
  if (payload.length < RTMSG_LENGTH) return fail({ code: "TRUNCATED", needed: RTMSG_LENGTH, length: payload.length });
  const family = familyNamed(payload[AT_FAMILY]);
  if (family === undefined) return succeed(undefined);
  const length = family === "ipv4" ? 4 : 16;
  let address: Uint8Array = new Uint8Array(length);
  let table = payload[AT_TABLE] ?? 0;
  const attributes = new AttributeReader(payload.subarray(RTMSG_LENGTH));
  while (attributes.next()) {
    if (attributes.type === RTA_DST) address = attributes.bytesOf(length);
    else if (attributes.type === RTA_TABLE) table = attributes.uint32(HOST_ORDER);
  }
  if (attributes.error !== undefined) return fail(attributes.error);
  const destination = { address: addressFromBytes(address), length: payload[AT_DESTINATION_LENGTH] ?? 0 };
  return succeed({ family, destination, table, protocol: payload[AT_PROTOCOL] ?? 0 });
}

/** What tells one route from another, and all that the way needs. */
function targetAttributes(route: Route<number>): AttributeBuilder {
  const { destination, from, table, metric, preferredSource, hops } = route;
  const attributes = new AttributeBuilder();
  if (destination.length > 0) attributes.bytes(RTA_DST, addressBytes(destination.address));
  if (from !== undefined) attributes.bytes(RTA_SRC, addressBytes(from.address));
  if (table > 0xff) attributes.uint32(RTA_TABLE, table, HOST_ORDER);
  if (metric !== undefined) attributes.uint32(RTA_PRIORITY, metric, HOST_ORDER);
  if (preferredSource !== undefined) attributes.bytes(RTA_PREFSRC, addressBytes(preferredSource));
  const [first, ...others] = hops;
  if (first !== undefined && others.length === 0) {
    if (first.device !== undefined) attributes.uint32(RTA_OIF, first.device, HOST_ORDER);
    addHop(attributes, first, route.family);
  } else if (first !== undefined) {
    attributes.bytes(RTA_MULTIPATH, joinAll(hops.map((hop) => serializeHop(hop, route.family))));
  }
  return attributes;
}

/** struct rtnexthop: | len 16 | flags 8 | hops 8 | ifindex 32 |, then the hop's attributes. `hops` is the weight less one. */
function serializeHop(hop: NextHop<number>, family: AddressFamily): Uint8Array {
  const attributes = new AttributeBuilder();
  addHop(attributes, hop, family);
  const rest = attributes.build();
  const bytes = new Uint8Array(RTNEXTHOP_LENGTH + rest.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, bytes.length, HOST_ORDER);
  view.setUint8(2, hop.onlink ? RTNH_F_ONLINK : 0);
  view.setUint8(3, hop.weight - 1);
  view.setInt32(4, hop.device ?? 0, HOST_ORDER);
  bytes.set(rest, RTNEXTHOP_LENGTH);
  return bytes;
}

function addHop(attributes: AttributeBuilder, hop: NextHop<number>, family: AddressFamily): void {
  const { gateway, realms, encapsulation } = hop;
  if (gateway !== undefined) {
    if (familyOf(gateway) === family) attributes.bytes(RTA_GATEWAY, addressBytes(gateway));
    else attributes.bytes(RTA_VIA, viaOf(gateway));
  }
  if (realms !== undefined) attributes.uint32(RTA_FLOW, realms, HOST_ORDER);
  if (encapsulation === undefined) return;
  attributes.nested(RTA_ENCAP, encapsulationAttributes(encapsulation));
  attributes.uint16(RTA_ENCAP_TYPE, LWTUNNEL_ENCAP[encapsulation.kind], HOST_ORDER);
}

/** struct rtvia: the family in host order, then the address. */
function viaOf(gateway: IpAddress): Uint8Array {
  const address = addressBytes(gateway);
  const bytes = new Uint8Array(2 + address.length);
  new DataView(bytes.buffer).setUint16(0, familyNumber(familyOf(gateway)), HOST_ORDER);
  bytes.set(address, 2);
  return bytes;
}

/** Flags and 64-bit identifiers of tunnels are in network order. */
function encapsulationAttributes(encapsulation: Encapsulation): AttributeBuilder {
  const attributes = new AttributeBuilder();
  switch (encapsulation.kind) {
    case "mpls": {
      attributes.bytes(MPLS_IPTUNNEL_DST, labelStack(encapsulation.labels));
      if (encapsulation.ttl !== undefined) attributes.uint8(MPLS_IPTUNNEL_TTL, encapsulation.ttl);
      return attributes;
    }
    case "ila":
      return attributes.bytes(ILA_ATTR_LOCATOR, Uint8Array.from(encapsulation.locator));
    case "ip":
    case "ip6": {
      const { id, destination, source, tos, ttl, flags } = encapsulation;
      // LWTUNNEL_IP_* and LWTUNNEL_IP6_* have the same numbers.
      if (id !== undefined) attributes.bytes(LWTUNNEL_IP_ID, bigEndian64(BigInt(id)));
      if (destination !== undefined) attributes.bytes(LWTUNNEL_IP_DST, addressBytes(destination));
      if (source !== undefined) attributes.bytes(LWTUNNEL_IP_SRC, addressBytes(source));
      if (ttl !== undefined) attributes.uint8(LWTUNNEL_IP_TTL, ttl);
      if (tos !== undefined) attributes.uint8(LWTUNNEL_IP_TOS, tos);
      if (flags !== undefined) attributes.uint16(LWTUNNEL_IP_FLAGS, flags, NETWORK_ORDER);
      return attributes;
    }
  }
}

/** Four bytes a label: | label 20 | class 3 | bottom of stack 1 | TTL 8 | (RFC 3032 section 2.1). */
function labelStack(labels: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * labels.length);
  const view = new DataView(bytes.buffer);
  for (const [index, label] of labels.entries()) {
    const bottom = index === labels.length - 1 ? 0x100 : 0;
    view.setUint32(4 * index, label * 0x1000 + bottom, NETWORK_ORDER);
  }
  return bytes;
}

function addMetrics(attributes: AttributeBuilder, { metrics, congestionControl }: Route<number>): void {
  const inner = new AttributeBuilder();
  let locks = 0;
  let count = 0;
  for (const [name, type] of METRICS) {
    const metric = metrics[name];
    if (metric === undefined) continue;
    inner.uint32(type, metric.value, HOST_ORDER);
    if (metric.locked) locks |= 1 << type;
    count += 1;
  }
  if (congestionControl !== undefined) {
    inner.bytes(RTAX_CC_ALGO, textBytes(congestionControl.name));
    if (congestionControl.locked) locks |= 1 << RTAX_CC_ALGO;
    count += 1;
  }
  if (locks !== 0) inner.uint32(RTAX_LOCK, locks >>> 0, HOST_ORDER);
  if (count > 0) attributes.nested(RTA_METRICS, inner);
}

function header(route: Route<number>): Uint8Array {
  const { family, destination, from, tos, table, protocol, scope, type, hops } = route;
  const bytes = new Uint8Array(RTMSG_LENGTH);
  bytes[AT_FAMILY] = familyNumber(family);
  bytes[AT_DESTINATION_LENGTH] = checkedLength(destination, family);
  bytes[AT_SOURCE_LENGTH] = from === undefined ? 0 : checkedLength(from, family);
  bytes[AT_TOS] = tos;
  // A number that does not fit stands in RTA_TABLE alone.
  bytes[AT_TABLE] = table > 0xff ? RT_TABLE_UNSPEC : table;
  bytes[AT_PROTOCOL] = protocol;
  bytes[AT_SCOPE] = scope;
  bytes[AT_TYPE] = ROUTE_TYPES[type];
  const [first, ...others] = hops;
  const onlink = first?.onlink === true && others.length === 0;
  new DataView(bytes.buffer).setUint32(AT_FLAGS, onlink ? RTNH_F_ONLINK : 0, HOST_ORDER);
  return bytes;
}

function checkedLength({ address, length }: IpPrefix, family: AddressFamily): number {
  if (familyOf(address) !== family) throw new RangeError(`${address} is no address of ${family}`);
  const bits = family === "ipv4" ? 32 : 128;
  if (!Number.isInteger(length) || length < 0 || length > bits) throw new RangeError(`/${length} is no prefix length`);
  return length;
}

function familyNumber(family: AddressFamily): number {
  return family === "ipv4" ? AF_INET : AF_INET6;
}

function familyNamed(number: number | undefined): AddressFamily | undefined {
  if (number === AF_INET) return "ipv4";
  return number === AF_INET6 ? "ipv6" : undefined;
}

function bigEndian64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, NETWORK_ORDER);
  return bytes;
}

function join(head: Uint8Array, attributes: AttributeBuilder): Uint8Array {
  return joinAll([head, attributes.build()]);
}

function joinAll(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

// struct rtmsg
const AT_FAMILY = 0;
const AT_DESTINATION_LENGTH = 1;
const AT_SOURCE_LENGTH = 2;
const AT_TOS = 3;
const AT_TABLE = 4;
const AT_PROTOCOL = 5;
const AT_SCOPE = 6;
const AT_TYPE = 7;
const AT_FLAGS = 8;
const RTMSG_LENGTH = 12;
const RTNEXTHOP_LENGTH = 8;

// linux/rtnetlink.h (6.1), which this file alone needs
const RT_TABLE_UNSPEC = 0;
const RTNH_F_ONLINK = 4;
const RTA_DST = 1;
const RTA_SRC = 2;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTA_MULTIPATH = 9;
const RTA_FLOW = 11;
const RTA_TABLE = 15;
const RTA_VIA = 18;
const RTA_PREF = 20;
const RTA_ENCAP_TYPE = 21;
const RTA_ENCAP = 22;
const RTA_EXPIRES = 23;
const RTA_TTL_PROPAGATE = 26;

/** RTN_*. */
const ROUTE_TYPES: Readonly<Record<RouteType, number>> = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
};

/** RTAX_*. */
const METRICS: readonly (readonly [RouteMetricName, number])[] = [
  ["mtu", 2],
  ["window", 3],
  ["rtt", 4],
  ["rttvar", 5],
  ["ssthresh", 6],
  ["cwnd", 7],
  ["advmss", 8],
  ["reordering", 9],
  ["hoplimit", 10],
  ["initcwnd", 11],
  ["features", 12],
  ["rto_min", 13],
  ["initrwnd", 14],
  ["quickack", 15],
  ["fastopen_no_cookie", 17],
];
const RTAX_LOCK = 1;
const RTAX_CC_ALGO = 16;

// linux/lwtunnel.h, linux/mpls_iptunnel.h, linux/ila.h
const LWTUNNEL_ENCAP = { mpls: 1, ip: 2, ila: 3, ip6: 4 } as const;
const LWTUNNEL_IP_ID = 1;
const LWTUNNEL_IP_DST = 2;
const LWTUNNEL_IP_SRC = 3;
const LWTUNNEL_IP_TTL = 4;
const LWTUNNEL_IP_TOS = 5;
const LWTUNNEL_IP_FLAGS = 6;
const MPLS_IPTUNNEL_DST = 1;
const MPLS_IPTUNNEL_TTL = 2;
const ILA_ATTR_LOCATOR = 1;
