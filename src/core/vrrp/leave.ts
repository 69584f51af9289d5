// The ways in which a master gives up: without a word, with a farewell, or to one that it has heard.
import { after, millis, type Instant, type Micros } from "../../base/time.ts";
import { handOverLimit } from "../hand-over.ts";
import type { Cause, Effect } from "./event.ts";
import { listen, listenAsOthers } from "./listen.ts";
import { FAREWELL_PRIORITY, skewTime, type VirtualRouter } from "./router.ts";
import type { Backup } from "./state.ts";
import { change, type Step } from "./step.ts";

const sayFarewell: Effect = { kind: "send-advertisement", priority: FAREWELL_PRIORITY };
const removeAddresses: Effect = { kind: "remove-addresses" };

/** Says that it leaves, and serves no more. */
export const farewellAtOnce: readonly Effect[] = [sayFarewell, removeAddresses];

/**
 * Gives up and listens for a whole interval, as an owner does too. Without a word unless it is given: somebody else may be
 * active already, and a farewell would disturb it.
 */
export function withdraw(
  router: VirtualRouter,
  cause: Cause,
  now: Instant,
  effects: readonly Effect[] = [removeAddresses],
): Step<Backup> {
  return change(listenAsOthers(router, now), cause, effects);
}

/** Takes back a claim of this turn, which nobody has heard: the master of this backup serves. */
export function withdrawTo(backup: Backup, cause: Cause): Step<Backup> {
  return change(backup, cause, [removeAddresses]);
}

/** keepalived's way when somebody has removed an address: give up, and take it back after the skew. */
export function takeBack(router: VirtualRouter, cause: Cause, now: Instant): Step {
  const interval = router.advertisementInterval;
  const backup: Backup = { ...listen(router, now), activeDownAt: after(now, skewTime(router, interval)) };
  return change(backup, cause, farewellAtOnce);
}

/** Says that it leaves, and serves on until the successor is heard. */
export function farewell(router: VirtualRouter, now: Instant): readonly Effect[] {
  const limit = handOverLimit(router.version, router.advertisementInterval);
  return [sayFarewell, { kind: "hand-over-addresses", until: after(now, limit) }];
}

/** Somebody else has claimed the addresses, or is about to: serves on until that one has announced them. */
export function leaveTo(now: Instant): Effect {
  return { kind: "hand-over-addresses", until: after(now, SUCCESSOR_BOUND) };
}

/**
 * How long a yielding master serves on after the successor's first advert: keepalived adverts before it adds the
 * addresses and announces them. Measured hand-overs need a few milliseconds of it.
 */
const SUCCESSOR_BOUND: Micros = millis(200);
