import { addressBytes, familyOf } from "../../base/address.ts";
import type { AddressFamily, IpPrefix } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import type { PortRange, Rule, RuleAction } from "../../base/route.ts";
import { AttributeBuilder, AttributeReader } from "./attributes.ts";
import type { AttributeError } from "./attributes.ts";
import { HOST_ORDER, NETWORK_ORDER } from "./byte-order.ts";
import { AF_INET, AF_INET6, IFNAMSIZ, NLM_F_CREATE, NLM_F_EXCL, RTM_DELRULE, RTM_NEWRULE } from "./constants.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";

/*
 * struct fib_rule_hdr, attributes follow:
 *
 * | family 8 | dst_len 8 | src_len 8 | tos 8 | table 8 | res1 8 | res2 8 | action 8 | flags 32, host order |
 */

/** What a removed rule was, as far as it helps to tell whose it was. */
export interface RemovedRule {
  readonly family: AddressFamily;
  readonly preference: number;
  /** FRA_PROTOCOL; kernels before 4.17 have none. */
  readonly protocol: number | undefined;
}

/** Adds a rule. One with the same preference, selectors and action is refused with EEXIST. */
export function addRule(rule: Rule): NetlinkRequest {
  return { type: RTM_NEWRULE, flags: NLM_F_CREATE | NLM_F_EXCL, payload: serialize(rule) };
}

/** Removes the first rule that agrees in all that is given, the protocol included. One that is not there: ENOENT. */
export function removeRule(rule: Rule): NetlinkRequest {
  return { type: RTM_DELRULE, flags: 0, payload: serialize(rule) };
}

/** Reads a RTM_DELRULE; undefined for any other message, and for rules of other families. */
export function parseRemovedRule(
  message: Pick<NetlinkMessage, "type" | "payload">,
): Result<RemovedRule | undefined, AttributeError> {
  if (message.type !== RTM_DELRULE) return succeed(undefined);
  const { payload } = message;
  if (payload.length < HEADER_LENGTH) return fail({ code: "TRUNCATED", needed: HEADER_LENGTH, length: payload.length });
  const number = payload[AT_FAMILY];
  if (number !== AF_INET && number !== AF_INET6) return succeed(undefined);
  let preference = 0;
  let protocol: number | undefined;
  const attributes = new AttributeReader(payload.subarray(HEADER_LENGTH));
  while (attributes.next()) {
    if (attributes.type === FRA_PRIORITY) preference = attributes.uint32(HOST_ORDER);
    else if (attributes.type === FRA_PROTOCOL) protocol = attributes.uint8();
  }
  if (attributes.error !== undefined) return fail(attributes.error);
  return succeed({ family: number === AF_INET ? "ipv4" : "ipv6", preference, protocol });
}

function serialize(rule: Rule): Uint8Array {
  const attributes = new AttributeBuilder();
  addSelectors(attributes, rule);
  addAction(attributes, rule.action);
  const { preference, suppressPrefixLength, suppressGroup, protocol, realms } = rule;
  if (preference !== undefined) attributes.uint32(FRA_PRIORITY, preference, HOST_ORDER);
  if (realms !== undefined) attributes.uint32(FRA_FLOW, realms, HOST_ORDER);
  if (suppressPrefixLength !== undefined) attributes.uint32(FRA_SUPPRESS_PREFIXLEN, suppressPrefixLength, HOST_ORDER);
  if (suppressGroup !== undefined) attributes.uint32(FRA_SUPPRESS_IFGROUP, suppressGroup, HOST_ORDER);
  attributes.uint8(FRA_PROTOCOL, protocol);
  const head = header(rule);
  const rest = attributes.build();
  const bytes = new Uint8Array(head.length + rest.length);
  bytes.set(head);
  bytes.set(rest, head.length);
  return bytes;
}

