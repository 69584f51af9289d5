import { addressLength, contains, familyOf, type IpAddress } from "../../base/address.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import type { AddressRecord } from "../../ports/kernel.ts";
import type { AddressKey, InterfaceTable } from "./interface-table.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";

/** Where a virtual address is to be; undefined: there is no interface of that name now. */
export function placeOf(vip: VirtualAddress, interfaces: InterfaceTable): AddressKey | undefined {
  const device = interfaces.byName(vip.device);
  if (device === undefined) return undefined;
  return { interfaceIndex: device.index, address: vip.address, prefixLength: vip.prefixLength };
}

/** Where it stands on the host, if it is not there by Holdfast's hand. An IPv6 one may have another mask there. */
export function foreignVip(
  vip: VirtualAddress,
  { interfaces, leases }: { readonly interfaces: InterfaceTable; readonly leases: LeaseKeeper },
): AddressRecord | undefined {
  const key = placeOf(vip, interfaces);
  if (key === undefined || leases.find(key) !== undefined) return undefined;
  return foreignAt(key, interfaces);
}

/** As `foreignVip`, of an address that nobody has a lease of. */
export function foreignAt(key: AddressKey, interfaces: InterfaceTable): AddressRecord | undefined {
  const found = interfaces.find(key) ?? interfaces.findTwin(key);
  return found === undefined || interfaces.isOurs(found) ? undefined : found;
}

/**
 * Whether a virtual address has to wait for the host's own one in its subnet, which is configured as the source of adverts
 * and has yet to come: added first, it would become the primary. IPv6 has no primary addresses.
 */
export function waitsForSource(key: AddressKey, source: IpAddress | undefined, interfaces: InterfaceTable): boolean {
  const { address, prefixLength } = key;
  if (source === undefined || source === address || familyOf(address) === "ipv6") return false;
  if (prefixLength === addressLength("ipv4") || !contains({ address, length: prefixLength }, source)) return false;
  return interfaces.find({ ...key, address: source }) === undefined;
}
