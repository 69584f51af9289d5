import { unreachable } from "../../base/assert.ts";
import { after, elapsed, millis, seconds } from "../../base/time.ts";
import type { Instant, Micros } from "../../base/time.ts";

/** The part of a vrrp_script block that decides. */
export interface ScriptPolicy {
  /** From one start to the next. */
  readonly interval: Micros;
  /** A run that takes longer has failed. */
  readonly timeout: Micros;
  /** Consecutive successes until it is up, consecutive failures until it is down; at least 1. */
  readonly rise: number;
  readonly fall: number;
  /** Counts as failed until `rise` successes. */
  readonly initFail: boolean;
}

/** How one run ended, as the process port tells it. Success is an exit with status 0 and nothing else. */
export type ScriptEnd =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "not-started"; readonly failure: StartFailure };

export interface StartFailure {
  readonly operation: string;
  readonly errno: string;
  readonly message: string;
}

/** Why a run counts as failed. */
export type ScriptFailure = ScriptEnd | { readonly kind: "timed-out"; readonly timeout: Micros };

/** What is held of the script, and how near it is to the opposite. */
export type ScriptVerdict =
  /** No run has ended yet, so the first result decides whatever rise and fall are. */
  | { readonly kind: "unknown" }
  /** Failures since the last success: 0 to fall - 1. */
  | { readonly kind: "up"; readonly since: Instant; readonly failures: number }
  /** Successes since the last failure: 0 to rise - 1. */
  | { readonly kind: "down"; readonly since: Instant; readonly successes: number; readonly cause: DownCause };

/** The latest failure, or that init_fail has it down until it proves otherwise. */
export type DownCause = ScriptFailure | { readonly kind: "init-fail" };

/** Where the runs stand. `dueAt` is when the next run would start if this one were over by then. */
export type ScriptRun =
  | { readonly kind: "waiting"; readonly dueAt: Instant }
  | { readonly kind: "running"; readonly startedAt: Instant; readonly timeoutAt: Instant; readonly dueAt: Instant }
  /** Its timeout passed while this process itself stood still, so it has been given another one; once in a run. */
  | { readonly kind: "excused"; readonly startedAt: Instant; readonly timeoutAt: Instant; readonly dueAt: Instant }
  /** It timed out and has been sent SIGTERM. */
  | { readonly kind: "terminating"; readonly startedAt: Instant; readonly killAt: Instant; readonly dueAt: Instant }
  /** It outlived SIGTERM and has been sent SIGKILL. */
  | { readonly kind: "killing"; readonly startedAt: Instant; readonly reportAt: Instant; readonly dueAt: Instant }
  /** It outlived SIGKILL: it hangs inside the kernel. Nothing more can be done to it. */
  | { readonly kind: "unkillable"; readonly startedAt: Instant; readonly dueAt: Instant };

export interface ScriptState {
  readonly verdict: ScriptVerdict;
  readonly run: ScriptRun;
}

export type ScriptEvent =
  | { readonly kind: "deadline" }
  | { readonly kind: "ended"; readonly end: ScriptEnd }
  /** The policy that comes with this event replaces the one before. */
  | { readonly kind: "reconfigured" };

export type ScriptEffect =
  | { readonly kind: "start-script" }
  | { readonly kind: "signal-group"; readonly signal: "SIGTERM" | "SIGKILL" }
  /** An interval passed without a start, since the run before it was not over. */
  | { readonly kind: "report-skipped"; readonly runningFor: Micros }
  /** Comes once for each run that outlives SIGKILL. */
  | { readonly kind: "report-unkillable"; readonly runningFor: Micros };

export interface ScriptStep {
  readonly state: ScriptState;
  /** To be carried out in this order. */
  readonly effects: readonly ScriptEffect[];
}

/** A script that has never run. Its first run is due at once. */
export function initialScript(policy: ScriptPolicy, now: Instant): ScriptState {
  const verdict: ScriptVerdict = policy.initFail
    ? { kind: "down", since: now, successes: 0, cause: { kind: "init-fail" } }
    : { kind: "unknown" };
  return { verdict, run: { kind: "waiting", dueAt: now } };
}