function addSelectors(attributes: AttributeBuilder, rule: Rule): void {
  const { from, to, mark, incoming, outgoing, tunnel, users, ipProtocol, sourcePorts, destinationPorts } = rule;
  if (to !== undefined && to.length > 0) attributes.bytes(FRA_DST, addressBytes(to.address));
  if (from !== undefined && from.length > 0) attributes.bytes(FRA_SRC, addressBytes(from.address));
  if (mark !== undefined) {
    attributes.uint32(FRA_FWMARK, mark.value, HOST_ORDER);
    if (mark.mask !== undefined) attributes.uint32(FRA_FWMASK, mark.mask, HOST_ORDER);
  }
  if (incoming !== undefined) attributes.text(FRA_IIFNAME, incoming, IFNAMSIZ);
  if (outgoing !== undefined) attributes.text(FRA_OIFNAME, outgoing, IFNAMSIZ);
  if (tunnel !== undefined) attributes.bytes(FRA_TUN_ID, bigEndian64(BigInt(tunnel)));
  if (users !== undefined) attributes.bytes(FRA_UID_RANGE, userRange(users));
  if (ipProtocol !== undefined) attributes.uint8(FRA_IP_PROTO, ipProtocol);
  if (sourcePorts !== undefined) attributes.bytes(FRA_SPORT_RANGE, portRange(sourcePorts));
  if (destinationPorts !== undefined) attributes.bytes(FRA_DPORT_RANGE, portRange(destinationPorts));
}

function addAction(attributes: AttributeBuilder, action: RuleAction): void {
  if (action.kind === "lookup" && action.table > 0xff) attributes.uint32(FRA_TABLE, action.table, HOST_ORDER);
  else if (action.kind === "goto") attributes.uint32(FRA_GOTO, action.preference, HOST_ORDER);
  else if (action.kind === "l3mdev") attributes.uint8(FRA_L3MDEV, 1);
}

function header({ family, from, to, tos, action, inverted }: Rule): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH);
  bytes[AT_FAMILY] = family === "ipv4" ? AF_INET : AF_INET6;
  bytes[AT_DESTINATION_LENGTH] = checkedLength(to, family);
  bytes[AT_SOURCE_LENGTH] = checkedLength(from, family);
  bytes[AT_TOS] = tos;
  // A number that does not fit stands in FRA_TABLE alone.
  bytes[AT_TABLE] = action.kind === "lookup" && action.table <= 0xff ? action.table : RT_TABLE_UNSPEC;
  bytes[AT_ACTION] = ACTIONS[action.kind];
  new DataView(bytes.buffer).setUint32(AT_FLAGS, inverted ? FIB_RULE_INVERT : 0, HOST_ORDER);
  return bytes;
}

function checkedLength(prefix: IpPrefix | undefined, family: AddressFamily): number {
  if (prefix === undefined) return 0;
  if (familyOf(prefix.address) !== family) throw new RangeError(`${prefix.address} is no address of ${family}`);
  return prefix.length;
}

/** struct fib_rule_uid_range, host order. */
function userRange({ first, last }: { readonly first: number; readonly last: number }): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, first, HOST_ORDER);
  view.setUint32(4, last, HOST_ORDER);
  return bytes;
}

/** struct fib_rule_port_range, host order. */
function portRange({ first, last }: PortRange): Uint8Array {
  const bytes = new Uint8Array(4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, first, HOST_ORDER);
  view.setUint16(2, last, HOST_ORDER);
  return bytes;
}

function bigEndian64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, NETWORK_ORDER);
  return bytes;
}

// struct fib_rule_hdr
const AT_FAMILY = 0;
const AT_DESTINATION_LENGTH = 1;
const AT_SOURCE_LENGTH = 2;
const AT_TOS = 3;
const AT_TABLE = 4;
const AT_ACTION = 7;
const AT_FLAGS = 8;
const HEADER_LENGTH = 12;

// linux/fib_rules.h (6.1), which this file alone needs
const RT_TABLE_UNSPEC = 0;
const FIB_RULE_INVERT = 2;
const ACTIONS: Readonly<Record<RuleAction["kind"], number>> = {
  lookup: 1,
  l3mdev: 1,
  goto: 2,
  nop: 3,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
};
const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_GOTO = 4;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_FLOW = 11;
const FRA_TUN_ID = 12;
const FRA_SUPPRESS_IFGROUP = 13;
const FRA_SUPPRESS_PREFIXLEN = 14;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_OIFNAME = 17;
const FRA_L3MDEV = 19;
const FRA_UID_RANGE = 20;
const FRA_PROTOCOL = 21;
const FRA_IP_PROTO = 22;
const FRA_SPORT_RANGE = 23;
const FRA_DPORT_RANGE = 24;
