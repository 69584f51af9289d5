import { assert } from "../base/assert.ts";
import type { Instant } from "../base/time.ts";
import type { Alarm, Clock } from "../ports/clock.ts";
import { describeFailure } from "../ports/failure.ts";
import { createDeadlineHeap } from "../base/deadline-heap.ts";
import type { Deadline } from "../base/deadline-heap.ts";
import { failureOf, libc } from "./libc.ts";
import { openOutsideClock } from "./outside-clock.ts";
import { readClock } from "./read-clock.ts";
import { watchDescriptor } from "./watch.ts";

export interface LinuxClock extends Clock {
  /** Clears all alarms for good and gives the descriptors back. */
  close(): void;
}

/**
 * Opens the clocks of this machine. All alarms share one timerfd, which keeps the process running while any is set.
 *
 * Throws when the process may not open another descriptor: nothing works without a clock.
 *
 * @see timerfd_create(2), clock_gettime(2).
 */
export function openLinuxClock(): LinuxClock {
  const c = libc();
  const timer = c.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) throw new Error(describeFailure(failureOf("create a timer", -timer)));
  const outside = openOutsideClock();
  const deadlines = createDeadlineHeap<() => void>();
  const setting = new Uint8Array(new ArrayBuffer(SIZEOF_ITIMERSPEC));
  const settingView = new DataView(setting.buffer);
  const expirations = new Uint8Array(new ArrayBuffer(8));
  let armedFor: Instant | "spent" | undefined;
  let open = true;

  const now = (): Instant => mustRead(CLOCK_MONOTONIC);

  const arm = (): void => {
    const next = deadlines.first()?.at;
    if (next === armedFor || !open) return;
    armedFor = next;
    // An all-zero it_value disarms, so the origin of the clock cannot be waited for; it is long past.
    const at = next === undefined ? 0 : Math.max(1, next);
    settingView.setBigInt64(AT_VALUE_SECONDS, BigInt(Math.floor(at / MICROS_PER_SECOND)), true);
    settingView.setBigInt64(AT_VALUE_NANOSECONDS, BigInt((at % MICROS_PER_SECOND) * 1_000), true);
    const result = c.timerfd_settime(timer, TFD_TIMER_ABSTIME, setting);
    assert(result >= 0, "a timer accepts every instant");
    watch.keepAlive(next !== undefined);
  };

  /** Rings the first alarm that is due. The others get turns of their own, after the sockets have had theirs. */
  const ring = (): void => {
    c.read(timer, expirations);
    armedFor = "spent";
    const first = deadlines.first();
    const due = first !== undefined && first.at <= now();
    if (due) deadlines.remove(first);
    // Armed before the callback, so that the next alarm comes even if this one throws.
    arm();
    if (due) first.value();
  };

  const watch = watchDescriptor(timer, ring);
  watch.keepAlive(false);

  const alarm = (callback: () => void): Alarm => {
    let deadline: Deadline<() => void> | undefined;
    let closed = false;
    const clear = (): void => {
      if (deadline !== undefined) deadlines.remove(deadline);
      deadline = undefined;
      arm();
    };
    return {
      set: (at) => {
        assert(!closed, "the alarm is open");
        if (deadline !== undefined) deadlines.remove(deadline);
        deadline = deadlines.add(at, callback);
        arm();
      },
      clear,
      close: () => {
        clear();
        closed = true;
      },
    };
  };

  return {
    now,
    boottime: () => mustRead(CLOCK_BOOTTIME),
    outside: () => outside?.read(),
    wallClockMs: () => Date.now(),
    alarm,
    close: () => {
      if (!open) return;
      open = false;
      watch.close();
      c.close(timer);
      outside?.close();
    },
  };
}

function mustRead(clock: number): Instant {
  const at = readClock(clock);
  assert(at !== undefined, `clock ${clock} exists`);
  return at;
}

const MICROS_PER_SECOND = 1_000_000;
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

// sys/timerfd.h; struct itimerspec is the interval and then the value, a struct timespec each.
const TFD_NONBLOCK = 0o4000;
const TFD_CLOEXEC = 0o2000000;
const TFD_TIMER_ABSTIME = 1;
const SIZEOF_ITIMERSPEC = 32;
const AT_VALUE_SECONDS = 16;
const AT_VALUE_NANOSECONDS = 24;
