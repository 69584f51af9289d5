import { isLinkLocal } from "../../base/address.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { IpvlanInterface, VirtualInterface } from "../../config/model/virtual-interfaces.ts";
import type { AddressRequest, NetworkInterface } from "../../ports/kernel.ts";
import type { InterfaceTable } from "./interface-table.ts";

/** Whether an interface that is there is what an instance asks for, whoever has made it. */
export function isAsWanted(found: NetworkInterface, wanted: VirtualInterface, interfaces: InterfaceTable): boolean {
  if (wanted.kind === "macvlan") return found.mac === wanted.mac;
  const { ipvlan } = found;
  return (
    ipvlan !== undefined &&
    ipvlan.baseIndex === interfaces.byName(wanted.base)?.index &&
    ipvlan.mode === IPVLAN_MODE_L2 &&
    ipvlan.flags === IPVLAN_FLAGS[wanted.mode]
  );
}

/** Where the adverts of an instance leave and arrive. One of the name that is not as wanted is somebody else's. */
export function findAdvertDevice(
  { advertInterface, virtualInterfaces }: InstanceSettings,
  interfaces: InterfaceTable,
): NetworkInterface | undefined {
  const wanted = virtualInterfaces.find(({ name }) => name === advertInterface);
  const found = interfaces.byName(advertInterface);
  if (found === undefined || wanted === undefined) return found;
  return isAsWanted(found, wanted, interfaces) ? found : undefined;
}

/** The ipvlan interface that an instance sends from. */
export function ipvlanOf({
  advertInterface,
  virtualInterfaces,
}: Pick<InstanceSettings, "advertInterface" | "virtualInterfaces">): IpvlanInterface | undefined {
  for (const wanted of virtualInterfaces)
    if (wanted.kind === "ipvlan" && wanted.name === advertInterface) return wanted;
  return undefined;
}

/** The address that the interface itself has, which adverts come from. Nobody else is to have it, so it is not asked for. */
export function ownAddressOf(wanted: VirtualInterface, interfaceIndex: number): AddressRequest | undefined {
  if (wanted.kind === "macvlan" || wanted.address === undefined) return undefined;
  const isIpv6 = wanted.family === "ipv6";
  return {
    interfaceIndex,
    ...wanted.address,
    peer: undefined,
    broadcast: undefined,
    label: undefined,
    scope: isLinkLocal(wanted.address.address) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
    flags: isIpv6 ? IFA_F_NODAD : 0,
    validLifetime: "forever",
    // As with keepalived: never a source for anything but adverts.
    preferredLifetime: isIpv6 ? 0 : "forever",
  };
}

/** The index of the VRF that an interface belongs to. */
export function vrfOf(device: NetworkInterface, interfaces: InterfaceTable): number | undefined {
  const master = device.master === undefined ? undefined : interfaces.at(device.master);
  return master?.vrfTable === undefined ? undefined : master.index;
}

/** linux/if_link.h: IPVLAN_F_PRIVATE, IPVLAN_F_VEPA. */
export const IPVLAN_FLAGS: Readonly<Record<IpvlanInterface["mode"], number>> = { bridge: 0, private: 1, vepa: 2 };

const IPVLAN_MODE_L2 = 0;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
/** linux/if_addr.h. */
const IFA_F_NODAD = 0x02;
