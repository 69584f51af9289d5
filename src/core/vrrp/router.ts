import type { AddressFamily, IpAddress } from "../../base/address.ts";
import { micros, nextBeat, seconds, type Instant, type Micros } from "../../base/time.ts";

/** One virtual router as it takes part right now: its configuration and what trackers made of its priority. */
export interface VirtualRouter {
  readonly vrid: number;
  readonly family: AddressFamily;
  readonly version: 2 | 3;
  /** The effective priority: 1-254, or 255 for the address owner. */
  readonly priority: number;
  /** The source of its adverts, which decides between equal priorities. */
  readonly source: IpAddress;
  readonly advertisementInterval: Micros;
  readonly preemptMode: boolean;
  /** How long a weaker master is left alone before it is pre-empted. */
  readonly preemptDelay: Micros;
  /** How many adverts may be missed; the RFC's 3. */
  readonly downTimerAdverts: number;
  /** The highest priority a backup can have, which tells how soon one may take over; 255 unless known better. */
  readonly strongestBackup: number;
  /** A backup that hears its own master become the weaker one takes over after one skew time. */
  readonly quickPreempt: boolean;
  readonly answersLowerPriority: boolean;
  readonly answersHigherPriority: boolean;
  /** In a sync group: it claims when the group lets it, and leaves with the group. */
  readonly synced: boolean;
  /** Why the latest advert could not be sent, in words; undefined: it was sent. */
  readonly unsent?: string | undefined;
  readonly announce: AnnounceTiming;
}

/** When gratuitous ARP is sent, and how often each time. */
export interface AnnounceTiming {
  /** From becoming active to the second burst; 0: no second burst. */
  readonly delay: Micros;
  readonly repeat: number;
  /** Period of the bursts that go on while active; 0: none. */
  readonly refresh: Micros;
  readonly refreshRepeat: number;
  /** The same as `delay` and `repeat` after a weaker router's advert. */
  readonly lowerPriorityDelay: Micros;
  readonly lowerPriorityRepeat: number;
  /** Period of single announcements where no adverts leave; 0: none. */
  readonly extraPeriod: Micros;
}

/** The priority of a virtual router that owns the addresses (RFC 9568 section 5.2.4). */
export const OWNER_PRIORITY = 255;

/** The priority with which a master says farewell (RFC 9568 section 5.2.4). */
export const FAREWELL_PRIORITY = 0;

/** The owner always pre-empts, and at once (RFC 9568 section 6.1, Preempt_Mode). */
export function preempts(router: VirtualRouter): boolean {
  return router.preemptMode || router.priority === OWNER_PRIORITY;
}

/**
 * Skew_Time: the weaker, the longer, so that the strongest backup is the first. Rounded up: never zero, never early.
 *
 * @param interval Active_Adver_Interval. Version 2 does not use it: there the skew is a fraction of one second.
 * @see RFC 9568 section 6.1; RFC 3768 section 6.1.
 */
export function skewTime(router: VirtualRouter, interval: Micros): Micros {
  const base = router.version === 2 ? seconds(1) : interval;
  return micros(Math.ceil(((256 - router.priority) * base) / 256));
}

/** Active_Down_Interval, called Master_Down_Interval in version 2. The RFCs have 3 where `downTimerAdverts` stands. */
export function activeDownInterval(router: VirtualRouter, interval: Micros): Micros {
  return micros(router.downTimerAdverts * interval + skewTime(router, interval));
}

/**
 * When the next advert is due: within one interval, on a beat that all virtual routers of this host with the same interval
 * share. So they advert in one turn, and one batch right after it renews all leases, which then end together and before
 * anybody takes over. An advert that comes early harms nobody.
 */
export function nextAdvertisementAt(router: VirtualRouter, now: Instant): Instant {
  return nextBeat(now, router.advertisementInterval);
}

/**
 * How long an active router may be silent before the strongest backup there can be, an owner unless it is known better, is
 * entitled to take over. After that it cannot know any more that it is the only one. Rounded down: longer than the interval
 * even where no advert may be missed.
 */
export function trustWindow(
  router: Pick<VirtualRouter, "version" | "advertisementInterval" | "downTimerAdverts" | "strongestBackup">,
): Micros {
  const base = router.version === 2 ? seconds(1) : router.advertisementInterval;
  const smallestSkew = Math.floor(((256 - router.strongestBackup) * base) / 256);
  return micros(router.downTimerAdverts * router.advertisementInterval + smallestSkew);
}
