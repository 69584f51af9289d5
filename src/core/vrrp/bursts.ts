import { after, micros, type Instant } from "../../base/time.ts";
import type { Effect } from "./event.ts";
import type { VirtualRouter } from "./router.ts";
import type { Burst } from "./state.ts";

/** What is still to be announced after a virtual router has become active and announced its addresses. */
export function claimBursts(router: VirtualRouter, now: Instant): readonly Burst[] {
  const { delay, repeat } = router.announce;
  const second: readonly Burst[] =
    delay > 0 ? [{ at: after(now, delay), repeat, period: NEVER_AGAIN, reason: "claim" }] : [];
  return [...second, ...repeated(router, now)];
}

/** Takes out what has become due. What repeats is put off by its period. */
export function takeDue(
  bursts: readonly Burst[],
  now: Instant,
): { readonly bursts: readonly Burst[]; readonly effects: readonly Effect[] } {
  const effects: Effect[] = [];
  const later: Burst[] = [];
  for (const burst of bursts) {
    if (burst.at > now) {
      later.push(burst);
    } else {
      effects.push(
        burst.reason === "extra" ? { kind: "announce-extra" } : { kind: "announce-addresses", repeat: burst.repeat },
      );
      if (burst.period > 0) later.push({ ...burst, at: after(now, burst.period) });
    }
  }
  return { bursts: later, effects };
}

/** Announces now, and once more later, since hosts and switches may have believed another. */
export function reassert(
  router: VirtualRouter,
  bursts: readonly Burst[],
  now: Instant,
): { readonly bursts: readonly Burst[]; readonly effects: readonly Effect[] } {
  const { lowerPriorityDelay: delay, lowerPriorityRepeat: repeat } = router.announce;
  if (repeat === 0) return { bursts, effects: [] };
  const others = bursts.filter((burst) => burst.reason !== "reassert");
  const second: readonly Burst[] =
    delay > 0 ? [{ at: after(now, delay), repeat, period: NEVER_AGAIN, reason: "reassert" }] : [];
  return { bursts: [...others, ...second], effects: [{ kind: "announce-addresses", repeat }] };
}

/**
 * What was still to come, by new times: second bursts move with their delay, what repeats comes a period from now, and no later
 * than it was going to.
 */
export function replan(
  router: VirtualRouter,
  previous: VirtualRouter,
  bursts: readonly Burst[],
  now: Instant,
): readonly Burst[] {
  const { announce } = router;
  const second = bursts.flatMap((burst): readonly Burst[] => {
    if (burst.reason === "refresh" || burst.reason === "extra") return [];
    const claim = burst.reason === "claim";
    const before = claim ? previous.announce.delay : previous.announce.lowerPriorityDelay;
    const delay = claim ? announce.delay : announce.lowerPriorityDelay;
    const repeat = claim ? announce.repeat : announce.lowerPriorityRepeat;
    if (delay === 0 || repeat === 0) return [];
    const moved = after(burst.at, micros(delay - before));
    return [{ ...burst, at: moved > now ? moved : now, repeat }];
  });
  const again = repeated(router, now).map((burst) => {
    const before = bursts.find(({ reason }) => reason === burst.reason)?.at ?? burst.at;
    return before < burst.at ? { ...burst, at: before } : burst;
  });
  return [...second, ...again];
}

function repeated({ announce }: VirtualRouter, now: Instant): readonly Burst[] {
  const { refresh, refreshRepeat, extraPeriod } = announce;
  const bursts: Burst[] = [];
  if (refresh > 0) bursts.push({ at: after(now, refresh), repeat: refreshRepeat, period: refresh, reason: "refresh" });
  if (extraPeriod > 0) bursts.push({ at: after(now, extraPeriod), repeat: 1, period: extraPeriod, reason: "extra" });
  return bursts;
}

const NEVER_AGAIN = micros(0);
