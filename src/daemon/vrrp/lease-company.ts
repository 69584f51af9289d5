import { familyOf, type AddressFamily } from "../../base/address.ts";
import type { HeldAddress } from "./held-lease.ts";

/**
 * Knows which of the held addresses end at moments of their own. Those of one interval and one lease are renewed together and end
 * together; the kernel looks at each family by itself.
 */
export class LeaseCompany {
  readonly #rhythms = { ipv4: new Map<string, number>(), ipv6: new Map<string, number>() };
  readonly #counted = new Map<HeldAddress, string>();

  /** To be called when one is held, or has other terms. */
  count(held: HeldAddress): void {
    this.forget(held);
    const { lease, downTimerAdverts, advertisementInterval } = held;
    if (lease.kind !== "timed") return;
    const rhythm = `${lease.seconds} ${downTimerAdverts} ${advertisementInterval}`;
    const rhythms = this.#rhythms[familyOf(held.request.address)];
    rhythms.set(rhythm, (rhythms.get(rhythm) ?? 0) + 1);
    this.#counted.set(held, rhythm);
  }

  forget(held: HeldAddress): void {
    const rhythm = this.#counted.get(held);
    if (rhythm === undefined) return;
    this.#counted.delete(held);
    const rhythms = this.#rhythms[familyOf(held.request.address)];
    const left = (rhythms.get(rhythm) ?? 0) - 1;
    if (left > 0) rhythms.set(rhythm, left);
    else rhythms.delete(rhythm);
  }

  /** Whether addresses of the family are renewed at different moments. */
  isMixed(family: AddressFamily): boolean {
    return this.#rhythms[family].size > 1;
  }
}
