import { unreachable } from "../base/assert.ts";
import { after, earliest, elapsed, millis, seconds } from "../base/time.ts";
import type { Instant, Micros } from "../base/time.ts";

export interface RestartPolicy {
  /** Off (`-R`, `--dont-respawn`): the death of a child ends everything. */
  readonly respawn: boolean;
  /** The child sends a heartbeat this often. */
  readonly heartbeatInterval: Micros;
  /** A child silent for so long hangs. At least four intervals, or a short pause of the whole machine costs it its life. */
  readonly heartbeatLimit: Micros;
  /** A child that takes longer to report that it has started hangs. */
  readonly startLimit: Micros;
  /** From SIGTERM to SIGKILL when stopping. */
  readonly stopLimit: Micros;
}

/**
 * How long to wait before the next start if the child dies young: 0, 0.1, 0.2, 0.4 s, then keepalived's 1, 2, 4, 8, 16, 32
 * and 60 s.
 */
export type Backoff = Micros;

export type ChildState =
  /** It died young, and the next one waits. */
  | { readonly kind: "resting"; readonly startAt: Instant; readonly backoff: Backoff }
  /** Started, and has not reported yet. */
  | {
      readonly kind: "starting";
      readonly startedAt: Instant;
      readonly silentUntil: Instant;
      readonly lookAt: Instant;
      readonly backoff: Backoff;
    }
  | {
      readonly kind: "running";
      readonly startedAt: Instant;
      /** Without a heartbeat until then it hangs. */
      readonly silentUntil: Instant;
      /** When we look at ourselves: a late look means that we slept, and maybe the child with us. */
      readonly lookAt: Instant;
      readonly backoff: Backoff;
    }
  /** It hung and has been sent SIGKILL; the next one starts when it is gone, never beside it. */
  | { readonly kind: "killing"; readonly startedAt: Instant; readonly backoff: Backoff }
  /** It has been sent SIGTERM. */
  | { readonly kind: "stopping"; readonly killAt: Instant }
  /** It outlived SIGTERM, or hung when the stop came, and has been sent SIGKILL. */
  | { readonly kind: "stopping-hard" }
  /** Gone, as wanted. */
  | { readonly kind: "stopped" }
  /** Gone for good, not as wanted. */
  | { readonly kind: "given-up"; readonly exitStatus: number };

export type ChildEnd =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: string }
  /** fork or exec was refused. */
  | { readonly kind: "not-started" };

export type ChildEvent =
  /** The child says that it is ready. */
  | { readonly kind: "started" }
  | { readonly kind: "heartbeat" }
  | { readonly kind: "ended"; readonly end: ChildEnd }
  | { readonly kind: "deadline" }
  | { readonly kind: "stop-requested" };

export type ChildEffect =
  | { readonly kind: "start-child" }
  | { readonly kind: "signal-child"; readonly signal: "SIGTERM" | "SIGKILL"; readonly reason: SignalReason }
  /** The supervisor stops the other children and exits with this status. */
  | { readonly kind: "give-up"; readonly exitStatus: number };

export type SignalReason = "stop" | "stop-overdue" | "start-overdue" | "heartbeat-lost";

export interface ChildStep {
  readonly state: ChildState;
  /** To be carried out in this order. */
  readonly effects: readonly ChildEffect[];
}

/** The first start of a child. */
export function startChild(policy: RestartPolicy, now: Instant): ChildStep {
  return start(policy, NO_BACKOFF, now);
}

/**
 * Decides what the supervisor does about one child.
 *
 * A child that ends with status 1, 2 or 4 (fatal, configuration, no permission) would do so again: the supervisor gives up
 * with the same status. Any other end is followed by a new start, at once if it had run for 60 s, else after a back-off.
 *
 * The supervisor never blames a child for its own sleep: when it finds itself late by more than a heartbeat interval it
 * gives the child its whole limit anew. It must hand over what it received before a "deadline".
 */
export function stepChild(policy: RestartPolicy, state: ChildState, event: ChildEvent, now: Instant): ChildStep {
  switch (event.kind) {
    case "started":
      return state.kind === "starting" ? stay({ ...state, kind: "running", ...patience(policy, now) }) : stay(state);
    case "heartbeat":
      return state.kind === "running" ? stay({ ...state, ...patience(policy, now) }) : stay(state);
    case "ended":
      return end(policy, state, event.end, now);
    case "deadline":
      return meetDeadline(policy, state, now);
    case "stop-requested":
      return stop(policy, state, now);
    default:
      return unreachable(event);
  }
}

/** When the policy wants a "deadline" event; undefined: not before something else happens. */
export function childDeadline(state: ChildState): Instant | undefined {
  switch (state.kind) {
    case "resting":
      return state.startAt;
    case "starting":
    case "running":
      return earliest(state.silentUntil, state.lookAt);
    case "stopping":
      return state.killAt;
    case "killing":
    case "stopping-hard":
    case "stopped":
    case "given-up":
      return undefined;
    default:
      return unreachable(state);
  }
}

function end(policy: RestartPolicy, state: ChildState, childEnd: ChildEnd, now: Instant): ChildStep {
  switch (state.kind) {
    case "starting":
    case "running":
    case "killing":
      return succeedChild(policy, state, childEnd, now);
    case "stopping":
    case "stopping-hard":
      return stay({ kind: "stopped" });
    case "resting":
    case "stopped":
    case "given-up":
      return stay(state);
    default:
      return unreachable(state);
  }
}

