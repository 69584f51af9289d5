import type { IpAddress } from "../../base/address.ts";
import { after, earliest, millis, type Instant } from "../../base/time.ts";
import { endOf, GUARD_PERIOD, guardMs, remainingMs, type FineLock } from "../../core/fine-lock.ts";
import type { Lease } from "../../core/lease.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import {
  SHORTEST_TIME_MS,
  type FilterChanges,
  type PacketFilter,
  type TimedAddress,
} from "../../ports/packet-filter.ts";

/** Whoever holds addresses behind the lock. Its identity is what counts. */
export interface LockOwner {
  /** When it last adverted that it is master: backups count from then. */
  readonly advertisedAt: Instant;
}

/** What the configuration says of an owner's addresses. */
export interface LockTerms {
  readonly lock: FineLock;
  readonly lease: Lease;
  /** Whether others may talk to the addresses (`accept`). */
  readonly accept: boolean;
}

/** How the packet filter is doing. */
export type LockHealth =
  /** Nothing asks for it. */
  | { readonly kind: "unused" }
  | { readonly kind: "working" }
  /** This host has none that we may use. */
  | { readonly kind: "missing"; readonly failure: SystemFailure }
  /** It has refused the last change. Tried again. */
  | { readonly kind: "failing"; readonly failure: SystemFailure };

/**
 * Lets packets from and to virtual addresses pass only as long as somebody keeps saying so, in milliseconds: the lock that is
 * finer than leases. Also keeps others from addresses that do not accept.
 *
 * An address is guarded from before it is added until after it is removed, and is alive for a while from each advert. If this
 * process dies or hangs the kernel stops serving the address, though it is still there. Without a packet filter everything
 * goes on, with the lease alone.
 */
export class FineLockKeeper {
  readonly #filter: PacketFilter;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #held = new Map<LockOwner, Held>();
  #health: LockHealth = { kind: "unused" };
  /** Not before then is anything tried again; undefined: the last change succeeded. */
  #retryAt: Instant | undefined;

  constructor(dependencies: { readonly filter: PacketFilter; readonly clock: Clock; readonly log: Log }) {
    this.#filter = dependencies.filter;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
  }

  get health(): LockHealth {
    return this.#health;
  }