/**
 * Decides what a tracked script does about one event: when it runs, when it is killed, and what its results mean.
 *
 * A run fails at the instant its timeout has passed, not when it has died; how it dies afterwards changes nothing. An
 * end that is told before the deadline counts as it is, however late the telling. A deadline that comes late says more
 * about this process than about the script, whose end may still wait to be told: it gets its timeout once more. A run that
 * cannot be killed fails again in every interval, so that `fall` is reached.
 */
export function stepScript(policy: ScriptPolicy, state: ScriptState, event: ScriptEvent, now: Instant): ScriptStep {
  switch (event.kind) {
    case "deadline":
      return meetDeadline(policy, state, now);
    case "ended":
      return { state: end(policy, state, event.end, now), effects: [] };
    case "reconfigured":
      return { state: reconfigure(policy, state, now), effects: [] };
    default:
      return unreachable(event);
  }
}

/** When the script wants a "deadline" event. */
export function scriptDeadline(state: ScriptState): Instant {
  const { run } = state;
  switch (run.kind) {
    case "waiting":
    case "unkillable":
      return run.dueAt;
    case "running":
    case "excused":
      return sooner(run.timeoutAt, run.dueAt);
    case "terminating":
      return sooner(run.killAt, run.dueAt);
    case "killing":
      return sooner(run.reportAt, run.dueAt);
    default:
      return unreachable(run);
  }
}

function meetDeadline(policy: ScriptPolicy, state: ScriptState, now: Instant): ScriptStep {
  if (state.run.kind === "waiting") return now < state.run.dueAt ? stay(state) : startRun(policy, state, now);
  const escalated = escalate(policy, state, now);
  const skipped = skipInterval(policy, escalated.state, now);
  return { state: skipped.state, effects: [...escalated.effects, ...skipped.effects] };
}

function startRun(policy: ScriptPolicy, state: ScriptState, now: Instant): ScriptStep {
  const timeoutAt = after(now, policy.timeout);
  const run: ScriptRun = { kind: "running", startedAt: now, timeoutAt, dueAt: after(now, policy.interval) };
  return { state: { ...state, run }, effects: [{ kind: "start-script" }] };
}

/** SIGTERM when the timeout has passed, then SIGKILL, then a report; one of them at a time. */
function escalate(policy: ScriptPolicy, state: ScriptState, now: Instant): ScriptStep {
  const { run } = state;
  switch (run.kind) {
    case "running":
    case "excused": {
      if (now < run.timeoutAt) return stay(state);
      if (run.kind === "running" && elapsed(run.timeoutAt, now) > PUNCTUALITY) {
        return stay({ ...state, run: { ...run, kind: "excused", timeoutAt: after(now, policy.timeout) } });
      }
      const { startedAt, dueAt } = run;
      const killed: ScriptRun = { kind: "terminating", startedAt, killAt: after(now, TERMINATION_GRACE), dueAt };
      const verdict = countFailure(policy, state.verdict, { kind: "timed-out", timeout: policy.timeout }, now);
      return { state: { verdict, run: killed }, effects: [{ kind: "signal-group", signal: "SIGTERM" }] };
    }
    case "terminating": {
      if (now < run.killAt) return stay(state);
      const { startedAt, dueAt } = run;
      const killed: ScriptRun = { kind: "killing", startedAt, reportAt: after(now, TERMINATION_GRACE), dueAt };
      return { state: { ...state, run: killed }, effects: [{ kind: "signal-group", signal: "SIGKILL" }] };
    }
    case "killing": {
      if (now < run.reportAt) return stay(state);
      const { startedAt, dueAt } = run;
      const report: ScriptEffect = { kind: "report-unkillable", runningFor: elapsed(startedAt, now) };
      return { state: { ...state, run: { kind: "unkillable", startedAt, dueAt } }, effects: [report] };
    }
    case "waiting":
    case "unkillable":
      return stay(state);
    default:
      return unreachable(run);
  }
}

