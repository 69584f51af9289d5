import { after, earliest, elapsed, millis, type Instant, type Micros } from "../../base/time.ts";
import { isExpired, lifetimeNow, renewalDueAt, type Lease, type LeasedAddress } from "../../core/lease.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { AddressRequest, Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { addressKey, type AddressKey } from "./interface-table.ts";
import { beforeFirstLifetime } from "./prefix-route.ts";

/** Whoever holds addresses. Its identity is what counts. */
export interface LeaseOwner {
  /** When it last adverted that it is master: backups count from then. */
  readonly advertisedAt: Instant;
  /** Its addresses are not to live longer than they do: it is handing them over. */
  readonly handingOver: boolean;
}

/** An address that is on an interface because Holdfast added it. */
export interface HeldAddress {
  readonly owner: LeaseOwner;
  /** As it was last sent: its valid lifetime is the one in force. */
  readonly request: AddressRequest;
  readonly lease: Lease;
  readonly downTimerAdverts: number;
  readonly advertisementInterval: Micros;
  /** Read before the last request that the kernel acknowledged was sent. */
  readonly renewedAt: Instant;
}

/** What the configuration says of a held address. */
export type HeldTerms = Pick<HeldAddress, "request" | "lease" | "downTimerAdverts" | "advertisementInterval">;

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

  /** Not before then is a renewal tried again; undefined: the last one succeeded. */
  #retryAt: Instant | undefined;

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

  /**
   * Whether what the kernel tells of an address that is there was said before this process removed it. On a kernel that does not
   * tell who added an address, it would look like the host's own.
   */
  isOutdated(key: AddressKey): boolean {
    return this.#removals.has(addressKey(key));
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

  /**
   * Other terms for an address that its owner has. What the kernel was told is believed until it has acknowledged the new
   * lifetime, which it is told at once.
   */
  change(key: AddressKey, owner: LeaseOwner, terms: HeldTerms): void {
    const held = this.find(key);
    if (held?.owner !== owner) return;
    const { request, ...others } = terms;
    if (request.validLifetime === held.request.validLifetime) return this.hold({ ...held, ...terms });
    const { lease } = others;
    const grows = lease.kind === "timed" && lease.seconds > Number(held.request.validLifetime);
    // A longer lifetime comes with the next renewal, counted from the next advert. Everything else is told at once.
    if (grows)
      return this.hold({ ...held, ...others, request: withLifetime(request, Number(held.request.validLifetime)) });
    const preparation = beforeFirstLifetime(request, held.request.validLifetime);
    if (preparation !== undefined) this.#kernel.renewAddresses([preparation]);
    this.#send([{ ...held, ...terms }]);
  }

  heldBy(owner: LeaseOwner): readonly HeldAddress[] {
    return [...this.#held.values()].filter((address) => address.owner === owner);
  }

  all(): readonly HeldAddress[] {
    return [...this.#held.values()];
  }

  /** When `renew` is due; undefined: not before the next advert. */
  renewalDueAt(): Instant | undefined {
    const now = this.#clock.now();
    let due: Instant | undefined;
    for (const held of this.#held.values()) {
      const leased = leasedView(held);
      if (leased !== undefined) due = earliest(due, renewalDueAt(leased, now));
    }
    // What was refused a moment ago would be refused again, at full speed.
    return due !== undefined && this.#retryAt !== undefined && due < this.#retryAt ? this.#retryAt : due;
  }

  /** How old the oldest lease of an owner is if it has run out: the kernel may have removed that address. */
  expiredAge(owner: LeaseOwner, now: Instant): Micros | undefined {
    let age: Micros | undefined;
    for (const held of this.#held.values()) {
      if (held.owner !== owner || !isExpired(leaseInForce(held), held.renewedAt, now)) continue;
      const candidate = elapsed(held.renewedAt, now);
      if (age === undefined || candidate > age) age = candidate;
    }
    return age;
  }

  /** Gives every address that is leased the lifetime that it may have now, all in one batch. */
  renew(): void {
    const now = this.#clock.now();
    const wanted: HeldAddress[] = [];
    for (const held of this.#held.values()) {
      const leased = leasedView(held);
      const lifetime = leased === undefined ? undefined : lifetimeNow(leased, now);
      if (lifetime !== undefined) wanted.push({ ...held, request: withLifetime(held.request, lifetime) });
    }
    this.#send(wanted);
  }

  /** Lets an owner's addresses live for so many more seconds at most: it will need them no longer. */
  shorten(owner: LeaseOwner, lifetime: number): void {
    const longer = this.heldBy(owner).filter(
      ({ lease, request }) => lease.kind === "timed" && Number(request.validLifetime) > lifetime,
    );
    this.#send(longer.map((held) => ({ ...held, request: withLifetime(held.request, lifetime) })));
  }

  /**
   * Sends requests for addresses that are held.
   *
   * The kernel creates an IPv4 address that is missing. So the age is looked at before the batch, and once more after it:
   * this process may have been stopped in between, and an address that came back to life that way goes at once.
   */
  #send(wanted: readonly HeldAddress[]): void {
    const sentAt = this.#clock.now();
    const due = wanted.filter((held) => !this.#mayBeGone(held, sentAt));
    if (due.length === 0) return;
    const outcomes = this.#kernel.renewAddresses(due.map((held) => held.request));
    const answeredAt = this.#clock.now();
    this.#retryAt = outcomes.every((outcome) => outcome.ok) ? undefined : after(answeredAt, RETRY);
    for (const [index, held] of due.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || !outcome.ok) {
        if (outcome !== undefined) this.#log.write("error", describeFailure(outcome.error));
      } else if (this.#mayBeGone(held, answeredAt)) {
        const removed = this.#kernel.removeAddress(held.request);
        if (removed.ok) this.expectRemoval(held.request);
        else this.#log.write("error", describeFailure(removed.error));
      } else {
        this.#held.set(addressKey(held.request), { ...held, renewedAt: sentAt });
      }
    }
  }

  /** Judged by the lifetime that was last acknowledged, whatever is about to be asked for. */
  #mayBeGone(wanted: HeldAddress, now: Instant): boolean {
    const held = this.#held.get(addressKey(wanted.request));
    return held === undefined || isExpired(leaseInForce(held), held.renewedAt, now);
  }
}

