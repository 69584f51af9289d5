import { after, elapsed, micros, seconds, type Instant, type Micros } from "../base/time.ts";

/** A program that is to run all the time, and is started again when it ends. */
export type RespawnState =
  | { readonly kind: "running"; readonly since: Instant; readonly pause: Micros }
  /** It ended; the next one is started then. */
  | { readonly kind: "resting"; readonly until: Instant; readonly pause: Micros };

/** The first start. */
export function startRespawning(now: Instant): RespawnState {
  return { kind: "running", since: now, pause: FIRST_PAUSE };
}

/**
 * The program has ended, or could not be started. The pause before the next start doubles from 1 s to 60 s, and is short
 * again after the program has run for a minute.
 */
export function rest(state: RespawnState, now: Instant): RespawnState {
  const ran = state.kind === "running" && elapsed(state.since, now) >= STEADY;
  const pause = ran ? FIRST_PAUSE : state.pause;
  return { kind: "resting", until: after(now, pause), pause: micros(Math.min(pause * 2, LONGEST_PAUSE)) };
}

/** The next start. */
export function resume(state: RespawnState, now: Instant): RespawnState {
  return { kind: "running", since: now, pause: state.pause };
}

const FIRST_PAUSE = seconds(1);
const LONGEST_PAUSE = seconds(60);
const STEADY = seconds(60);
