import { createDeadlineHeap, type Deadline } from "../../base/deadline-heap.ts";
import { after, elapsed, millis, toSeconds, type Instant, type Micros } from "../../base/time.ts";
import { lifetimeNow } from "../../core/lease.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { AddressRequest, Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { HeldLease, withLifetime, type HeldAddress, type HeldTerms, type LeaseOwner } from "./held-lease.ts";
import { addressKey, type AddressKey } from "./interface-table.ts";
import { LeaseCompany } from "./lease-company.ts";
import { OwnedLeases } from "./owned-leases.ts";
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
  readonly #company = new LeaseCompany();
  readonly #owners = new Map<LeaseOwner, OwnedLeases>();
  /** Owners whose addresses are to be renewed, with their entries. */
  readonly #due = createDeadlineHeap<LeaseOwner>();
  readonly #dueEntries = new Map<LeaseOwner, Deadline<LeaseOwner>>();
  /** Owners whose entry may not be true any more. */
  readonly #stale = new Set<LeaseOwner>();
  /** Removals by this process that the kernel has yet to tell of. */
  readonly #removals = new Map<string, number>();

  /** How often an address has come or gone: see `changes`. */
  #changes = 0;
  /** For each owner, too. */
  readonly #changesOf = new WeakMap<LeaseOwner, number>();
  /** Who had an address before another took it over. */
  readonly #displaced = new Map<string, Set<LeaseOwner>>();
  #isWantedBack = false;
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

  /** Whether somebody may put back what another has given up. Asked about once. */
  takeWantedBack(): boolean {
    const isWantedBack = this.#isWantedBack;
    this.#isWantedBack = false;
    return isWantedBack;
  }

  /** As `changes`, of one owner's addresses. */
  changesOf(owner: LeaseOwner): number {
    return this.#changesOf.get(owner) ?? 0;
  }

  hold(address: HeldAddress): void {
    const id = addressKey(address.request);
    const former = this.#held.get(id)?.owner;
    this.#forget(id);
    if (former !== undefined && former !== address.owner) this.#displace(id, former);
    const held = new HeldLease(address, this.#company);
    this.#held.set(id, held);
    this.#company.count(held);
    let owned = this.#owners.get(held.owner);
    if (owned === undefined) {
      owned = new OwnedLeases();
      this.#owners.set(held.owner, owned);
    }
    owned.add(id, held);
    this.#noteChange(held.owner);
  }

  find(key: AddressKey): HeldLease | undefined {
    return this.#held.get(addressKey(key));
  }

  /** @returns whether the owner had it. */
  drop(key: AddressKey, owner: LeaseOwner): boolean {
    const id = addressKey(key);
    if (this.#held.get(id)?.owner !== owner) {
      this.#displaced.get(id)?.delete(owner);
      return false;
    }
    this.#forget(id);
    for (const former of this.#displaced.get(id) ?? []) {
      this.#noteChange(former);
      this.#isWantedBack = true;
    }
    this.#displaced.delete(id);
    return true;
  }

  /** It has adverted, or hands over, or has thought better of it. */
  noticeOwner(owner: LeaseOwner): void {
    if (this.#owners.has(owner)) this.#stale.add(owner);
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
      this.#company.count(held);
      return this.#noteEnd(held);
    }
    const preparation = beforeFirstLifetime(request, granted);
    if (preparation !== undefined) this.#kernel.renewAddresses([preparation]);
    this.#send([{ held, request, terms }]);
  }

  heldBy(owner: LeaseOwner): readonly HeldLease[] {
    return [...(this.#owners.get(owner)?.all() ?? [])];
  }

  all(): readonly HeldLease[] {
    return [...this.#held.values()];
  }

  /** When `renew` is due; undefined: not before the next advert. */
  renewalDueAt(): Instant | undefined {
    this.#refresh();
    const due = this.#due.first()?.at;
    // What was refused a moment ago would be refused again, at full speed.
    return due !== undefined && this.#retryAt !== undefined && due < this.#retryAt ? this.#retryAt : due;
  }

  /** How old the oldest lease of an owner is if it has run out: the kernel may have removed that address. */
  expiredAge(owner: LeaseOwner, now: Instant): Micros | undefined {
    return this.#owners.get(owner)?.expiredAge(now);
  }

  /** Gives the addresses that are due the lifetime that they may have now, all in one batch. */
  renew(): void {
    this.#refresh();
    const now = this.#clock.now();
    const wanted: Wanted[] = [];
    for (let first = this.#due.first(); first !== undefined && first.at <= now; first = this.#due.first()) {
      const owner = first.value;
      this.#due.remove(first);
      this.#dueEntries.delete(owner);
      this.#stale.add(owner);
      for (const held of this.#owners.get(owner)?.all() ?? []) {
        const request = held.renewalNow(now);
        if (request !== undefined) wanted.push({ held, request, terms: undefined });
      }
    }
    this.#send(wanted);
  }

  /** Lets an owner's addresses live until then, and no longer than whole seconds make it: it will need them no longer. */
  lastUntil(owner: LeaseOwner, until: Instant): void {
    const lifetime = Math.ceil(toSeconds(elapsed(this.#clock.now(), until)));
    const wanted: Wanted[] = [];
    for (const held of this.#owners.get(owner)?.all() ?? []) {
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
        else {
          held.take(terms, sentAt);
          this.#company.count(held);
        }
        this.#noteEnd(held);
      }
    }
  }

  #noteEnd(held: HeldLease): void {
    this.#owners.get(held.owner)?.noticeEnd(held);
    this.#stale.add(held.owner);
  }

  #forget(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    this.#company.forget(held);
    const owned = this.#owners.get(held.owner);
    owned?.remove(id);
    if (owned?.size === 0) this.#owners.delete(held.owner);
    this.#noteChange(held.owner);
  }

  #displace(id: string, former: LeaseOwner): void {
    const owners = this.#displaced.get(id) ?? new Set<LeaseOwner>();
    this.#displaced.set(id, owners.add(former));
  }

  #noteChange(owner: LeaseOwner): void {
    this.#stale.add(owner);
    this.#changes += 1;
    this.#changesOf.set(owner, this.changesOf(owner) + 1);
  }

  /** Looks at the owners alone of whom something is new: there may be thousands. */
  #refresh(): void {
    if (this.#stale.size === 0) return;
    const now = this.#clock.now();
    for (const owner of this.#stale) {
      const at = this.#owners.get(owner)?.renewalDueAt(now);
      const entry = this.#dueEntries.get(owner);
      if (entry?.at === at) continue;
      if (entry !== undefined) this.#due.remove(entry);
      if (at === undefined) this.#dueEntries.delete(owner);
      else this.#dueEntries.set(owner, this.#due.add(at, owner));
    }
    this.#stale.clear();
  }
}

interface Wanted {
  readonly held: HeldLease;
  readonly request: AddressRequest;
  /** Undefined: they stay. */
  readonly terms: HeldTerms | undefined;
}

function mayBeGone({ end }: HeldLease, now: Instant): boolean {
  return end !== undefined && now >= end;
}

/** The terms for an address that is about to be added, and is not to outlive the backups' wait any more than a renewed one. */
export function firstTerms(terms: HeldTerms, advertisedAt: Instant, now: Instant): HeldTerms {
  const { lease, request, downTimerAdverts, advertisementInterval } = terms;
  if (lease.kind !== "timed") return terms;
  const when = { advertisedAt, renewedAt: now, granted: 0, hasCompany: false };
  const fresh = { lease, downTimerAdverts, advertisementInterval, ...when };
  // The kernel knows no shorter one than a second.
  return { ...terms, request: withLifetime(request, lifetimeNow(fresh, now) ?? 1) };
}

/** Several times within the shortest lease. */
const RETRY = millis(100);
