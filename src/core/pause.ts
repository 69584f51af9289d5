import { elapsed, micros, millis } from "../base/time.ts";
import type { Instant, Micros } from "../base/time.ts";

/**
 * The clocks, read in this order right after one another: a hold-up between two readings then looks like the pause it is.
 * The clock port says what each of them is.
 */
export interface ClockSample {
  readonly now: Instant;
  readonly boottime: Instant;
  readonly outside: { readonly at: Instant; readonly resolutionMicros: number } | undefined;
}

export type Pause =
  | { readonly kind: "none" }
  | {
      readonly kind: "paused";
      /**
       * Who stood still: this process alone (stopped, or starved of its processor), the machine (suspended to memory or
       * disk), or the virtual machine together with its kernel's clocks.
       */
      readonly by: "process" | "suspend" | "freeze";
      /** At least this long. A pause by "freeze" is known only to the resolution of the outside clock. */
      readonly length: Micros;
    };

export interface PauseState {
  readonly last: ClockSample;
  readonly offset: OutsideOffset;
}

/** What the outside clock is ahead of boottime by: only bounds are known, since it may tick in whole seconds. */
export type OutsideOffset =
  | { readonly kind: "unknown" }
  | { readonly kind: "between"; readonly low: number; readonly high: number };

export function initialPause(sample: ClockSample): PauseState {
  return { last: sample, offset: offsetOf(sample) };
}

/**
 * Tells whether this process, its machine or its virtual machine has stood still since the sample before.
 *
 * Feed it first thing after every wake-up. An outside clock that somebody sets forward looks like a freeze, which costs
 * one listening time; one that is set back or comes anew is learnt again.
 *
 * @param wakeBy The instant at which the process should have woken at the latest.
 */
export function detectPause(
  state: PauseState,
  sample: ClockSample,
  wakeBy: Instant,
): { readonly state: PauseState; readonly pause: Pause } {
  const late = elapsed(wakeBy, sample.now);
  const suspended = elapsed(state.last.boottime, sample.boottime) - elapsed(state.last.now, sample.now);
  const { frozen, offset } = followOutside(state, sample);
  const pause = longest([
    { kind: "paused", by: "suspend", length: micros(suspended) },
    { kind: "paused", by: "freeze", length: micros(frozen) },
    { kind: "paused", by: "process", length: late },
  ]);
  return { state: { last: sample, offset }, pause };
}

/**
 * Narrows the bounds of the offset with every sample. A freeze makes the outside clock jump ahead by its length, so that
 * the new lower bound lies above the old upper one by at least the length less the width of the bounds. No rounding of
 * the outside clock can do that, however coarse it is.
 */
function followOutside(
  state: PauseState,
  sample: ClockSample,
): { readonly frozen: number; readonly offset: OutsideOffset } {
  const seen = offsetOf(sample);
  const known = state.offset;
  if (seen.kind === "unknown" || known.kind === "unknown") return { frozen: 0, offset: seen };
  const drift = Math.ceil(elapsed(state.last.boottime, sample.boottime) * GREATEST_DRIFT);
  const low = Math.max(known.low - drift, seen.low);
  const high = Math.min(known.high + drift, seen.high);
  if (low <= high) return { frozen: 0, offset: { kind: "between", low, high } };
  return { frozen: Math.max(0, seen.low - known.high - drift), offset: seen };
}

function offsetOf(sample: ClockSample): OutsideOffset {
  const { outside, boottime } = sample;
  if (outside === undefined) return { kind: "unknown" };
  // A clock that ticks in whole seconds reads the second that has begun: its time is that or up to a tick later.
  const low = outside.at - boottime;
  return { kind: "between", low, high: low + outside.resolutionMicros };
}

function longest(candidates: readonly (Pause & { readonly kind: "paused" })[]): Pause {
  let pause: Pause = { kind: "none" };
  for (const candidate of candidates) {
    if (candidate.length <= TOLERANCE) continue;
    if (pause.kind === "none" || candidate.length > pause.length) pause = candidate;
  }
  return pause;
}

/**
 * A busy machine wakes a process late by some tens of milliseconds, and a collection of garbage lasts about as long. That is
 * life and no pause: who drains its sockets before it acts has missed nothing.
 */
const TOLERANCE = millis(100);
/**
 * How fast two clocks of one machine may part: a crystal is off by up to 0.01 %, and adjtimex(2) slews by up to 0.05 %. At a
 * tenth of a percent a slow drift only widens the bounds and is never a pause.
 */
const GREATEST_DRIFT = 0.001;
