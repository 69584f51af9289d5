import { instant } from "../base/time.ts";
import type { Instant } from "../base/time.ts";
import { libc } from "./libc.ts";

/**
 * Reads a clock of clock_gettime(2), rounded down to whole microseconds, so that no alarm looks early to whoever
 * compares. Undefined when there is no such clock, or it has stopped answering.
 */
export function readClock(clock: number): Instant | undefined {
  if (libc().clock_gettime(clock, time) < 0) return undefined;
  // Two halves, since a BigInt costs more than the call. The nanoseconds are below 2^30.
  const seconds = view.getUint32(0, true) + view.getInt32(4, true) * 0x1_0000_0000;
  return instant(seconds * 1_000_000 + Math.floor(view.getUint32(8, true) / 1_000));
}

/** A struct timespec. Calls do not overlap, so one serves all. */
const time = new Uint8Array(new ArrayBuffer(16));
const view = new DataView(time.buffer);
