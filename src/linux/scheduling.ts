import { assert } from "../base/assert.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { failureOf, libc } from "./libc.ts";

/**
 * Schedules this process's main thread by SCHED_RR, before all ordinary work.
 *
 * With `inherited` the programs it starts have it too, on purpose: between fork and exec the new process holds up this one,
 * and must not wait behind ordinary work with it. `openLinuxProcesses` makes them ordinary again with their first
 * instruction. Without, the kernel makes them ordinary at once.
 *
 * @param priority 1 (lowest) to 99. EINVAL for any other.
 * @see sched(7).
 */
export function useRealTimeScheduling(priority: number, inherited: boolean): Result<void, SystemFailure> {
  const flags = inherited ? 0 : SCHED_RESET_ON_FORK;
  return schedule(SCHED_RR, flags, priority, `use real-time scheduling with priority ${priority}`);
}

/** Whether this process is scheduled by SCHED_RR because it was asked for here. */
export function isRealTime(): boolean {
  return realTime;
}

/** Goes back to SCHED_OTHER. */
export function useOrdinaryScheduling(): Result<void, SystemFailure> {
  return schedule(SCHED_OTHER, SCHED_RESET_ON_FORK, 0, "use ordinary scheduling");
}

/**
 * Sets the nice value of the main thread, -20 (first) to 19 (last), under SCHED_OTHER. A negative one is not inherited by
 * programs.
 */
export function setNiceness(niceness: number): Result<void, SystemFailure> {
  const operation = `set the nice value ${niceness}`;
  const flagged = schedule(SCHED_OTHER, SCHED_RESET_ON_FORK, 0, operation);
  if (!flagged.ok) return flagged;
  return done(operation, libc().setpriority(PRIO_PROCESS, 0, niceness));
}

/**
 * Has the main thread run on these processors alone, and the programs that it starts with it. Empty: on all of them.
 *
 * @param cpus 0 to 1023. EINVAL where none of them is there.
 * @see sched_setaffinity(2).
 */
export function runOnProcessors(cpus: readonly number[]): Result<void, SystemFailure> {
  const mask = new Uint8Array(128);
  if (cpus.length === 0) mask.fill(0xff);
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  const which = cpus.length === 0 ? "all processors" : `processor ${cpus.join(", ")}`;
  return done(`run on ${which}`, libc().sched_setaffinity(0, mask));
}

/**
 * Has the kernel send this process a signal when its parent dies. A parent that is dead already sends none, so the caller
 * compares its parent's pid afterwards. Programs do not inherit it.
 *
 * @see prctl(2): PR_SET_PDEATHSIG.
 */
export function dieWithParent(signal: number): Result<void, SystemFailure> {
  return done("ask for a signal when the parent dies", libc().prctl(PR_SET_PDEATHSIG, signal));
}

function schedule(policy: number, flags: number, priority: number, operation: string): Result<void, SystemFailure> {
  assert(Number.isInteger(priority), `${priority} is a scheduling priority`);
  const parameters = new Uint8Array(4);
  new DataView(parameters.buffer).setInt32(0, priority, true);
  const outcome = done(operation, libc().sched_setscheduler(0, policy | flags, parameters));
  if (outcome.ok) realTime = policy === SCHED_RR;
  return outcome;
}

/** A property of the process, like the scheduling itself. */
let realTime = false;

function done(operation: string, result: number): Result<void, SystemFailure> {
  if (result >= 0) return succeed(undefined);
  const failure = failureOf(operation, -result);
  const needs = failure.errno === "EPERM" || failure.errno === "EACCES" ? " (needs CAP_SYS_NICE)" : "";
  return fail({ ...failure, operation: operation + needs });
}

const SCHED_OTHER = 0;
const SCHED_RR = 2;
const SCHED_RESET_ON_FORK = 0x4000_0000;
const PRIO_PROCESS = 0;
const PR_SET_PDEATHSIG = 1;
