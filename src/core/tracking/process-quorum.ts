import { unreachable } from "../../base/assert.ts";
import { after, seconds, type Instant, type Micros } from "../../base/time.ts";

/** The part of a vrrp_track_process block that decides. */
export interface QuorumPolicy {
  /** How many have to run, 0-65535; 0 only where `most` is 0. */
  readonly least: number;
  /** How many may run; undefined: any number. */
  readonly most: number | undefined;
  /** Patience with what a fork brought about. */
  readonly forkDelay: Micros;
  /** Patience with what an end brought about. */
  readonly terminateDelay: Micros;
}

/** How the number of matching processes came to change. */
export type ChangeReason =
  /** A matching process has forked another one, which is its copy as yet. */
  | "fork"
  /** A process became a matching one: by exec, by taking the name, or it was found. */
  | "began"
  /** One that matched has ended. */
  | "ended"
  /** One that matched goes on as something else. */
  | "left";

export interface QuorumState {
  /** How many match now. */
  readonly count: number;
  readonly verdict: "unknown" | "up" | "down";
  /** When the verdict follows the number, unless the number comes back before. */
  readonly followsAt: Instant | undefined;
}

export type QuorumEvent =
  /** All processes have been looked at: from now on the number counts. */
  | { readonly kind: "counted"; readonly count: number }
  | { readonly kind: "changed"; readonly count: number; readonly reason: ChangeReason }
  | { readonly kind: "deadline" }
  /** The policy that comes with this event replaces the one before; `count` is by the new rules of matching. */
  | { readonly kind: "reconfigured"; readonly count: number };

/** Nobody has been counted yet. */
export const UNCOUNTED: QuorumState = { count: 0, verdict: "unknown", followsAt: undefined };

/**
 * Decides whether as many processes run as should.
 *
 * A number that leaves the wanted range, or comes into it, counts at once, but after `forkDelay` when a fork did it and after
 * `terminateDelay` when an end did; a number that is back by then changes nothing. Until all have been counted nothing is
 * known.
 */
export function stepQuorum(policy: QuorumPolicy, state: QuorumState, event: QuorumEvent, now: Instant): QuorumState {
  switch (event.kind) {
    case "counted":
      return settled(policy, event.count);
    case "reconfigured": {
      const { count } = event;
      const waits = state.followsAt !== undefined && judge(policy, count) !== state.verdict;
      return state.verdict === "unknown" || waits ? { ...state, count } : settled(policy, count);
    }
    case "changed": {
      const { count } = event;
      if (state.verdict === "unknown") return { ...state, count };
      if (judge(policy, count) === state.verdict) return { ...state, count, followsAt: undefined };
      if (state.followsAt !== undefined) return { ...state, count };
      const patience = patienceOf(policy, event.reason);
      return patience === 0 ? settled(policy, count) : { ...state, count, followsAt: after(now, patience) };
    }
    case "deadline":
      return state.followsAt === undefined || now < state.followsAt ? state : settled(policy, state.count);
    default:
      return unreachable(event);
  }
}

function settled(policy: QuorumPolicy, count: number): QuorumState {
  return { count, verdict: judge(policy, count), followsAt: undefined };
}

function judge({ least, most }: QuorumPolicy, count: number): "up" | "down" {
  return count >= least && (most === undefined || count <= most) ? "up" : "down";
}

function patienceOf({ forkDelay, terminateDelay }: QuorumPolicy, reason: ChangeReason): Micros {
  switch (reason) {
    case "fork":
      return forkDelay;
    case "ended":
      return terminateDelay;
    case "began":
    case "left":
      return seconds(0);
    default:
      return unreachable(reason);
  }
}
