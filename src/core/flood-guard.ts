import { elapsed, millis, seconds, type Instant } from "../base/time.ts";

/** Whether strangers fill a socket: adverts for virtual routers that nobody here takes part in. */
export type FloodGuard =
  | { readonly kind: "open"; readonly since: Instant; readonly strangers: number }
  /** The kernel throws away what strangers send, but for one in `SAMPLE`. */
  | { readonly kind: "closed"; readonly since: Instant; readonly strangers: number };

export function openGuard(now: Instant): FloodGuard {
  return { kind: "open", since: now, strangers: 0 };
}

/**
 * Takes in how many of a batch of packets were strangers'. It closes within a tenth of a second of a flood, and opens when
 * five seconds had no more than a tenth of one.
 *
 * To be called for each batch, and now and then while it is closed.
 */
export function watchStrangers(guard: FloodGuard, strangers: number, now: Instant): FloodGuard {
  const lasted = elapsed(guard.since, now);
  if (guard.kind === "open") {
    const isNew = lasted >= WINDOW;
    const counted = isNew ? strangers : guard.strangers + strangers;
    if (counted >= FLOOD) return { kind: "closed", since: now, strangers: 0 };
    return { kind: "open", since: isNew ? now : guard.since, strangers: counted };
  }
  const total = guard.strangers + strangers;
  if (lasted < CALM) return { ...guard, strangers: total };
  const isOver = total * SAMPLE * WINDOW < (FLOOD / 10) * lasted;
  return { kind: isOver ? "open" : "closed", since: now, strangers: 0 };
}

/** Of so many packets one is heard while the guard is closed: who floods us is to be named. */
export const SAMPLE = 64;

/** So many in a tenth of a second. A full interface of other clusters, all at once, has 255. */
const FLOOD = 500;
const WINDOW = millis(100);
const CALM = seconds(5);
