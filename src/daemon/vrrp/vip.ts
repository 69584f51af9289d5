import { formatPrefix } from "../../base/address.ts";
import type { Micros } from "../../base/time.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import { planFineLock, type FineLockSetting } from "../../core/fine-lock.ts";
import { planLease, type Lease, type LeaseSetting } from "../../core/lease.ts";
import { OWNER_PRIORITY, trustWindow } from "../../core/vrrp/router.ts";
import type { AddressRequest } from "../../ports/kernel.ts";
import type { AddressKey } from "./interface-table.ts";
import type { LockTerms } from "./fine-lock-keeper.ts";
import type { HeldTerms } from "./held-lease.ts";

/** What of an instance's configuration decides how long its addresses live. */
export interface LeaseTerms {
  readonly lease: LeaseSetting;
  readonly downTimerAdverts: number;
  readonly advertisementInterval: Micros;
}

export function leaseOf({ lease, downTimerAdverts, advertisementInterval }: LeaseTerms): Lease {
  return planLease(lease, downTimerAdverts, advertisementInterval);
}

/** The same for who may talk to its addresses, and until when. */
export interface FilterTerms extends LeaseTerms {
  readonly version: 2 | 3;
  readonly fineLock: FineLockSetting;
  readonly accept: boolean;
}

export function lockTermsOf(terms: FilterTerms): LockTerms {
  const lease = leaseOf(terms);
  // Whatever the configuration supposes of other nodes: one of them may be an owner.
  const window = trustWindow({ ...terms, strongestBackup: OWNER_PRIORITY });
  return { lease, lock: planFineLock(terms.fineLock, lease, window), accept: terms.accept };
}

/** How a virtual address is asked of the kernel, and for how long. */
export function termsOf(address: VirtualAddress, key: AddressKey, terms: LeaseTerms): HeldTerms {
  const lease = leaseOf(terms);
  const validLifetime = lease.kind === "timed" ? lease.seconds : "forever";
  const { preferredLifetime } = address;
  const request: AddressRequest = {
    ...key,
    peer: address.peer,
    broadcast: address.broadcast,
    label: address.label,
    scope: address.scope,
    flags: address.flags,
    validLifetime,
    // The kernel refuses an address that is preferred for longer than it is valid.
    preferredLifetime: shorter(preferredLifetime, validLifetime),
  };
  const { downTimerAdverts, advertisementInterval } = terms;
  return { request, lease, downTimerAdverts, advertisementInterval };
}

/** An address as operators write it. */
export function formatVip(address: VirtualAddress): string {
  return formatPrefix({ address: address.address, length: address.prefixLength });
}

/** One address of each interface: the first in the list. */
export function firstOfEachDevice(addresses: readonly VirtualAddress[]): readonly VirtualAddress[] {
  return addresses.filter(({ device }, index) => addresses.findIndex((other) => other.device === device) === index);
}

/** What must stay the same for an address to be the same after a reload. */
export function vipKey(address: VirtualAddress): string {
  const { place: _place, ...facts } = address;
  return JSON.stringify(facts);
}

function shorter(left: number | "forever", right: number | "forever"): number | "forever" {
  if (left === "forever") return right;
  return right === "forever" ? left : Math.min(left, right);
}
