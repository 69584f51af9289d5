import { compareAddresses, type IpAddress } from "../../base/address.ts";
import { after, elapsed, micros, type Instant, type Micros } from "../../base/time.ts";
import { OWNER_PRIORITY } from "./router.ts";

/**
 * What an address owner thinks of another that claims to be one, which only a mistake in somebody's configuration can bring
 * about: two nodes with priority 255.
 */
export type Ownership =
  | { readonly kind: "undisputed" }
  /** We have asserted ourselves, for our address is the higher one, and wait whether the other yields. */
  | {
      readonly kind: "disputed";
      readonly rival: IpAddress;
      readonly since: Instant;
      readonly heardAt: Instant;
      readonly judgeAt: Instant;
    }
  /** The other did not yield. We take part with priority 254 until it does. */
  | { readonly kind: "conceded"; readonly rival: IpAddress };

/** What concerns ownership of what happens to a virtual router whose configured priority is 255. */
export type OwnershipEvent =
  | { readonly kind: "advertisement"; readonly priority: number; readonly source: IpAddress; readonly interval: Micros }
  | { readonly kind: "deadline" }
  /** The virtual router became active: nobody else is heard. */
  | { readonly kind: "became-active" }
  /** It is active no more. */
  | { readonly kind: "left-active" };

export interface OwnershipStep {
  readonly state: Ownership;
  readonly effects: readonly OwnershipEffect[];
}

export type OwnershipEffect =
  /** Two of them, back to back. */
  | "assert"
  /** Tell the operator that two nodes have priority 255. */
  | "report"
  /** From now on with priority 254. */
  | "concede"
  /** With priority 255 again. */
  | "reclaim";

/** The priority of an owner that has conceded. */
export const CONCEDED_PRIORITY = 254;

/**
 * Decides what an owner does about a second one. The lower address yields at once, by the rules of the election; only the
 * higher one has to wait and see, for a rival that follows no rule would leave two masters for ever.
 *
 * @param own The source of our adverts.
 * @param active Whether the virtual router is active.
 */
export function stepOwnership(
  state: Ownership,
  event: OwnershipEvent,
  own: { readonly source: IpAddress; readonly interval: Micros; readonly active: boolean },
  now: Instant,
): OwnershipStep {
  switch (state.kind) {
    case "undisputed":
      if (event.kind !== "advertisement" || event.priority !== OWNER_PRIORITY) return stay(state);
      if (event.source === own.source) return stay(state);
      if (!own.active || compareAddresses(own.source, event.source) < 0) return { state, effects: ["report"] };
      return dispute(event.source, micros(Math.max(own.interval, event.interval)), now);
    case "disputed":
      return stepDisputed(state, event, now);
    case "conceded":
      if (event.kind === "became-active") return { state: UNDISPUTED, effects: ["reclaim"] };
      if (event.kind !== "advertisement" || event.source !== state.rival) return stay(state);
      return event.priority === OWNER_PRIORITY ? stay(state) : { state: UNDISPUTED, effects: ["reclaim"] };
  }
}

/** When the machine wants a `deadline` event; undefined: never. */
export function ownershipDeadline(state: Ownership): Instant | undefined {
  return state.kind === "disputed" ? state.judgeAt : undefined;
}

export const UNDISPUTED: Ownership = { kind: "undisputed" };

function dispute(rival: IpAddress, interval: Micros, now: Instant): OwnershipStep {
  const judgeAt = after(now, micros(Math.ceil(interval * PATIENCE)));
  return {
    state: { kind: "disputed", rival, since: now, heardAt: now, judgeAt },
    effects: ["report", "assert"],
  };
}

function stepDisputed(
  state: Extract<Ownership, { kind: "disputed" }>,
  event: OwnershipEvent,
  now: Instant,
): OwnershipStep {
  switch (event.kind) {
    case "left-active":
      return stay(UNDISPUTED);
    case "became-active":
      return stay(state);
    case "advertisement":
      if (event.source !== state.rival) return stay(state);
      return event.priority === OWNER_PRIORITY ? stay({ ...state, heardAt: now }) : stay(UNDISPUTED);
    case "deadline": {
      if (now < state.judgeAt) return stay(state);
      // What was heard right after our assertion may have been under way before the rival heard it.
      const wait = elapsed(state.since, state.judgeAt);
      const insists = elapsed(state.since, state.heardAt) * 2 >= wait;
      if (!insists) return stay(UNDISPUTED);
      return { state: { kind: "conceded", rival: state.rival }, effects: ["concede"] };
    }
  }
}

function stay(state: Ownership): OwnershipStep {
  return { state, effects: [] };
}

/** In intervals: the rival's next advert, and something for its way. */
const PATIENCE = 1.2;
