import { elapsed, micros, type Instant, type Micros } from "../../base/time.ts";

/** How regularly somebody is heard. */
export interface Arrival {
  readonly lastAt: Instant;
  /** The smoothed time between two; undefined after the first. */
  readonly interval: Micros | undefined;
  /** The smoothed distance from that interval, as RFC 3550 section 6.4.1 has it; undefined with the interval. */
  readonly jitter: Micros | undefined;
}

/**
 * Takes in one more. After a silence of many intervals the rhythm is another, and is measured anew: a sender that stops for a
 * minute does not become one that speaks every ten seconds.
 */
export function arrived(before: Arrival | undefined, now: Instant): Arrival {
  if (before === undefined) return { lastAt: now, interval: undefined, jitter: undefined };
  const gap = elapsed(before.lastAt, now);
  const { interval, jitter } = before;
  if (interval === undefined || jitter === undefined) return { lastAt: now, interval: gap, jitter: micros(0) };
  if (gap > SILENCE * interval) return { lastAt: now, interval: undefined, jitter: undefined };
  const distance = Math.abs(gap - interval);
  return {
    lastAt: now,
    interval: micros(Math.round(interval + (gap - interval) / SMOOTHING)),
    jitter: micros(Math.round(jitter + (distance - jitter) / SMOOTHING)),
  };
}

/** RFC 3550's gain of 1/16. */
const SMOOTHING = 16;

/** So many intervals without a word, and a word after it is the first of another series. */
const SILENCE = 10;
