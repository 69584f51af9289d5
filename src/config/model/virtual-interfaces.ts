import type { AddressFamily, IpAddress, MacAddress } from "../../base/address.ts";
import type { Place } from "../place.ts";

/** An interface that the vrrp process makes on another. It is in the VRF of that one. */
export type VirtualInterface = VirtualMacInterface | IpvlanInterface;

/** One with a virtual MAC address, where addresses are held (`use_vmac`). */
export interface VirtualMacInterface {
  readonly kind: "macvlan";
  readonly name: string;
  /** The interface it lies on. */
  readonly base: string;
  readonly mac: MacAddress;
  /** The group of interfaces it is in; undefined: that of its base. */
  readonly group: number | undefined;
  /** Listeners are told of the interface it lies on when it has been made (`netlink_notify_msg`). */
  readonly tellsOfBase?: true;
  readonly place: Place | undefined;
}

/** One with the MAC address of its base and an address of its own, which adverts come from (`use_ipvlan`). */
export interface IpvlanInterface {
  readonly kind: "ipvlan";
  readonly name: string;
  readonly base: string;
  /** Which of those on one base hear each other. All of them have the same. */
  readonly mode: "bridge" | "private" | "vepa";
  /** Undefined: over IPv6 the link-local address serves, over IPv4 nothing does. */
  readonly address: { readonly address: IpAddress; readonly prefixLength: number } | undefined;
  /** The group of interfaces it is in; undefined: that of its base. */
  readonly group: number | undefined;
  /** Of its address, and of the instance. */
  readonly family: AddressFamily;
  readonly place: Place | undefined;
}