/** The terms for an address that is about to be added, and is not to outlive the backups' wait any more than a renewed one. */
export function firstTerms(terms: HeldTerms, advertisedAt: Instant, now: Instant): HeldTerms {
  const { lease, request, downTimerAdverts, advertisementInterval } = terms;
  if (lease.kind !== "timed") return terms;
  const fresh = { lease, downTimerAdverts, advertisementInterval, advertisedAt, renewedAt: now, granted: 0 };
  // The kernel knows no shorter one than a second.
  return { ...terms, request: withLifetime(request, lifetimeNow(fresh, now) ?? 1) };
}

/** The lease with the lifetime that the kernel was last given. */
export function leaseInForce({ lease, request }: HeldAddress): Lease {
  return lease.kind === "timed" ? { ...lease, seconds: Number(request.validLifetime) } : lease;
}

function leasedView(held: HeldAddress): LeasedAddress | undefined {
  const { lease, owner, request, downTimerAdverts, advertisementInterval, renewedAt } = held;
  if (lease.kind !== "timed" || owner.handingOver) return undefined;
  const granted = Number(request.validLifetime);
  return { lease, downTimerAdverts, advertisementInterval, advertisedAt: owner.advertisedAt, renewedAt, granted };
}

/** The same request object as long as the lifetime stays, so that its bytes need not be made again. */
function withLifetime(request: AddressRequest, lifetime: number): AddressRequest {
  if (request.validLifetime === lifetime) return request;
  const { preferredLifetime } = request;
  const preferred = preferredLifetime === request.validLifetime ? lifetime : preferredLifetime;
  const shorter = preferred === "forever" ? lifetime : Math.min(preferred, lifetime);
  return { ...request, validLifetime: lifetime, preferredLifetime: shorter };
}

/** Several times within the shortest lease. */
const RETRY = millis(100);
