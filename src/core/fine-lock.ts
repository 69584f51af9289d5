import { after, elapsed, micros, millis, seconds, toMillis } from "../base/time.ts";
import type { Instant, Micros } from "../base/time.ts";
import type { Lease } from "./lease.ts";

/**
 * `@holdfast fine_lock`: "auto" locks where the lease, which has whole seconds, ends too late for the protocol; "on" locks in
 * any case.
 */
export type FineLockSetting = "auto" | "on" | "off";

/** Whether packets of an instance's addresses pass a lock that ends in milliseconds. */
export type FineLock =
  | {
      readonly kind: "off";
      /** `permanent`: its addresses are not leased, so that they outlive this process on purpose. */
      readonly because: "setting" | "lease-suffices" | "permanent";
    }
  | TimedLock;

export interface TimedLock {
  readonly kind: "timed";
  /** From an advert to the end. */
  readonly window: Micros;
  /** Whether nothing is answered any more before a backup can take over. */
  readonly coversProtocol: boolean;
}

/**
 * Decides the lock of an instance's addresses.
 *
 * @param trustWindow How long others wait for an advert at least before one of them takes over.
 */
export function planFineLock(setting: FineLockSetting, lease: Lease, trustWindow: Micros): FineLock {
  if (setting === "off") return { kind: "off", because: "setting" };
  if (lease.kind === "permanent") return { kind: "off", because: "permanent" };
  if (setting === "auto" && lease.coversProtocol) return { kind: "off", because: "lease-suffices" };
  return {
    kind: "timed",
    window: micros(Math.max(trustWindow, SHORTEST)),
    coversProtocol: trustWindow >= SHORTEST,
  };
}

/**
 * When an address must not be served any more unless there is another advert.
 *
 * @param since The last advert, or the claim: read before it was sent.
 */
export function endOf(lock: TimedLock, since: Instant): Instant {
  return after(since, lock.window);
}

/** What is left in whole milliseconds, rounded down, as the kernel does to its own ticks: a lock ends early, never late. */
export function remainingMs(end: Instant, now: Instant): number {
  return Math.max(0, Math.floor(toMillis(elapsed(now, end))));
}

/**
 * How long an address stays guarded whose guard nobody renews: longer than its lease, so that it is gone from the host before
 * the lock opens.
 */
export function guardMs(lease: Lease): number | "forever" {
  return lease.kind === "permanent" ? "forever" : toMillis(micros(seconds(lease.seconds) + GUARD_REST));
}

/** How often a guard is renewed. */
export const GUARD_PERIOD = seconds(5);

/**
 * Three ticks of the slowest kernel clock (100 Hz) and what passes between an advert and the kernel's hearing of its renewal:
 * with less the lock would end between two adverts in time. Where others wait for less than this, it is this, and the lock
 * bounds the damage to the difference.
 */
const SHORTEST = millis(32);

/** The period of the renewal, the kernel's lateness with lifetimes, and some seconds in which the renewals may be held up. */
const GUARD_REST = seconds(15);
