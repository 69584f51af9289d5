import type { MacAddress } from "../base/address.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

/** A macvlan in private mode on another interface. */
export interface MacvlanRequest {
  /** At most 15 bytes. */
  readonly name: string;
  readonly baseIndex: number;
  readonly mac: MacAddress;
  /** The group of interfaces; undefined: that of the base. */
  readonly group: number | undefined;
}

/** An ipvlan in mode L2 on another interface, with the MAC address of that one. */
export interface IpvlanRequest {
  /** At most 15 bytes. */
  readonly name: string;
  readonly baseIndex: number;
  /** As in `MacvlanRequest`. */
  readonly group: number | undefined;
  /** IPVLAN_F_*: IPVLAN_F_PRIVATE 1, IPVLAN_F_VEPA 2; 0: bridge. The last one that is made decides for all on its base. */
  readonly flags: number;
}

/** Kinds of interfaces that a kernel may be without. */
export type DeviceKind = "macvlan" | "ipvlan" | "vrf";

/** Makes and removes network interfaces, by rtnetlink. As with `Kernel`, every call is answered before it returns. */
export interface Devices {
  /**
   * Creates it, down and without an address of its own. Refused with EEXIST where the name is taken, EOPNOTSUPP where the
   * kernel has no macvlan, EADDRINUSE where the base has one with this MAC address already.
   */
  createMacvlan(request: MacvlanRequest): Result<void, SystemFailure>;
  /**
   * Creates it, down and without an address of its own, IPv6 aside. Refused as a macvlan; EBUSY where the base belongs to a
   * bridge or bond, or carries macvlans.
   */
  createIpvlan(request: IpvlanRequest): Result<void, SystemFailure>;
  /** Asks whether the kernel has this kind, by itself or as a module, which is loaded then. Nothing is made. */
  has(kind: DeviceKind): Result<boolean, SystemFailure>;
  /**
   * Puts it into the VRF with this index, or takes it out (undefined). The kernel sets it down and up meanwhile, which drops
   * its IPv6 addresses.
   */
  setVrf(index: number, vrfIndex: number | undefined): Result<void, SystemFailure>;
  /** Keeps the kernel from giving it a link-local IPv6 address. */
  withoutLinkLocal(index: number): Result<void, SystemFailure>;
  setUp(index: number): Result<void, SystemFailure>;
  /**
   * Has the kernel tell its listeners of an interface that has not changed. Some drivers turn promiscuous in silence when a
   * macvlan is made on them.
   */
  tellOf(index: number): Result<void, SystemFailure>;
  /** Refused with ENODEV when it is not there. */
  remove(index: number): Result<void, SystemFailure>;
}
