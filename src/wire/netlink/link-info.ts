import type { AttributeReader } from "./attributes.ts";
import { HOST_ORDER } from "./byte-order.ts";
import { IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_VRF_TABLE } from "./constants.ts";

/** What an interface is, as far as somebody asks: neither for most kinds. */
export interface LinkInfo {
  /** IFLA_VRF_TABLE of a VRF. */
  readonly vrfTable?: number;
  readonly ipvlan?: IpvlanInfo;
}

export interface IpvlanInfo {
  /** IPVLAN_MODE_L2 0, IPVLAN_MODE_L3 1, IPVLAN_MODE_L3S 2. */
  readonly mode: number;
  /** Bridge where none is set, else IPVLAN_F_PRIVATE 1 or IPVLAN_F_VEPA 2. */
  readonly flags: number;
}

/** Reads IFLA_LINKINFO. */
export function parseLinkInfo(info: AttributeReader): LinkInfo {
  let kind: string | undefined;
  let found: LinkInfo = {};
  while (info.next()) {
    // The kernel writes the kind first.
    if (info.type === IFLA_INFO_KIND) kind = info.text();
    else if (info.type === IFLA_INFO_DATA && kind === "vrf") found = parseVrf(info.nested());
    else if (info.type === IFLA_INFO_DATA && kind === "ipvlan") found = parseIpvlan(info.nested());
  }
  return found;
}

function parseVrf(data: AttributeReader): LinkInfo {
  let vrfTable: number | undefined;
  while (data.next()) if (data.type === IFLA_VRF_TABLE) vrfTable = data.uint32(HOST_ORDER);
  return vrfTable === undefined ? {} : { vrfTable };
}

function parseIpvlan(data: AttributeReader): LinkInfo {
  let [mode, flags] = [0, 0];
  while (data.next()) {
    if (data.type === IFLA_IPVLAN_MODE) mode = data.uint16(HOST_ORDER);
    else if (data.type === IFLA_IPVLAN_FLAGS) flags = data.uint16(HOST_ORDER);
  }
  return { ipvlan: { mode, flags } };
}

// linux/if_link.h (6.1)
export const IFLA_IPVLAN_MODE = 1;
export const IFLA_IPVLAN_FLAGS = 2;
