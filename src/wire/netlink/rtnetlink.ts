import { addressBytes, addressFromBytes, familyOf, macFromBytes } from "../../base/address.ts";
import type { IpAddress, MacAddress } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { AttributeBuilder, AttributeReader } from "./attributes.ts";
import type { AttributeError } from "./attributes.ts";
import { HOST_ORDER } from "./byte-order.ts";
import {
  AF_BRIDGE,
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_CACHEINFO,
  IFA_F_DADFAILED,
  IFA_F_SECONDARY,
  IFA_F_TENTATIVE,
  IFA_FLAGS,
  IFA_LABEL,
  IFA_LOCAL,
  IFA_PROTO,
  IFF_LOOPBACK,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_RUNNING,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFNAMSIZ,
  INFINITY_LIFE_TIME,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTEXT_FILTER_SKIP_STATS,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNETCONF,
} from "./constants.ts";
import { parseForwarding, parseForwardingChange } from "./ipv6-settings.ts";
import type { ForwardingChange } from "./ipv6-settings.ts";
import { parseLinkInfo, type IpvlanInfo, type LinkInfo } from "./link-info.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";

/*
 * struct ifinfomsg:  | family 8 | pad 8 | type 16 | index 32 | flags 32 | change 32 |   host order, attributes follow
 * struct ifaddrmsg:  | family 8 | prefixlen 8 | flags 8 | scope 8 | index 32 |          host order, attributes follow
 * Addresses in attributes are in network order.
 */

/** An interface as RTM_NEWLINK describes it. */
export interface LinkRecord {
  readonly index: number;
  readonly name: string;
  /** IFF_UP, IFF_RUNNING, IFF_MULTICAST, IFF_LOOPBACK, IFF_NOARP. */
  readonly up: boolean;
  readonly running: boolean;
  readonly multicast: boolean;
  readonly loopback: boolean;
  readonly noArp: boolean;
  readonly mtu: number;
  /** Undefined where the link-layer address has not six bytes. */
  readonly mac: MacAddress | undefined;
  /** Its sysctl net.ipv6.conf.*.forwarding; false where it has no IPv6. */
  readonly forwardsIpv6: boolean;
  /** IFLA_MASTER: the index of the bridge, bond or VRF that it belongs to; missing where it belongs to none. */
  readonly master?: number;
  /** IFLA_VRF_TABLE; missing where it is no VRF. */
  readonly vrfTable?: number;
  /** Missing where it is no ipvlan. `baseIndex`: IFLA_LINK, the interface that it lies on. */
  readonly ipvlan?: IpvlanInfo & { readonly baseIndex: number };
}

/** Whole seconds, or the kernel's INFINITY_LIFE_TIME. */
export type WireLifetime = number | "forever";

/** An address as RTM_NEWADDR describes it. */
export interface AddressRecord {
  readonly interfaceIndex: number;
  /** The local address; that of the far end of a point-to-point link is left out. */
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** IFA_F_SECONDARY; in IPv6 the same bit is IFA_F_TEMPORARY. */
  readonly secondary: boolean;
  /** IFA_F_TENTATIVE or IFA_F_DADFAILED; false in IPv4. */
  readonly tentative: boolean;
  /** IFA_PROTO; undefined when the kernel has none, or IFAPROT_UNSPEC. */
  readonly protocol: number | undefined;
  readonly validLifetime: WireLifetime;
}

/** What identifies an address on an interface. */
export interface AddressTarget {
  readonly interfaceIndex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** IFA_ADDRESS when it differs from the local address. */
  readonly peer?: IpAddress | undefined;
}

/** An address as it shall be. The units and limits are the kernel's. */
export interface AddressSettings extends AddressTarget {
  readonly broadcast: IpAddress | undefined;
  /** At most 15 bytes. IPv4 only. */
  readonly label: string | undefined;
  /** rt_scope_t. */
  readonly scope: number;
  /** IFA_F_*. */
  readonly flags: number;
  /** At least 1: the kernel refuses 0. */
  readonly validLifetime: WireLifetime;
  /** At most the valid lifetime. */
  readonly preferredLifetime: WireLifetime;
  /** IFA_PROTO; IFAPROT_HOLDFAST unless given. */
  readonly protocol?: number;
}

