import { ADVERT_INTERVAL, SCRIPT, type Settings } from "./settings.ts";

/** What the protocol and Holdfast promise, in milliseconds. */
export interface Bounds {
  readonly advertInterval: number;
  /** Active_Down_Interval of the weakest node there is: nobody waits longer for a silent master. */
  readonly down: number;
  /** Active_Down_Interval of a node with priority 254: nobody is quicker. */
  readonly quickestDown: number;
  /** Skew_Time of the weakest node: nobody waits longer after a farewell. */
  readonly skew: number;
  /** For how long two nodes may hold the address while one relieves the other in good order. */
  readonly handOver: number;
  /** How long an address that nobody renews may outlive its holder. */
  readonly lease: number;
  /** From the death of a process of Holdfast to the moment at which its successor renews what was left. */
  readonly respawn: number;
  /** An address that somebody deleted is back. */
  readonly repair: number;
  /** From the failure of the tracked script to the verdict. */
  readonly scriptFails: number;
  /** From the end of a fault to the moment at which the strongest node alone holds the address. */
  readonly settling: number;
}

/**
 * Gives the bounds for virtual routers whose weakest has a priority.
 *
 * @see RFC 9568 section 6.1: Active_Down_Interval is 3 * Active_Adver_Interval + Skew_Time, and Skew_Time is (256 - Priority)
 * * Active_Adver_Interval / 256; RFC 3768 section 6.1: the same with (256 - Priority) / 256 s.
 */
export function boundsOf(settings: Settings, weakestPriority: number): Bounds {
  const advertInterval = ADVERT_INTERVAL * 1000;
  const skewOf = (priority: number): number =>
    ((256 - priority) / 256) * (settings.version === 2 ? 1000 : advertInterval);
  const down = 3 * advertInterval + skewOf(weakestPriority);
  const scriptFails = (SCRIPT.fall * SCRIPT.interval + SCRIPT.timeout) * 1000;
  return {
    advertInterval,
    down,
    quickestDown: 3 * advertInterval + skewOf(254),
    skew: skewOf(weakestPriority),
    // Who leaves waits 200 ms for the announcement after the first advert of who comes; the rest is for the kernels.
    handOver: 250,
    // Two seconds for 3 adverts of one second, and what the kernel looks later than asked.
    lease: 2_000 + 600,
    respawn: 1_300,
    repair: 150,
    scriptFails,
    settling:
      START +
      down +
      settings.preemptDelay * 1000 +
      SCRIPT.rise * SCRIPT.interval * 1000 +
      2 * advertInterval +
      RESPAWNS,
  };
}

/** A daemon starts and reads its configuration. */
const START = 3_000;
/** What a supervisor waits before it starts a child again that has died young a few times. */
const RESPAWNS = 8_000;
