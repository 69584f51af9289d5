import { after, earlier, elapsed, millis, toSeconds, type Instant, type Micros } from "../../base/time.ts";
import { lifetimeNow } from "../../core/lease.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { AddressRequest, Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { HeldLease, withLifetime, type HeldAddress, type HeldTerms, type LeaseOwner } from "./held-lease.ts";
import { addressKey, type AddressKey } from "./interface-table.ts";
import { beforeFirstLifetime } from "./prefix-route.ts";

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
  readonly #held = new Map<string, HeldLease>();
  readonly #owners = new Map<LeaseOwner, Owned>();
  /** Removals by this process that the kernel has yet to tell of. */
  readonly #removals = new Map<string, number>();

  /** How often an address has come or gone: see `changes`. */
  #changes = 0;
  /** The answer of `renewalDueAt`, found once; undefined: to be found anew. */
  #due: { readonly at: Instant | undefined } | undefined;
  /** Not before then is a renewal tried again; undefined: the last one succeeded. */
  #retryAt: Instant | undefined;

  constructor(dependencies: { readonly kernel: Kernel; readonly clock: Clock; readonly log: Log }) {
    this.#kernel = dependencies.kernel;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
  }

  /** A number that is another whenever an address has come or gone. */
  get changes(): number {
    return this.#changes;
  }

  hold(address: HeldAddress): void {
    const id = addressKey(address.request);
    this.#forget(id);
    const held = new HeldLease(address);
    this.#held.set(id, held);
    const known = this.#owners.get(held.owner);
    const owned: Owned = known ?? { addresses: new Map(), soonestEnd: undefined };
    if (known === undefined) this.#owners.set(held.owner, owned);
    owned.addresses.set(id, held);
    owned.soonestEnd = earlier(owned.soonestEnd, held.end);
    this.#due = undefined;
    this.#changes += 1;
  }

  find(key: AddressKey): HeldLease | undefined {
    return this.#held.get(addressKey(key));
  }

  /** @returns whether the owner had it. */
  drop(key: AddressKey, owner: LeaseOwner): boolean {
    const id = addressKey(key);
    if (this.#held.get(id)?.owner !== owner) return false;
    this.#forget(id);
    return true;
  }

  /** An owner has adverted, or hands over, or has thought better of it. */
  noticeOwners(): void {
    this.#due = undefined;
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
    const held = this.#held.get(addressKey(key));
    if (held?.owner !== owner) return;
    const { request, lease } = terms;
    const granted = held.request.validLifetime;
    // A longer lifetime comes with the next renewal, counted from the next advert. Everything else is told at once.
    const grows = lease.kind === "timed" && lease.seconds > Number(granted);
    if (grows || request.validLifetime === granted) {
      held.take({ ...terms, request: grows ? withLifetime(request, Number(granted)) : request }, held.renewedAt);
      return this.#noteEnd(held);
    }
    const preparation = beforeFirstLifetime(request, granted);
    if (preparation !== undefined) this.#kernel.renewAddresses([preparation]);
    this.#send([{ held, request, terms }]);
  }

  heldBy(owner: LeaseOwner): readonly HeldLease[] {
    return [...(this.#owners.get(owner)?.addresses.values() ?? [])];
  }

  all(): readonly HeldLease[] {
    return [...this.#held.values()];
  }

  /** When `renew` is due; undefined: not before the next advert. */
  renewalDueAt(): Instant | undefined {
    this.#due ??= { at: this.#soonestRenewal() };
    const due = this.#due.at;
    // What was refused a moment ago would be refused again, at full speed.
    return due !== undefined && this.#retryAt !== undefined && due < this.#retryAt ? this.#retryAt : due;
  }

  /** How old the oldest lease of an owner is if it has run out: the kernel may have removed that address. */
  expiredAge(owner: LeaseOwner, now: Instant): Micros | undefined {
    const owned = this.#owners.get(owner);
    if (owned?.soonestEnd === undefined || now < owned.soonestEnd) return undefined;
    let age: Micros | undefined;
    owned.soonestEnd = undefined;
    for (const held of owned.addresses.values()) {
      owned.soonestEnd = earlier(owned.soonestEnd, held.end);
      if (!mayBeGone(held, now)) continue;
      const candidate = elapsed(held.renewedAt, now);
      if (age === undefined || candidate > age) age = candidate;
    }
    return age;
  }

  /** Gives every address that is leased the lifetime that it may have now, all in one batch. */
  renew(): void {
    const now = this.#clock.now();
    const wanted: Wanted[] = [];
    for (const held of this.#held.values()) {
      const request = held.renewalNow(now);
      if (request !== undefined) wanted.push({ held, request, terms: undefined });
    }
    this.#due = undefined;
    this.#send(wanted);
  }

  /** Lets an owner's addresses live until then, and no longer than whole seconds make it: it will need them no longer. */
  lastUntil(owner: LeaseOwner, until: Instant): void {
    const lifetime = Math.ceil(toSeconds(elapsed(this.#clock.now(), until)));
    const wanted: Wanted[] = [];
    for (const held of this.#owners.get(owner)?.addresses.values() ?? []) {
      const { request, end } = held;
      if (end === undefined || (Number(request.validLifetime) <= lifetime && end >= until)) continue;
      wanted.push({ held, request: withLifetime(request, lifetime), terms: undefined });
    }
    this.#send(wanted);
  }

  /**
   * Sends requests for addresses that are held.
   *
   * The kernel creates an IPv4 address that is missing. So the age is looked at before the batch, and once more after it:
   * this process may have been stopped in between, and an address that came back to life that way goes at once.
   */
  #send(wanted: readonly Wanted[]): void {
    const sentAt = this.#clock.now();
    const due = wanted.filter(({ held }) => !mayBeGone(held, sentAt));
    if (due.length === 0) return;
    const outcomes = this.#kernel.renewAddresses(due.map(({ request }) => request));
    const answeredAt = this.#clock.now();
    this.#retryAt = outcomes.every((outcome) => outcome.ok) ? undefined : after(answeredAt, RETRY);
    for (const [index, { held, request, terms }] of due.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || !outcome.ok) {
        if (outcome !== undefined) this.#log.write("error", describeFailure(outcome.error));
      } else if (mayBeGone(held, answeredAt)) {
        const removed = this.#kernel.removeAddress(request);
        if (removed.ok) this.expectRemoval(request);
        else this.#log.write("error", describeFailure(removed.error));
      } else {
        if (terms === undefined) held.renewed(request, sentAt);
        else held.take(terms, sentAt);
        this.#noteEnd(held);
      }
    }
  }

  /** Where it ends later than before, the time that is noted for its owner is too early, and is found anew when it comes. */
  #noteEnd(held: HeldLease): void {
    const owned = this.#owners.get(held.owner);
    if (owned !== undefined) owned.soonestEnd = earlier(owned.soonestEnd, held.end);
    this.#due = undefined;
  }

  #forget(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    const owned = this.#owners.get(held.owner);
    owned?.addresses.delete(id);
    if (owned?.addresses.size === 0) this.#owners.delete(held.owner);
    this.#due = undefined;
    this.#changes += 1;
  }

  #soonestRenewal(): Instant | undefined {
    const now = this.#clock.now();
    let due: Instant | undefined;
    for (const held of this.#held.values()) due = earlier(due, held.renewalDueAt(now));
    return due;
  }
}

interface Wanted {
  readonly held: HeldLease;
  readonly request: AddressRequest;
  /** Undefined: they stay. */
  readonly terms: HeldTerms | undefined;
}

interface Owned {
  readonly addresses: Map<string, HeldLease>;
  /** No lease of these has run out before; perhaps none has then. Undefined: none ever will. */
  soonestEnd: Instant | undefined;
}

function mayBeGone({ end }: HeldLease, now: Instant): boolean {
  return end !== undefined && now >= end;
}

/** The terms for an address that is about to be added, and is not to outlive the backups' wait any more than a renewed one. */
export function firstTerms(terms: HeldTerms, advertisedAt: Instant, now: Instant): HeldTerms {
  const { lease, request, downTimerAdverts, advertisementInterval } = terms;
  if (lease.kind !== "timed") return terms;
  const fresh = { lease, downTimerAdverts, advertisementInterval, advertisedAt, renewedAt: now, granted: 0 };
  // The kernel knows no shorter one than a second.
  return { ...terms, request: withLifetime(request, lifetimeNow(fresh, now) ?? 1) };
}

/** Several times within the shortest lease. */
const RETRY = millis(100);
