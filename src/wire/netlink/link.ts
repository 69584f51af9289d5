import { macBytes } from "../../base/address.ts";
import type { MacAddress } from "../../base/address.ts";
import { AttributeBuilder, AttributeReader } from "./attributes.ts";
import { HOST_ORDER } from "./byte-order.ts";
import {
  AF_INET6,
  AF_UNSPEC,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFNAMSIZ,
  NLM_F_CREATE,
  NLM_F_EXCL,
  RTM_DELLINK,
  RTM_NEWLINK,
} from "./constants.ts";
import { IFLA_IPVLAN_FLAGS, IFLA_IPVLAN_MODE } from "./link-info.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";

/*
 * struct ifinfomsg:  | family 8 | pad 8 | type 16 | index 32 | flags 32 | change 32 |   host order, attributes follow
 */

/** A macvlan in private mode: what it sends and hears goes through its base, and others on that base do not hear it. */
export interface MacvlanSettings {
  /** At most 15 bytes. */
  readonly name: string;
  /** The interface it lies on. */
  readonly baseIndex: number;
  readonly mac: MacAddress;
  /** IFLA_GROUP; undefined: the default group, 0. */
  readonly group: number | undefined;
}

/** An ipvlan in mode L2: it has the MAC address of its base, and addresses of its own. */
export interface IpvlanSettings {
  /** At most 15 bytes. */
  readonly name: string;
  readonly baseIndex: number;
  /** IPVLAN_F_*. All that lie on one base have those of the one that was made last. */
  readonly flags: number;
  /** As in `MacvlanSettings`. */
  readonly group: number | undefined;
}

/** Creates it, down. EEXIST: the name is taken. EOPNOTSUPP: the kernel has no macvlan. */
export function createMacvlan({ name, baseIndex, mac, group }: MacvlanSettings): NetlinkRequest {
  const data = new AttributeBuilder().uint32(IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE, HOST_ORDER);
  const info = kindOf("macvlan").nested(IFLA_INFO_DATA, data);
  const attributes = new AttributeBuilder()
    .text(IFLA_IFNAME, name, IFNAMSIZ)
    .uint32(IFLA_LINK, baseIndex, HOST_ORDER)
    .bytes(IFLA_ADDRESS, macBytes(mac));
  if (group !== undefined) attributes.uint32(IFLA_GROUP, group, HOST_ORDER);
  return createLink(attributes.nested(IFLA_LINKINFO, info));
}

/** Creates it, down. As `createMacvlan`; EBUSY: the base belongs to a bridge or bond, or carries macvlans. */
export function createIpvlan({ name, baseIndex, flags, group }: IpvlanSettings): NetlinkRequest {
  const data = new AttributeBuilder()
    .uint16(IFLA_IPVLAN_MODE, IPVLAN_MODE_L2, HOST_ORDER)
    .uint16(IFLA_IPVLAN_FLAGS, flags, HOST_ORDER);
  const attributes = new AttributeBuilder().text(IFLA_IFNAME, name, IFNAMSIZ).uint32(IFLA_LINK, baseIndex, HOST_ORDER);
  if (group !== undefined) attributes.uint32(IFLA_GROUP, group, HOST_ORDER);
  return createLink(attributes.nested(IFLA_LINKINFO, kindOf("ipvlan").nested(IFLA_INFO_DATA, data)));
}

/**
 * Asks whether the kernel has a kind of interface, without making one: it looks for the kind first, which loads its module,
 * and these need a base, or a table. EOPNOTSUPP: it has not; EINVAL: it has.
 */
export function probeKind(kind: "macvlan" | "ipvlan" | "vrf"): NetlinkRequest {
  return createLink(new AttributeBuilder().nested(IFLA_LINKINFO, kindOf(kind)));
}

/** Puts it into a VRF, or takes it out of one (0). The kernel sets it down and up, which drops its IPv6 addresses. */
export function setMaster(index: number, master: number): NetlinkRequest {
  const attributes = new AttributeBuilder().uint32(IFLA_MASTER, master, HOST_ORDER);
  return { type: RTM_NEWLINK, flags: 0, payload: linkMessage(index, 0, attributes) };
}

/** Keeps the kernel from giving it a link-local IPv6 address, which would be the same on all nodes of the virtual router. */
export function withoutLinkLocal(index: number): NetlinkRequest {
  const inet6 = new AttributeBuilder().uint8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  const attributes = new AttributeBuilder().nested(IFLA_AF_SPEC, new AttributeBuilder().nested(AF_INET6, inet6));
  return { type: RTM_NEWLINK, flags: 0, payload: linkMessage(index, 0, attributes) };
}

export function setLinkUp(index: number): NetlinkRequest {
  return { type: RTM_NEWLINK, flags: 0, payload: linkMessage(index, IFF_UP, new AttributeBuilder()) };
}

/** Sets what it has already, so that the kernel tells its listeners of it. */
export function setLinkGroup(index: number, group: number): NetlinkRequest {
  const attributes = new AttributeBuilder().uint32(IFLA_GROUP, group, HOST_ORDER);
  return { type: RTM_NEWLINK, flags: 0, payload: linkMessage(index, 0, attributes) };
}

/** The group that a message of a dump of links tells of this interface; undefined: it is about another. */
export function linkGroupOf({ type, payload }: NetlinkMessage, index: number): number | undefined {
  if (type !== RTM_NEWLINK || payload.length < IFINFOMSG_LENGTH) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getInt32(AT_INDEX, HOST_ORDER) !== index) return undefined;
  const reader = new AttributeReader(payload.subarray(IFINFOMSG_LENGTH));
  while (reader.next()) if (reader.type === IFLA_GROUP) return reader.uint32(HOST_ORDER);
  return 0;
}

export function removeLink(index: number): NetlinkRequest {
  return { type: RTM_DELLINK, flags: 0, payload: linkMessage(index, 0, new AttributeBuilder()) };
}

function kindOf(kind: string): AttributeBuilder {
  return new AttributeBuilder().text(IFLA_INFO_KIND, kind, IFNAMSIZ);
}

function createLink(attributes: AttributeBuilder): NetlinkRequest {
  return { type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, payload: linkMessage(0, 0, attributes) };
}

/** `flags` are those to be set; all others stay as they are. */
function linkMessage(index: number, flags: number, attributes: AttributeBuilder): Uint8Array {
  const rest = attributes.build();
  const bytes = new Uint8Array(IFINFOMSG_LENGTH + rest.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(AT_FAMILY, AF_UNSPEC);
  view.setInt32(AT_INDEX, index, HOST_ORDER);
  view.setUint32(AT_FLAGS, flags, HOST_ORDER);
  view.setUint32(AT_CHANGE, flags, HOST_ORDER);
  bytes.set(rest, IFINFOMSG_LENGTH);
  return bytes;
}

// struct ifinfomsg
const AT_FAMILY = 0;
const AT_INDEX = 4;
const AT_FLAGS = 8;
const AT_CHANGE = 12;
const IFINFOMSG_LENGTH = 16;

// linux/if_link.h (6.1), which this file alone needs
const IFLA_GROUP = 27;
const IFLA_MACVLAN_MODE = 1;
const MACVLAN_MODE_PRIVATE = 1;
const IPVLAN_MODE_L2 = 0;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
