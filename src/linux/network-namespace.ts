import { closeSync, openSync } from "node:fs";
import { fail } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { thrownFailure } from "./file-failure.ts";
import { libc, outcome } from "./libc.ts";

/**
 * Has this process's main thread live in a network namespace that `ip netns` has made: sockets and programs from now on. What
 * is open stays where it was made.
 *
 * @see setns(2), ip-netns(8).
 */
export function enterNetworkNamespace(name: string): Result<number, SystemFailure> {
  return enter(`${NAMESPACES}/${name}`, `enter the network namespace ${name}`);
}

/** Does something within a namespace, synchronously, and comes back. */
export function insideNetworkNamespace<Value>(name: string, act: () => Value): Result<Value, SystemFailure> {
  const home = attempt("open our own network namespace", () => openSync("/proc/thread-self/ns/net", "r"));
  if (!home.ok) return home;
  try {
    const entered = enterNetworkNamespace(name);
    if (!entered.ok) return entered;
    try {
      return { ok: true, value: act() };
    } finally {
      libc().setns(home.value, CLONE_NEWNET);
    }
  } finally {
    closeSync(home.value);
  }
}

function enter(path: string, operation: string): Result<number, SystemFailure> {
  const opened = attempt(operation, () => openSync(path, "r"));
  if (!opened.ok) return opened;
  try {
    return outcome(operation, libc().setns(opened.value, CLONE_NEWNET));
  } finally {
    closeSync(opened.value);
  }
}

function attempt<Value>(operation: string, act: () => Value): Result<Value, SystemFailure> {
  try {
    return { ok: true, value: act() };
  } catch (thrown) {
    return fail(thrownFailure(operation, thrown));
  }
}

/** NETNS_RUN_DIR of iproute2. */
const NAMESPACES = "/var/run/netns";

/** linux/sched.h. */
const CLONE_NEWNET = 0x4000_0000;