function skipInterval(policy: ScriptPolicy, state: ScriptState, now: Instant): ScriptStep {
  const { run } = state;
  if (run.kind === "waiting" || now < run.dueAt) return stay(state);
  // After a long pause of this process the intervals it missed are not made up for.
  const onBeat = after(run.dueAt, policy.interval);
  const dueAt = now < onBeat ? onBeat : after(now, policy.interval);
  const verdict =
    run.kind === "unkillable"
      ? countFailure(policy, state.verdict, { kind: "timed-out", timeout: policy.timeout }, now)
      : state.verdict;
  const report: ScriptEffect = { kind: "report-skipped", runningFor: elapsed(run.startedAt, now) };
  return { state: { verdict, run: { ...run, dueAt } }, effects: [report] };
}

function end(policy: ScriptPolicy, state: ScriptState, scriptEnd: ScriptEnd, now: Instant): ScriptState {
  const { run, verdict } = state;
  switch (run.kind) {
    case "waiting":
      // Nothing runs, so this is the end of a run that an earlier life of this state had started.
      return state;
    case "running":
    case "excused":
      return { verdict: count(policy, verdict, scriptEnd, now), run: { kind: "waiting", dueAt: run.dueAt } };
    case "terminating":
    case "killing":
    case "unkillable":
      return { verdict, run: { kind: "waiting", dueAt: run.dueAt } };
    default:
      return unreachable(run);
  }
}

function count(policy: ScriptPolicy, verdict: ScriptVerdict, scriptEnd: ScriptEnd, now: Instant): ScriptVerdict {
  const success = scriptEnd.kind === "exited" && scriptEnd.status === 0;
  return success ? countSuccess(policy, verdict, now) : countFailure(policy, verdict, scriptEnd, now);
}

function countSuccess(policy: ScriptPolicy, verdict: ScriptVerdict, now: Instant): ScriptVerdict {
  switch (verdict.kind) {
    case "unknown":
      return { kind: "up", since: now, failures: 0 };
    case "up":
      return { ...verdict, failures: 0 };
    case "down": {
      const successes = verdict.successes + 1;
      return successes < policy.rise ? { ...verdict, successes } : { kind: "up", since: now, failures: 0 };
    }
    default:
      return unreachable(verdict);
  }
}

function countFailure(policy: ScriptPolicy, verdict: ScriptVerdict, cause: ScriptFailure, now: Instant): ScriptVerdict {
  switch (verdict.kind) {
    case "unknown":
      return { kind: "down", since: now, successes: 0, cause };
    case "up": {
      const failures = verdict.failures + 1;
      return failures < policy.fall ? { ...verdict, failures } : { kind: "down", since: now, successes: 0, cause };
    }
    case "down":
      return { ...verdict, successes: 0, cause };
    default:
      return unreachable(verdict);
  }
}

/** An interval that became shorter applies to the run that is waited for; a timeout to the run under way. */
function reconfigure(policy: ScriptPolicy, state: ScriptState, now: Instant): ScriptState {
  const dueAt = sooner(state.run.dueAt, after(now, policy.interval));
  const run: ScriptRun =
    state.run.kind === "running"
      ? { ...state.run, dueAt, timeoutAt: after(state.run.startedAt, policy.timeout) }
      : { ...state.run, dueAt };
  return { verdict: withinBounds(policy, state.verdict), run };
}

function withinBounds(policy: ScriptPolicy, verdict: ScriptVerdict): ScriptVerdict {
  switch (verdict.kind) {
    case "unknown":
      return verdict;
    case "up":
      return { ...verdict, failures: Math.min(verdict.failures, policy.fall - 1) };
    case "down":
      return { ...verdict, successes: Math.min(verdict.successes, policy.rise - 1) };
    default:
      return unreachable(verdict);
  }
}

function stay(state: ScriptState): ScriptStep {
  return { state, effects: [] };
}

function sooner(left: Instant, right: Instant): Instant {
  return left < right ? left : right;
}

/** A deadline later than this was missed: this process was stopped or starved. */
const PUNCTUALITY = millis(100);
/** From SIGTERM to SIGKILL, and from SIGKILL to the report; keepalived's. */
const TERMINATION_GRACE = seconds(2);