/** What a message of rtnetlink tells, whether as part of a dump or as a notification. */
export type RouteFact =
  | { readonly kind: "interface-changed"; readonly interface: LinkRecord }
  | { readonly kind: "interface-removed"; readonly index: number; readonly name: string }
  | { readonly kind: "address-added"; readonly record: AddressRecord }
  | { readonly kind: "address-removed"; readonly record: AddressRecord }
  | ForwardingChange
  /** Nothing about an interface or an IP address. */
  | { readonly kind: "other" };

export type RouteError = AttributeError | { readonly code: "MISSING_ATTRIBUTE"; readonly type: number };

/**
 * Reads a message of type RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR or RTM_NEWNETCONF; any other is "other".
 *
 * @see rtnetlink(7); linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/netconf.h.
 */
export function parseRouteMessage(message: Pick<NetlinkMessage, "type" | "payload">): Result<RouteFact, RouteError> {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return parseLink(message.payload, message.type === RTM_DELLINK);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return parseAddress(message.payload, message.type === RTM_DELADDR);
    case RTM_NEWNETCONF: {
      const change = parseForwardingChange(message.payload);
      return change.ok ? succeed(change.value ?? { kind: "other" }) : change;
    }
    default:
      return succeed({ kind: "other" });
  }
}

/** Asks for all interfaces, without their statistics. */
export function listLinks(): NetlinkRequest {
  const header = new Uint8Array(IFINFOMSG_LENGTH);
  const attributes = new AttributeBuilder().uint32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS, HOST_ORDER);
  return { type: RTM_GETLINK, flags: NLM_F_DUMP, payload: join(header, attributes) };
}

/** Asks for the addresses of all interfaces, both families. */
export function listAddresses(): NetlinkRequest {
  const header = new Uint8Array(IFADDRMSG_LENGTH);
  header[AT_ADDRESS_FAMILY] = AF_UNSPEC;
  return { type: RTM_GETADDR, flags: NLM_F_DUMP, payload: header };
}

/** Adds an address. One that is there already, whoever added it, is refused with EEXIST. */
export function addAddress(settings: AddressSettings): NetlinkRequest {
  return { type: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_EXCL, payload: serializeAddress(settings) };
}

/**
 * Gives an address the lifetimes of `settings`. The kernel has no "only if it is there": it adds an address that is
 * missing, without regard to NLM_F_CREATE.
 */
export function renewAddress(settings: AddressSettings): NetlinkRequest {
  return { type: RTM_NEWADDR, flags: NLM_F_REPLACE, payload: serializeAddress(settings) };
}

/** Removes an address with exactly this prefix length. One that is not there is refused with EADDRNOTAVAIL. */
export function removeAddress(target: AddressTarget): NetlinkRequest {
  const payload = join(addressHeader(target, 0, 0), targetAttributes(target));
  return { type: RTM_DELADDR, flags: 0, payload };
}

