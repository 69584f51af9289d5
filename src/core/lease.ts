import { unreachable } from "../base/assert.ts";
import { after, micros, millis, seconds } from "../base/time.ts";
import type { Instant, Micros } from "../base/time.ts";

/** `@holdfast vip_lease`: "auto" follows the advertisement interval. */
export type LeaseSetting = "auto" | "off" | { readonly seconds: number };

/** How long the kernel keeps a virtual address that nobody renews. */
export type Lease =
  /** For ever: nothing removes it when this process dies. */
  { readonly kind: "permanent" } | TimedLease;

export interface TimedLease {
  readonly kind: "timed";
  /** Whole seconds, as the kernel counts them; at least 1. */
  readonly seconds: number;
  /**
   * Whether an address that is no longer renewed is gone before a backup can take over. Where it is not, two holders are
   * possible for a while after a crash, and the lease only ends that.
   */
  readonly coversProtocol: boolean;
}

/** What the common renewal has to serve. */
export interface LeaseHolder {
  readonly advertisementInterval: Micros;
  readonly lease: TimedLease;
}

/** Decides the lease of an instance's addresses. */
export function planLease(setting: LeaseSetting, downTimerAdverts: number, advertisementInterval: Micros): Lease {
  if (setting === "off") return { kind: "permanent" };
  if (setting === "auto") return { kind: "timed", ...leaseSeconds(downTimerAdverts, advertisementInterval) };
  const longest = longestCovering(downTimerAdverts, advertisementInterval);
  return { kind: "timed", seconds: setting.seconds, coversProtocol: setting.seconds <= longest };
}

/**
 * The largest number of whole seconds after which a backup is still waiting: at most `downTimerAdverts` intervals less one
 * second, since the kernel looks only about once a second whether a lifetime has run out. Where that is below 1, it is 2,
 * which a late renewal survives, and does not cover the protocol.
 *
 * @see net/ipv4/devinet.c: check_lifetime.
 */
export function leaseSeconds(
  downTimerAdverts: number,
  advertisementInterval: Micros,
): { readonly seconds: number; readonly coversProtocol: boolean } {
  const longest = longestCovering(downTimerAdverts, advertisementInterval);
  return longest < 1
    ? { seconds: SECONDS_WITHOUT_COVER, coversProtocol: false }
    : { seconds: longest, coversProtocol: true };
}

/**
 * How often the one common batch renews all addresses of this process: twice per advertisement of the fastest instance and
 * four times within the shortest lease, so that a renewal may fail or be late. Never more often than every 250 ms.
 * Undefined: there is nothing to renew.
 *
 * The batch is common because addresses renewed at different phases can outlive their lifetimes by up to 1.4 s, those
 * renewed together by 0.6 s.
 */
export function renewalPeriod(holders: readonly LeaseHolder[]): Micros | undefined {
  if (holders.length === 0) return undefined;
  const wanted = holders.map(({ advertisementInterval, lease }) =>
    Math.min(advertisementInterval / 2, seconds(lease.seconds) / 4),
  );
  return micros(Math.max(Math.floor(Math.min(...wanted)), SHORTEST_PERIOD));
}

/**
 * Until when an address is surely there: from this instant on nobody may count on it, act as its master or renew it.
 *
 * @param lastRenewal Read before the request that the kernel then acknowledged was sent, so that our count never starts
 * after the kernel's.
 */
export function leaseEnd(lease: TimedLease, lastRenewal: Instant): Instant {
  return after(lastRenewal, micros(seconds(lease.seconds) - MARGIN));
}

/** Whether the address may have gone. To be asked before any other event is handled. A permanent one never goes. */
export function isExpired(lease: Lease, lastRenewal: Instant, now: Instant): boolean {
  switch (lease.kind) {
    case "permanent":
      return false;
    case "timed":
      return now >= leaseEnd(lease, lastRenewal);
    default:
      return unreachable(lease);
  }
}

/** May be 0 or negative. */
function longestCovering(downTimerAdverts: number, advertisementInterval: Micros): number {
  return Math.floor((downTimerAdverts * advertisementInterval - seconds(1)) / seconds(1));
}

/** With 1 s a single renewal that is late by a moment would cost mastership, and nothing would be gained. */
const SECONDS_WITHOUT_COVER = 2;
/** Each listener on the host hears of every renewal of every address. */
const SHORTEST_PERIOD = millis(250);
/**
 * The kernel may take an address away 20 ms before its time (ADDRCONF_TIMER_FUZZ_MINUS of net/addrconf.h) and a tick of up
 * to 10 ms more, for it counts in ticks. The rest is for what is done between this check and the kernel's hearing of it.
 */
const MARGIN = millis(100);