/** What follows the end of a child that was not asked to end. */
function succeedChild(
  policy: RestartPolicy,
  state: ChildState & { readonly startedAt: Instant; readonly backoff: Backoff },
  childEnd: ChildEnd,
  now: Instant,
): ChildStep {
  const exitStatus = childEnd.kind === "exited" ? childEnd.status : 0;
  if (HOPELESS_STATUSES.has(exitStatus)) return giveUp(exitStatus);
  if (!policy.respawn) return giveUp(exitStatus === 0 ? EXIT_FATAL : exitStatus);
  if (elapsed(state.startedAt, now) >= LONG_LIFE) return start(policy, NO_BACKOFF, now);
  const backoff = nextBackoff(state.backoff);
  if (state.backoff === 0) return start(policy, backoff, now);
  return stay({ kind: "resting", startAt: after(now, state.backoff), backoff });
}

function meetDeadline(policy: RestartPolicy, state: ChildState, now: Instant): ChildStep {
  switch (state.kind) {
    case "resting":
      return now < state.startAt ? stay(state) : start(policy, state.backoff, now);
    case "starting":
    case "running":
      return look(policy, state, now);
    case "stopping":
      if (now < state.killAt) return stay(state);
      return { state: { kind: "stopping-hard" }, effects: [kill("stop-overdue")] };
    case "killing":
    case "stopping-hard":
    case "stopped":
    case "given-up":
      return stay(state);
    default:
      return unreachable(state);
  }
}

function look(
  policy: RestartPolicy,
  state: ChildState & { readonly kind: "starting" | "running" },
  now: Instant,
): ChildStep {
  const expected = state.lookAt < state.silentUntil ? state.lookAt : state.silentUntil;
  if (now < expected) return stay(state);
  const lookAt = after(now, policy.heartbeatInterval);
  if (elapsed(expected, now) > policy.heartbeatInterval) {
    const limit = state.kind === "starting" ? policy.startLimit : policy.heartbeatLimit;
    return stay({ ...state, silentUntil: after(now, limit), lookAt });
  }
  if (now < state.silentUntil) return stay({ ...state, lookAt });
  const { startedAt, backoff } = state;
  const reason = state.kind === "starting" ? "start-overdue" : "heartbeat-lost";
  return { state: { kind: "killing", startedAt, backoff }, effects: [kill(reason)] };
}

function stop(policy: RestartPolicy, state: ChildState, now: Instant): ChildStep {
  switch (state.kind) {
    case "resting":
      return stay({ kind: "stopped" });
    case "starting":
    case "running": {
      const effect: ChildEffect = { kind: "signal-child", signal: "SIGTERM", reason: "stop" };
      return { state: { kind: "stopping", killAt: after(now, policy.stopLimit) }, effects: [effect] };
    }
    case "killing":
      return stay({ kind: "stopping-hard" });
    case "stopping":
    case "stopping-hard":
    case "stopped":
    case "given-up":
      return stay(state);
    default:
      return unreachable(state);
  }
}

function start(policy: RestartPolicy, backoff: Backoff, now: Instant): ChildStep {
  const silentUntil = after(now, policy.startLimit);
  const lookAt = after(now, policy.heartbeatInterval);
  return {
    state: { kind: "starting", startedAt: now, silentUntil, lookAt, backoff },
    effects: [{ kind: "start-child" }],
  };
}

function patience(policy: RestartPolicy, now: Instant): { readonly silentUntil: Instant; readonly lookAt: Instant } {
  return { silentUntil: after(now, policy.heartbeatLimit), lookAt: after(now, policy.heartbeatInterval) };
}

function nextBackoff(backoff: Backoff): Backoff {
  return BACKOFFS.find((longer) => longer > backoff) ?? LONGEST_BACKOFF;
}

function giveUp(exitStatus: number): ChildStep {
  return { state: { kind: "given-up", exitStatus }, effects: [{ kind: "give-up", exitStatus }] };
}

function kill(reason: SignalReason): ChildEffect {
  return { kind: "signal-child", signal: "SIGKILL", reason };
}

function stay(state: ChildState): ChildStep {
  return { state, effects: [] };
}

const EXIT_FATAL = 1;
const EXIT_CONFIG = 2;
const EXIT_NO_PERMISSION = 4;
/** With these the next child would end as this one did. */
const HOPELESS_STATUSES: ReadonlySet<number> = new Set([EXIT_FATAL, EXIT_CONFIG, EXIT_NO_PERMISSION]);
/** A child that ran for so long died of something else than its start; keepalived's figure. */
const LONG_LIFE = seconds(60);
const NO_BACKOFF = seconds(0);
/**
 * With adverts each second a lease has about a second left at the death of its process, in the worst moment of the interval,
 * and a start takes up to half a second: the short ones let the successor of one that died a few times find its addresses.
 * They cost three starts more than keepalived's, which follow.
 */
const BACKOFFS: readonly Backoff[] = [...[100, 200, 400].map(millis), ...[1, 2, 4, 8, 16, 32].map(seconds)];
/** keepalived's. */
const LONGEST_BACKOFF = seconds(60);
