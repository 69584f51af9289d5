import { after, elapsed, micros, millis, seconds } from "../base/time.ts";
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

/** An address that is leased, as the renewal sees it. */
export interface LeasedAddress {
  readonly lease: TimedLease;
  readonly downTimerAdverts: number;
  readonly advertisementInterval: Micros;
  /** When its router last adverted: backups count from then. */
  readonly advertisedAt: Instant;
  /** When its lifetime was last set, and to how many seconds. */
  readonly renewedAt: Instant;
  readonly granted: number;
  /** Addresses of its family that this process has are renewed at other moments than it. */
  readonly hasCompany: boolean;
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
 * second, since the kernel looks only about once a second whether a lifetime has run out, and less what its timers are late by
 * when they wait for so long. Where that is below 1, it is 2, which a late renewal survives, and does not cover the
 * protocol.
 *
 * @see net/ipv4/devinet.c: check_lifetime; kernel/time/timer.c on the granularity of its levels.
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
 * The lifetime that an address may be given now, in whole seconds; undefined: what it has is better.
 *
 * Backups count from the last advert, not from the last renewal. So right after an advert it is the whole lease, later in
 * the interval it is what keeps the address from outliving the backup's wait, the kernel's lateness included.
 */
export function lifetimeNow(address: LeasedAddress, now: Instant): number | undefined {
  const { lease, renewedAt, granted } = address;
  if (!lease.coversProtocol) return lease.seconds;
  const room = slack(address) - elapsed(address.advertisedAt, now);
  const lifetime = Math.min(lease.seconds, lease.seconds + Math.floor(room / seconds(1)));
  return lifetime >= 1 && after(now, seconds(lifetime)) >= after(renewedAt, seconds(granted)) ? lifetime : undefined;
}

/**
 * When the common batch is due for this address: right after an advert, and once more in the interval as late as the whole
 * lease may still be given. Where the lease does not cover the protocol, or is much shorter than the interval, four times
 * within it. Undefined: not before the next advert.
 *
 * The batch is common because addresses renewed at different times can outlive their lifetimes by a second, those renewed
 * together by 0.6 s.
 */
export function renewalDueAt(address: LeasedAddress, now: Instant): Instant | undefined {
  const due = beat(address);
  // Too late for the whole lease, as after a hold-up: there is nothing to gain before the next advert.
  return due !== undefined && due <= now && lifetimeNow(address, now) === undefined ? undefined : due;
}

function beat(address: LeasedAddress): Instant | undefined {
  const { lease, advertisedAt, renewedAt, advertisementInterval } = address;
  const quarter = Math.floor(seconds(lease.seconds) / 4);
  if (!lease.coversProtocol) {
    const period = Math.min(Math.floor(advertisementInterval / 2), quarter);
    return after(renewedAt, micros(Math.max(period, SHORTEST_PERIOD)));
  }
  if (renewedAt < advertisedAt) return advertisedAt;
  const last = after(advertisedAt, micros(slack(address) - ALLOWANCE));
  const next = after(renewedAt, micros(quarter));
  const due = next < last ? next : last;
  return due > renewedAt ? due : undefined;
}

/** How long after an advert the whole lease may still be given. */
function slack({ lease, downTimerAdverts, advertisementInterval, hasCompany }: LeasedAddress): Micros {
  const lateness = Math.max(kernelLateness(lease.seconds), hasCompany ? LATENESS_IN_COMPANY : 0);
  return micros(Math.max(0, downTimerAdverts * advertisementInterval - seconds(lease.seconds) - lateness));
}

/** How much later than asked the kernel removes addresses that were renewed in one batch. */
function kernelLateness(leaseLength: number): Micros {
  return micros(Math.max(SHORTEST_LATENESS, ROUNDING + seconds(leaseLength) / TIMER_GRANULES));
}

/**
 * Until when an address is surely there: from this instant on nobody may count on it, act as its master or renew it.
 *
 * @param lastRenewal Read before the request that the kernel then acknowledged was sent, so that our count never starts
 * after the kernel's.
 */
export function leaseEnd(lease: Pick<TimedLease, "seconds">, lastRenewal: Instant): Instant {
  return after(lastRenewal, micros(seconds(lease.seconds) - MARGIN));
}

/** May be 0 or negative. */
function longestCovering(downTimerAdverts: number, advertisementInterval: Micros): number {
  const wait = downTimerAdverts * advertisementInterval;
  const length = Math.min(wait - seconds(1), (wait - ROUNDING) / (1 + 1 / TIMER_GRANULES));
  return Math.floor(length / seconds(1));
}

/** With 1 s a single renewal that is late by a moment would cost mastership, and nothing would be gained. */
const SECONDS_WITHOUT_COVER = 2;
/** Measured, of leases of a few seconds. */
const SHORTEST_LATENESS = millis(600);
/** The kernel puts its look off to a whole second where that is not more than 250 ms away; the rest is for its worker. */
const ROUNDING = millis(300);
/** A timer of the kernel fires late by up to so large a part of its time: one in TIMER_GRANULES. Measured: 2.1 s of 20 s. */
const TIMER_GRANULES = 8;
/**
 * Whoever adds or renews an address makes the kernel look at all of that family, and then not again for a second. So an
 * address that had a moment left outlives it by that second. A tenth of it is spared: the renewal itself comes later than its
 * advert by a millisecond, not by that.
 */
const LATENESS_IN_COMPANY = millis(900);
/** A wake-up comes late, never early. */
const ALLOWANCE = millis(100);
/** Each listener on the host hears of every renewal of every address. */
const SHORTEST_PERIOD = millis(250);
/**
 * The kernel may take an address away 20 ms before its time (ADDRCONF_TIMER_FUZZ_MINUS of net/addrconf.h) and a tick of up
 * to 10 ms more, for it counts in ticks. The rest is for what is done between this check and the kernel's hearing of it.
 */
const MARGIN = millis(100);
