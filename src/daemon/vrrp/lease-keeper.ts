import { elapsed, type Instant, type Micros } from "../../base/time.ts";
import { isExpired, renewalPeriod, type Lease } from "../../core/lease.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { AddressRequest, Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { addressKey, type AddressKey } from "./interface-table.ts";

/** Whoever holds addresses. Its identity is what counts. */
export interface LeaseOwner {
  readonly name: string;
}

/** An address that is on an interface because Holdfast added it. */
export interface HeldAddress {
  readonly owner: LeaseOwner;
  readonly request: AddressRequest;
  readonly lease: Lease;
  readonly advertisementInterval: Micros;
  /** Read before the last request that the kernel acknowledged was sent. */
  readonly renewedAt: Instant;
}

/**
 * All addresses that this process has on interfaces, renewed together in one batch.
 *
 * An address has one owner at a time: another that takes it over, as when a VIP moves between instances in a reload, has
 * it from then on, and the former one's release leaves it alone.
 */
export class LeaseKeeper {
  readonly #kernel: Kernel;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #held = new Map<string, HeldAddress>();
  /** Removals by this process that the kernel has yet to tell of. */
  readonly #removals = new Map<string, number>();

  constructor(dependencies: { readonly kernel: Kernel; readonly clock: Clock; readonly log: Log }) {
    this.#kernel = dependencies.kernel;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
  }

  hold(address: HeldAddress): void {
    this.#held.set(addressKey(address.request), address);
  }

  find(key: AddressKey): HeldAddress | undefined {
    return this.#held.get(addressKey(key));
  }

  /** @returns whether the owner had it. */
  drop(key: AddressKey, owner: LeaseOwner): boolean {
    const id = addressKey(key);
    if (this.#held.get(id)?.owner !== owner) return false;
    return this.#held.delete(id);
  }

  /** This process has removed it, and the kernel will say so. */
  expectRemoval(key: AddressKey): void {
    const id = addressKey(key);
    this.#removals.set(id, (this.#removals.get(id) ?? 0) + 1);
  }

  /** @returns whether the removal that the kernel tells of was this process's own. Each is asked about once. */
  wasExpected(key: AddressKey): boolean {
    const id = addressKey(key);
    const count = this.#removals.get(id) ?? 0;
    if (count <= 1) this.#removals.delete(id);
    else this.#removals.set(id, count - 1);
    return count > 0;
  }

  /** The kernel's telling was lost. */
  expectNoRemovals(): void {
    this.#removals.clear();
  }

  heldBy(owner: LeaseOwner): readonly HeldAddress[] {
    return [...this.#held.values()].filter((address) => address.owner === owner);
  }

  all(): readonly HeldAddress[] {
    return [...this.#held.values()];
  }

  /** How often `renew` is due; undefined: nothing is leased. */
  period(): Micros | undefined {
    return renewalPeriod(
      [...this.#held.values()].flatMap(({ advertisementInterval, lease }) =>
        lease.kind === "timed" ? [{ advertisementInterval, lease }] : [],
      ),
    );
  }

  /** How old the oldest lease of an owner is if it has run out: the kernel may have removed that address. */
  expiredAge(owner: LeaseOwner, now: Instant): Micros | undefined {
    let age: Micros | undefined;
    for (const { owner: holder, lease, renewedAt } of this.#held.values()) {
      if (holder !== owner || !isExpired(lease, renewedAt, now)) continue;
      const candidate = elapsed(renewedAt, now);
      if (age === undefined || candidate > age) age = candidate;
    }
    return age;
  }

  /**
   * Gives every address that is leased, and whose lease cannot have run out, its full lifetime again.
   *
   * The kernel creates an IPv4 address that is missing. So the age is looked at before the batch, and once more after it:
   * this process may have been stopped in between, and an address that came back to life that way goes at once.
   */
  renew(): void {
    const sentAt = this.#clock.now();
    const due = [...this.#held.values()].filter(
      ({ lease, renewedAt }) => lease.kind === "timed" && !isExpired(lease, renewedAt, sentAt),
    );
    if (due.length === 0) return;
    const outcomes = this.#kernel.renewAddresses(due.map((address) => address.request));
    const answeredAt = this.#clock.now();
    for (const [index, address] of due.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || !outcome.ok) {
        if (outcome !== undefined) this.#log.write("error", describeFailure(outcome.error));
      } else if (isExpired(address.lease, address.renewedAt, answeredAt)) {
        this.expectRemoval(address.request);
        const removed = this.#kernel.removeAddress(address.request);
        if (!removed.ok) this.#log.write("error", describeFailure(removed.error));
      } else {
        this.#held.set(addressKey(address.request), { ...address, renewedAt: sentAt });
      }
    }
  }
}
