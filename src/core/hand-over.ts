import type { IpAddress } from "../base/address.ts";
import { unreachable } from "../base/assert.ts";
import { after, micros, millis, seconds } from "../base/time.ts";
import type { Instant, Micros } from "../base/time.ts";

/**
 * What happens to the addresses of a router whose mastership has ended on purpose: they stay until the successor has
 * announced each of them, so that at no moment nobody answers.
 */
export type HandOverState =
  /** Nothing is held: it has been released, or is a master's again. */
  | { readonly kind: "over" }
  /** No successor has been heard. `unheard` is never empty. */
  | { readonly kind: "seeking"; readonly unheard: readonly IpAddress[]; readonly until: Instant }
  /** The successor has advertised; its announcements are under way. `unheard` is never empty. */
  | { readonly kind: "following"; readonly unheard: readonly IpAddress[]; readonly until: Instant };

export type HandOverEvent =
  /** An advertisement of another router that is now, or is about to be, the master. */
  | { readonly kind: "successor-advertised" }
  /** A gratuitous ARP or an unsolicited neighbor advertisement for `address`, from a link-layer address not ours. */
  | { readonly kind: "announced"; readonly address: IpAddress }
  | { readonly kind: "deadline" }
  /** We are the master again: the addresses are its business now. */
  | { readonly kind: "resumed" };

/** All addresses that were held, at once. */
export interface ReleaseAddresses {
  readonly kind: "release-addresses";
  readonly reason:
    | "nothing-to-await"
    /** The successor announced every address. */
    | "all-announced"
    /** It advertised, but did not announce every address in time. */
    | "announcements-missing"
    /** No successor was heard in time. */
    | "no-successor";
}

export interface HandOverStep {
  readonly state: HandOverState;
  readonly effects: readonly ReleaseAddresses[];
}

/**
 * How long addresses may outlive mastership: the longest Skew_Time, after which even the weakest backup has taken over,
 * and 3 s at most.
 *
 * @see RFC 9568 section 6.1: Skew_Time is ((256 - Priority) * Active_Adver_Interval) / 256; RFC 3768 section 6.1: (256 -
 * Priority) / 256 seconds.
 */
export function handOverLimit(version: 2 | 3, advertisementInterval: Micros): Micros {
  if (version === 2) return seconds(1);
  return micros(Math.min(Math.ceil((255 * advertisementInterval) / 256), LONGEST));
}

/** Starts holding `addresses`, which must all be announced by the successor, until `until` at the latest. */
export function beginHandOver(addresses: readonly IpAddress[], until: Instant): HandOverStep {
  if (addresses.length === 0) return release("nothing-to-await");
  return { state: { kind: "seeking", unheard: addresses, until }, effects: [] };
}

/**
 * Decides how long addresses are held after mastership. They are released at most once, and all together. Announcements count
 * once the successor has advertised, which all implementations do first.
 */
export function stepHandOver(state: HandOverState, event: HandOverEvent, now: Instant): HandOverStep {
  if (state.kind === "over") return { state, effects: [] };
  switch (event.kind) {
    case "successor-advertised": {
      if (state.kind === "following") return { state, effects: [] };
      const patience = after(now, ANNOUNCEMENT_PATIENCE);
      const until = patience < state.until ? patience : state.until;
      return { state: { kind: "following", unheard: state.unheard, until }, effects: [] };
    }
    case "announced": {
      // One that was master before may still announce: keepalived does so five seconds later, master or not.
      if (state.kind === "seeking") return { state, effects: [] };
      const unheard = state.unheard.filter((address) => address !== event.address);
      return unheard.length === 0 ? release("all-announced") : { state: { ...state, unheard }, effects: [] };
    }
    case "deadline":
      if (now < state.until) return { state, effects: [] };
      return release(state.kind === "following" ? "announcements-missing" : "no-successor");
    case "resumed":
      return { state: { kind: "over" }, effects: [] };
    default:
      return unreachable(event);
  }
}

/** When it wants a "deadline" event; undefined: never. */
export function handOverDeadline(state: HandOverState): Instant | undefined {
  return state.kind === "over" ? undefined : state.until;
}

function release(reason: ReleaseAddresses["reason"]): HandOverStep {
  return { state: { kind: "over" }, effects: [{ kind: "release-addresses", reason }] };
}

/** keepalived sends its first advertisement before it adds addresses, so the announcements come a little later. */
const ANNOUNCEMENT_PATIENCE = millis(200);
/** A long interval is no reason to hold what nobody takes. */
const LONGEST = seconds(3);
