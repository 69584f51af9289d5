import type { IpAddress } from "../base/address.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

/** An address, and for how many whole milliseconds from when the kernel hears of it; 0: not any more. */
export interface TimedAddress {
  readonly address: IpAddress;
  readonly ms: number | "forever";
}

/** The shortest time but 0: one tick of the slowest kernel clock. What is shorter the kernel takes for "for ever". */
export const SHORTEST_TIME_MS = 10;

/** What comes into force at one moment. What is forgotten is so before the rest is added. */
export interface FilterChanges {
  /**
   * This host neither answers for these nor lets traffic from or to them pass, unless they are alive: not for their owners
   * on the link (ARP, neighbor advertisements), not for IP packets.
   */
  readonly guard: readonly TimedAddress[];
  /** Guarded addresses that may be served. When the time is over the kernel stops serving them, whoever lives or not. */
  readonly keepAlive: readonly TimedAddress[];
  /** IP packets to or from these are dropped on this host, but for neighbor discovery. Packets in transit pass. */
  readonly refuse: readonly TimedAddress[];
  /** None of the above any more, whether or not they were. */
  readonly forget: readonly IpAddress[];
}

/**
 * A packet filter in the kernel that outlives its process: Holdfast's own part of it, shared by all that run on this host.
 * Every call is answered by the kernel before it returns.
 *
 * One who is gone leaves what runs out by itself. Refused with ENOENT: somebody has removed it all, so `prepare` is needed and
 * everything must be told again.
 */
export interface PacketFilter {
  /** Makes it ready. What is in it, from before a crash or from others, stays in force without a gap. */
  prepare(): Result<void, SystemFailure>;
  /** All of it, or where that is refused nothing. A new time replaces the one an address had. */
  change(changes: FilterChanges): Result<void, SystemFailure>;
  /** Removes it all, unless addresses are left in it: then others use it. */
  remove(): Result<void, SystemFailure>;
}