  /**
   * Makes the packet filter ready where some of these terms need it, and says so where there is none. To be called at the
   * start and with each reload, before `cover`.
   */
  prepare(wanted: readonly LockTerms[]): void {
    if (this.#isReady() || !wanted.some(needsFilter)) return;
    const prepared = this.#filter.prepare();
    if (prepared.ok) {
      this.#health = { kind: "working" };
      return;
    }
    const isKnown = this.#health.kind === "missing" && this.#health.failure.errno === prepared.error.errno;
    this.#health = { kind: "missing", failure: prepared.error };
    if (isKnown) return;
    const losses = wanted.flatMap(lossOf);
    const level = losses.length > 0 ? "warn" : "info";
    const consequence = [...new Set(losses)].join("; ") || "the leases alone end what a crash leaves behind";
    this.#log.write(level, `${describeFailure(prepared.error)}: ${consequence}`);
  }

  /**
   * Before addresses are added: from now on these are the owner's, guarded, and alive as if it had adverted at `since`. Those
   * that it had before, and that are not among them, have been removed.
   */
  cover(owner: LockOwner, addresses: readonly IpAddress[], terms: LockTerms, since: Instant): void {
    const known = this.#held.get(owner);
    if (addresses.length === 0 || !needsFilter(terms)) return this.release(owner);
    const isSame = known !== undefined && JSON.stringify(known.terms) === JSON.stringify(terms);
    const list = new Set(addresses);
    const gone = [...(known?.addresses ?? [])].filter((address) => !isSame || !list.has(address));
    const until = undefined;
    this.#held.set(owner, { addresses: list, terms, since, until, renewedAt: undefined, guardedAt: undefined });
    this.#change([owner], [owner], this.#unshared(owner, gone));
  }

  /** After all, or these, of an owner's addresses were removed. Another owner that has them keeps them. */
  release(owner: LockOwner, addresses?: readonly IpAddress[]): void {
    const held = this.#held.get(owner);
    if (held === undefined) return;
    const gone = addresses ?? [...held.addresses];
    const left = new Set([...held.addresses].filter((address) => !gone.includes(address)));
    if (left.size === 0) this.#held.delete(owner);
    else this.#held.set(owner, { ...held, addresses: left });
    this.#change([], [], this.#unshared(owner, gone));
  }

  /** The owner hands over: its addresses are alive until then, and no longer. */
  limit(owner: LockOwner, until: Instant): void {
    const held = this.#held.get(owner);
    if (held === undefined) return;
    this.#held.set(owner, { ...held, until });
    this.#change([owner], [], []);
  }

  /** When `renew` is due; undefined: not before the next advert. */
  renewalDueAt(): Instant | undefined {
    if (!this.#isReady()) return undefined;
    let due: Instant | undefined;
    for (const [owner, held] of this.#held) due = earliest(due, renewalOf(owner, held), guardRenewalOf(held));
    return due !== undefined && this.#retryAt !== undefined && due < this.#retryAt ? this.#retryAt : due;
  }

  /** Keeps alive what was adverted since the last time, and renews the guards that are old. */
  renew(): void {
    const now = this.#clock.now();
    const due = (at: Instant | undefined): boolean => at !== undefined && at <= now;
    const all = [...this.#held];
    const owners = all.filter(([owner, held]) => due(renewalOf(owner, held))).map(([owner]) => owner);
    const guards = all.filter(([, held]) => due(guardRenewalOf(held))).map(([owner]) => owner);
    this.#change(owners, guards, []);
  }

  /** At the end, when everything has been released. */
  close(): void {
    if (!this.#isReady()) return;
    this.#health = { kind: "unused" };
    const removed = this.#filter.remove();
    if (!removed.ok) this.#log.write("warn", describeFailure(removed.error));
  }

  #isReady(): boolean {
    return this.#health.kind === "working" || this.#health.kind === "failing";
  }

  #unshared(owner: LockOwner, addresses: readonly IpAddress[]): readonly IpAddress[] {
    const others = [...this.#held].filter(([other]) => other !== owner);
    return addresses.filter((address) => !others.some(([, held]) => held.addresses.has(address)));
  }

  #change(alive: readonly LockOwner[], guards: readonly LockOwner[], forget: readonly IpAddress[]): void {
    if (!this.#isReady() || alive.length + guards.length + forget.length === 0) return;
    const sentAt = this.#clock.now();
    let [renewed, guarded] = [alive, guards];
    let changed = this.#filter.change(this.#changes(alive, guards, forget, sentAt));
    if (!changed.ok && changed.error.errno === "ENOENT") {
      this.#log.write("warn", "somebody has removed Holdfast's part of nf_tables: making it anew");
      changed = this.#filter.prepare();
      [renewed, guarded] = [[...this.#held.keys()], [...this.#held.keys()]];
      if (changed.ok) changed = this.#filter.change(this.#changes(renewed, guarded, [], sentAt));
    }
    const answeredAt = this.#clock.now();
    if (!changed.ok) return this.#noteFailure(changed.error, answeredAt);
    this.#retryAt = undefined;
    this.#health = { kind: "working" };
    this.#note(renewed, { renewedAt: sentAt });
    this.#note(guarded, { guardedAt: sentAt });
    this.#endWhatIsOver(renewed, answeredAt);
  }

  /** What each address may have now, of all owners that it has: the longest. */
  #changes(
    alive: readonly LockOwner[],
    guards: readonly LockOwner[],
    forget: readonly IpAddress[],
    now: Instant,
  ): FilterChanges {
    const [guard, keepAlive, refuse] = [new Times(), new Times(), new Times()];
    for (const owner of guards) {
      const held = this.#held.get(owner);
      if (held === undefined) continue;
      const { lock, lease, accept } = held.terms;
      if (lock.kind === "timed") guard.add(held.addresses, guardMs(lease));
      if (!accept) refuse.add(held.addresses, guardMs(lease));
    }
    for (const owner of alive) this.#addLife(owner, now, keepAlive);
    // What another owner shares must not be cut to the time of those that are due.
    for (const owner of this.#held.keys()) if (!alive.includes(owner)) this.#addLife(owner, now, keepAlive, true);
    return { guard: guard.list(1), keepAlive: keepAlive.list(SHORTEST_TIME_MS), refuse: refuse.list(1), forget };
  }

  #addLife(owner: LockOwner, now: Instant, times: Times, onlyKnown = false): void {
    const held = this.#held.get(owner);
    const end = held === undefined ? undefined : lockEnd(owner, held);
    if (held === undefined || end === undefined) return;
    const addresses = onlyKnown ? [...held.addresses].filter((address) => times.has(address)) : held.addresses;
    times.add(addresses, remainingMs(end, now));
  }

  #note(owners: readonly LockOwner[], news: Partial<Pick<Held, "renewedAt" | "guardedAt">>): void {
    for (const owner of owners) {
      const held = this.#held.get(owner);
      if (held !== undefined) this.#held.set(owner, { ...held, ...news });
    }
  }

  /**
   * This process may have been stopped between the reading of the clock and the change, which then has brought back to life
   * what was over.
   */
  #endWhatIsOver(owners: readonly LockOwner[], now: Instant): void {
    const over = new Set<IpAddress>();
    for (const owner of owners) {
      if (this.#isOver(owner, now)) for (const address of this.#held.get(owner)?.addresses ?? []) over.add(address);
    }
    for (const [owner, held] of this.#held) {
      if (!this.#isOver(owner, now)) for (const address of held.addresses) over.delete(address);
    }
    if (over.size === 0) return;
    const keepAlive = [...over].map((address) => ({ address, ms: 0 }));
    const ended = this.#filter.change({ guard: [], keepAlive, refuse: [], forget: [] });
    if (!ended.ok) this.#log.write("error", describeFailure(ended.error));
  }

  #isOver(owner: LockOwner, now: Instant): boolean {
    const held = this.#held.get(owner);
    const end = held === undefined ? undefined : lockEnd(owner, held);
    return end !== undefined && end <= now;
  }

  #noteFailure(failure: SystemFailure, now: Instant): void {
    // Once, until it works again: each advert would say it anew. Guards that nobody renews end by themselves.
    if (this.#health.kind !== "failing") this.#log.write("error", describeFailure(failure));
    this.#health = { kind: "failing", failure };
    this.#retryAt = after(now, RETRY);
  }
}

interface Held {
  readonly addresses: ReadonlySet<IpAddress>;
  readonly terms: LockTerms;
  /** The claim, which counts as an advert: one follows in the same turn. */
  readonly since: Instant;
  /** Handed over until then. */
  readonly until: Instant | undefined;
  /** Read before the last change that the kernel acknowledged was sent; undefined: there was none. */
  readonly renewedAt: Instant | undefined;
  readonly guardedAt: Instant | undefined;
}

/** Addresses with the longest of the times that they were given. */
class Times {
  readonly #ms = new Map<IpAddress, number | "forever">();

  add(addresses: Iterable<IpAddress>, ms: number | "forever"): void {
    for (const address of addresses) {
      const known = this.#ms.get(address) ?? 0;
      this.#ms.set(address, ms === "forever" || known === "forever" ? "forever" : Math.max(ms, known));
    }
  }

  has(address: IpAddress): boolean {
    return this.#ms.has(address);
  }

  /** Without those whose time is shorter than `least`: what they have ends sooner than the kernel counts. */
  list(least: number): TimedAddress[] {
    const list: TimedAddress[] = [];
    for (const [address, ms] of this.#ms) if (ms === "forever" || ms >= least) list.push({ address, ms });
    return list;
  }
}

function needsFilter({ lock, accept }: LockTerms): boolean {
  return lock.kind === "timed" || !accept;
}

function lossOf({ lock, lease, accept }: LockTerms): string[] {
  const losses: string[] = [];
  if (lock.kind === "timed" && lease.kind === "timed" && !lease.coversProtocol) {
    losses.push(`adverts come faster than leases end, so a crash can leave two holders for up to ${lease.seconds} s`);
  }
  if (!accept) losses.push("no_accept has no effect, the addresses answer");
  return losses;
}

function lockEnd({ advertisedAt }: LockOwner, { terms, since, until }: Held): Instant | undefined {
  if (terms.lock.kind === "off") return undefined;
  return until ?? endOf(terms.lock, advertisedAt > since ? advertisedAt : since);
}

function renewalOf({ advertisedAt }: LockOwner, { terms, until, renewedAt }: Held): Instant | undefined {
  if (terms.lock.kind === "off" || until !== undefined) return undefined;
  return renewedAt === undefined || renewedAt < advertisedAt ? advertisedAt : undefined;
}

function guardRenewalOf({ since, guardedAt }: Held): Instant {
  return guardedAt === undefined ? since : after(guardedAt, GUARD_PERIOD);
}

/** Several times within the shortest lease. */
const RETRY = millis(100);
