import { assert } from "../base/assert.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { failureOf, libc } from "./libc.ts";

/**
 * SIGRTMIN as glibc counts: the kernel's first two real-time signals belong to its threads. `kill -RTMIN+2` of the
 * shells sends number 36.
 */
export const SIGRTMIN = 34;
export const SIGRTMAX = 64;

/**
 * Calls back, in a turn of its own, for each burst of this real-time signal, which would otherwise kill the process. It
 * stays so until the process ends. A program that is started has the default disposition again.
 *
 * @param signal SIGRTMIN to SIGRTMAX. Node's own `process.on` serves all others.
 */
export function onRealTimeSignal(signal: number, callback: () => void): Result<void, SystemFailure> {
  assert(Number.isInteger(signal) && signal >= SIGRTMIN && signal <= SIGRTMAX, `${signal} is a real-time signal`);
  let pending = false;
  const turn = (): void => {
    pending = false;
    callback();
  };
  const result = libc().watchSignal(signal, () => {
    if (pending) return;
    pending = true;
    setImmediate(turn);
  });
  return result < 0 ? fail(failureOf(`handle signal ${signal}`, -result)) : succeed(undefined);
}