function parseLink(payload: Uint8Array, removed: boolean): Result<RouteFact, RouteError> {
  if (payload.length < IFINFOMSG_LENGTH) {
    return fail({ code: "TRUNCATED", needed: IFINFOMSG_LENGTH, length: payload.length });
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  // With AF_BRIDGE it tells of a bridge's port: RTM_DELLINK then means that the interface left the bridge, and it lives on.
  if (view.getUint8(AT_LINK_FAMILY) === AF_BRIDGE) return succeed({ kind: "other" });
  const index = view.getInt32(AT_LINK_INDEX, HOST_ORDER);
  const flags = view.getUint32(AT_LINK_FLAGS, HOST_ORDER);

  let name: string | undefined;
  let mtu: number | undefined;
  let mac: MacAddress | undefined;
  let forwardsIpv6 = false;
  let baseIndex = 0;
  let master: number | undefined;
  let info: LinkInfo = {};
  const attributes = new AttributeReader(payload.subarray(IFINFOMSG_LENGTH));
  while (attributes.next()) {
    if (attributes.type === IFLA_IFNAME) name = attributes.text();
    else if (attributes.type === IFLA_MTU) mtu = attributes.uint32(HOST_ORDER);
    else if (attributes.type === IFLA_LINKINFO) info = parseLinkInfo(attributes.nested());
    else if (attributes.type === IFLA_LINK) baseIndex = attributes.uint32(HOST_ORDER);
    else if (attributes.type === IFLA_MASTER) master = attributes.uint32(HOST_ORDER);
    else if (attributes.type === IFLA_ADDRESS) {
      const bytes = attributes.bytes();
      mac = bytes.length === MAC_LENGTH ? macFromBytes(bytes) : undefined;
    } else if (attributes.type === IFLA_AF_SPEC) forwardsIpv6 = parseForwarding(attributes.nested());
  }
  if (attributes.error !== undefined) return fail(attributes.error);
  if (name === undefined) return fail({ code: "MISSING_ATTRIBUTE", type: IFLA_IFNAME });
  if (removed) return succeed({ kind: "interface-removed", index, name });
  // The events of wireless drivers are RTM_NEWLINK with little more than a name; they do not describe the interface.
  if (mtu === undefined) return succeed({ kind: "other" });
  return succeed({
    kind: "interface-changed",
    interface: {
      index,
      name,
      up: (flags & IFF_UP) !== 0,
      running: (flags & IFF_RUNNING) !== 0,
      multicast: (flags & IFF_MULTICAST) !== 0,
      loopback: (flags & IFF_LOOPBACK) !== 0,
      noArp: (flags & IFF_NOARP) !== 0,
      mtu,
      mac,
      forwardsIpv6,
      ...(master === undefined ? {} : { master }),
      ...(info.vrfTable === undefined ? {} : { vrfTable: info.vrfTable }),
      ...(info.ipvlan === undefined ? {} : { ipvlan: { ...info.ipvlan, baseIndex } }),
    },
  });
}

function parseAddress(payload: Uint8Array, removed: boolean): Result<RouteFact, RouteError> {
  if (payload.length < IFADDRMSG_LENGTH) {
    return fail({ code: "TRUNCATED", needed: IFADDRMSG_LENGTH, length: payload.length });
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const family = view.getUint8(AT_ADDRESS_FAMILY);
  if (family !== AF_INET && family !== AF_INET6) return succeed({ kind: "other" });
  const length = family === AF_INET ? IPV4_LENGTH : IPV6_LENGTH;

  let flags = view.getUint8(AT_ADDRESS_FLAGS);
  let local: Uint8Array | undefined;
  let address: Uint8Array | undefined;
  let protocol: number | undefined;
  let valid = INFINITY_LIFE_TIME;
  const attributes = new AttributeReader(payload.subarray(IFADDRMSG_LENGTH));
  while (attributes.next()) {
    if (attributes.type === IFA_LOCAL) local = attributes.bytesOf(length);
    else if (attributes.type === IFA_ADDRESS) address = attributes.bytesOf(length);
    else if (attributes.type === IFA_FLAGS) flags = attributes.uint32(HOST_ORDER);
    else if (attributes.type === IFA_PROTO) protocol = attributes.uint8();
    else if (attributes.type === IFA_CACHEINFO) valid = parseValidLifetime(attributes.bytesOf(CACHEINFO_LENGTH));
  }
  if (attributes.error !== undefined) return fail(attributes.error);
  // IPv6 gives IFA_LOCAL only with a peer; then IFA_ADDRESS is the peer.
  const own = local ?? address;
  if (own === undefined) return fail({ code: "MISSING_ATTRIBUTE", type: IFA_LOCAL });
  const record: AddressRecord = {
    interfaceIndex: view.getUint32(AT_ADDRESS_INDEX, HOST_ORDER),
    address: addressFromBytes(own),
    prefixLength: view.getUint8(AT_ADDRESS_PREFIX_LENGTH),
    secondary: (flags & IFA_F_SECONDARY) !== 0,
    tentative: family === AF_INET6 && (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) !== 0,
    protocol: protocol === IFAPROT_UNSPEC ? undefined : protocol,
    validLifetime: valid === INFINITY_LIFE_TIME ? "forever" : valid,
  };
  return succeed({ kind: removed ? "address-removed" : "address-added", record });
}

function parseValidLifetime(cacheinfo: Uint8Array): number {
  return new DataView(cacheinfo.buffer, cacheinfo.byteOffset).getUint32(AT_VALID_LIFETIME, HOST_ORDER);
}

function serializeAddress(settings: AddressSettings): Uint8Array {
  const { broadcast, label, scope, flags, validLifetime, preferredLifetime } = settings;
  const attributes = targetAttributes(settings);
  if (broadcast !== undefined) attributes.bytes(IFA_BROADCAST, sameFamilyBytes(broadcast, settings.address));
  if (label !== undefined) {
    if (familyOf(settings.address) === "ipv6")
      throw new RangeError(`Cannot label the IPv6 address ${settings.address}`);
    attributes.text(IFA_LABEL, label, IFNAMSIZ);
  }
  attributes
    .uint32(IFA_FLAGS, flags, HOST_ORDER)
    .bytes(IFA_CACHEINFO, serializeLifetimes(preferredLifetime, validLifetime))
    // Kernels before 5.18 skip this attribute.
    .uint8(IFA_PROTO, settings.protocol ?? IFAPROT_HOLDFAST);
  return join(addressHeader(settings, flags, scope), attributes);
}

function addressHeader(target: AddressTarget, flags: number, scope: number): Uint8Array {
  const bytes = new Uint8Array(IFADDRMSG_LENGTH);
  const view = new DataView(bytes.buffer);
  const family = familyOf(target.address);
  const bits = family === "ipv4" ? 32 : 128;
  if (!Number.isInteger(target.prefixLength) || target.prefixLength < 0 || target.prefixLength > bits) {
    throw new RangeError(`${target.address} cannot have a prefix of ${target.prefixLength} bits`);
  }
  if (!Number.isInteger(scope) || scope < 0 || scope > 255) throw new RangeError(`${scope} is no scope`);
  view.setUint8(AT_ADDRESS_FAMILY, family === "ipv4" ? AF_INET : AF_INET6);
  view.setUint8(AT_ADDRESS_PREFIX_LENGTH, target.prefixLength);
  // The low eight flags; IFA_FLAGS carries all of them.
  view.setUint8(AT_ADDRESS_FLAGS, flags & 0xff);
  view.setUint8(AT_ADDRESS_SCOPE, scope);
  view.setUint32(AT_ADDRESS_INDEX, target.interfaceIndex, HOST_ORDER);
  return bytes;
}

function targetAttributes({ address, peer }: AddressTarget): AttributeBuilder {
  return new AttributeBuilder()
    .bytes(IFA_LOCAL, addressBytes(address))
    .bytes(IFA_ADDRESS, sameFamilyBytes(peer ?? address, address));
}

function sameFamilyBytes(address: IpAddress, other: IpAddress): Uint8Array {
  if (familyOf(address) !== familyOf(other)) throw new RangeError(`${address} and ${other} are of different families`);
  return addressBytes(address);
}

/** struct ifa_cacheinfo: preferred and valid lifetime in seconds, then two time stamps that are the kernel's. */
function serializeLifetimes(preferred: WireLifetime, valid: WireLifetime): Uint8Array {
  const bytes = new Uint8Array(CACHEINFO_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(AT_PREFERRED_LIFETIME, wireLifetime(preferred), HOST_ORDER);
  view.setUint32(AT_VALID_LIFETIME, wireLifetime(valid), HOST_ORDER);
  return bytes;
}

function wireLifetime(lifetime: WireLifetime): number {
  if (lifetime === "forever") return INFINITY_LIFE_TIME;
  if (!Number.isInteger(lifetime) || lifetime < 0 || lifetime >= INFINITY_LIFE_TIME) {
    throw new RangeError(`${lifetime} is no lifetime in whole seconds`);
  }
  return lifetime;
}

function join(header: Uint8Array, attributes: AttributeBuilder): Uint8Array {
  const rest = attributes.build();
  const bytes = new Uint8Array(header.length + rest.length);
  bytes.set(header);
  bytes.set(rest, header.length);
  return bytes;
}

// struct ifinfomsg
const AT_LINK_FAMILY = 0;
const AT_LINK_INDEX = 4;
const AT_LINK_FLAGS = 8;
const IFINFOMSG_LENGTH = 16;

// struct ifaddrmsg
const AT_ADDRESS_FAMILY = 0;
const AT_ADDRESS_PREFIX_LENGTH = 1;
const AT_ADDRESS_FLAGS = 2;
const AT_ADDRESS_SCOPE = 3;
const AT_ADDRESS_INDEX = 4;
const IFADDRMSG_LENGTH = 8;

// struct ifa_cacheinfo
const AT_PREFERRED_LIFETIME = 0;
const AT_VALID_LIFETIME = 4;
const CACHEINFO_LENGTH = 16;

const IFAPROT_UNSPEC = 0;
/** IFA_PROTO of every virtual address that Holdfast adds: "H". keepalived uses 18. */
const IFAPROT_HOLDFAST = 0x48;
const MAC_LENGTH = 6;
const IPV4_LENGTH = 4;
const IPV6_LENGTH = 16;
