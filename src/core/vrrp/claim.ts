// What becoming master sets in motion, and each advert after it.
import { after, type Instant } from "../../base/time.ts";
import { claimBursts } from "./bursts.ts";
import type { Effect } from "./event.ts";
import { nextAdvertisementAt, trustWindow, type VirtualRouter } from "./router.ts";
import type { Active } from "./state.ts";

/** A master whose first advert goes out now. */
export function claim(router: VirtualRouter, now: Instant): Active {
  return { kind: "active", ...timers(router, now), bursts: claimBursts(router, now) };
}

/** What an advert that goes out now sets. */
export function timers(router: VirtualRouter, now: Instant): Pick<Active, "adverAt" | "advertisedAt" | "trustedUntil"> {
  return {
    adverAt: nextAdvertisementAt(router, now),
    advertisedAt: now,
    trustedUntil: after(now, trustWindow(router)),
  };
}

/** keepalived's order: the advert first, so that a rival yields before the addresses are here. */
export function claimEffects(router: VirtualRouter): readonly [Effect, Effect, Effect] {
  return [sendOne(router), { kind: "add-addresses" }, { kind: "announce-addresses", repeat: router.announce.repeat }];
}

/**
 * The addresses first, where somebody serves until it hears our advert: should the kernel keep us waiting for them, as it
 * does while another program changes the network, that one serves on.
 */
export function relieveEffects(router: VirtualRouter): readonly Effect[] {
  const [advert, addition, announcement] = claimEffects(router);
  return [addition, advert, announcement];
}

/** One advert, with the effective priority. */
export function sendOne(router: VirtualRouter): Effect {
  return { kind: "send-advertisement", priority: router.priority };
}
