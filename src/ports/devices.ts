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

/** Makes and removes network interfaces, by rtnetlink. As with `Kernel`, every call is answered before it returns. */
export interface Devices {
  /**
   * Creates it, down and without an address of its own. Refused with EEXIST where the name is taken, EOPNOTSUPP where the
   * kernel has no macvlan, EADDRINUSE where the base has one with this MAC address already.
   */
  createMacvlan(request: MacvlanRequest): Result<void, SystemFailure>;
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
