import type { Service } from "./services.ts";
import { SCRIPT, type Settings } from "./settings.ts";

/** What the protocol and Holdfast promise, in milliseconds. */
export interface Bounds {
  readonly advertInterval: number;
  /** Active_Down_Interval of the weakest node there is: nobody waits longer for a silent master. */
  readonly down: number;
  /** Active_Down_Interval of a node with priority 254: nobody is quicker. */
  readonly quickestDown: number;
  /** Skew_Time of the weakest node: nobody waits longer after a farewell. */
  readonly skew: number;
  /** Two backups whose priorities are neighbors may claim at once: their waits differ by less than a machine needs to hear. */
  readonly hasRivals: boolean;
  /** For how long two nodes may hold the address while one relieves the other in good order. */
  readonly handOver: number;
  /** How long an address that nobody renews may outlive its holder. */
  readonly lease: number;
  /** For how long its packets may pass: as long as the address is there, or as nf_tables lets them (ADR 0016). */
  readonly lock: number;
  /** From the death of a process of Holdfast to the moment at which its successor renews what was left. */
  readonly respawn: number;
  /** After the end of a cut: neighbors find out a link-layer address again that nobody could tell them meanwhile. */
  readonly resolution: number;
  /** An address that somebody deleted is back. */
  readonly repair: number;
  /** From the failure of the tracked script to the verdict. */
  readonly scriptFails: number;
  /** From the end of a fault to the moment at which the strongest node alone holds the address. */
  readonly settling: number;
  /** A change so near to the beginning of a fault was under way by then: it is quicker than who has become deaf. */
  readonly underWay: number;
  /** A time without processor from which on nothing can be said. */
  readonly starved: number;
  /** One after which the cluster may have to come to itself again. */
  readonly longStarved: number;
}

export interface Circumstances extends Pick<Settings, "transport" | "preemptDelay"> {
  readonly weakestPriority: number;
}

/**
 * Gives the bounds for a virtual router whose weakest node has a priority.
 *
 * @see RFC 9568 section 6.1: Active_Down_Interval is 3 * Active_Adver_Interval + Skew_Time, and Skew_Time is (256 - Priority)
 * * Active_Adver_Interval / 256; RFC 3768 section 6.1: the same with (256 - Priority) / 256 s.
 */
export function boundsOf(
  { version, advertIntervalMs: advertInterval }: Pick<Service, "version" | "advertIntervalMs">,
  { transport, preemptDelay, weakestPriority }: Circumstances,
): Bounds {
  const skewOf = (priority: number): number => ((256 - priority) / 256) * (version === 2 ? 1000 : advertInterval);
  const quickestDown = 3 * advertInterval + skewOf(254);
  const down = 3 * advertInterval + skewOf(weakestPriority);
  const scriptFails = (SCRIPT.fall * SCRIPT.interval + SCRIPT.timeout) * 1000;
  return {
    advertInterval,
    down,
    quickestDown,
    skew: skewOf(weakestPriority),
    // Priorities are multiples of five.
    hasRivals: skewOf(95) - skewOf(100) < 10,
    // Who leaves waits 200 ms for the announcement after the first advert of who comes, and no longer than the weakest node
    // can need; the rest is for the kernels.
    handOver: Math.min(200, skewOf(1)) + 50,
    // Two seconds for 3 adverts of one second and of less, and what the kernel looks later than asked.
    lease: LEASE,
    lock: Math.min(LEASE, quickestDown),
    respawn: 1_300,
    // They ask once a second. Groups need nobody's address.
    resolution: transport === "unicast" ? 1_000 : 0,
    repair: 150,
    scriptFails,
    settling: START + down + preemptDelay * 1000 + SCRIPT.rise * SCRIPT.interval * 1000 + 2 * advertInterval + RESPAWNS,
    underWay: Math.min(300, advertInterval),
    starved: Math.min(300, advertInterval),
    // Leases and locks have ended, and the others have claimed.
    longStarved: Math.min(1_000, 3 * advertInterval),
  };
}

const LEASE = 2_600;

/** A daemon starts and reads its configuration. */
const START = 3_000;
/** What a supervisor waits before it starts a child again that has died young a few times. */
const RESPAWNS = 8_000;
