import type { Instant } from "../base/time.ts";

/** Time as this machine tells it. */
export interface Clock {
  /** CLOCK_MONOTONIC. Never goes back; goes on while this process is stopped, but not while the machine is suspended. */
  now(): Instant;

  /** CLOCK_BOOTTIME. Like `now`, and goes on while the machine is suspended. */
  boottime(): Instant;

  /**
   * A clock kept outside this kernel (the hypervisor's by /dev/ptp_kvm, or the RTC), which alone goes on while a virtual
   * machine is frozen. Undefined where there is none. Its origin is its own; it may tick in whole seconds
   * (`outsideResolution`).
   */
  outside(): { readonly at: Instant; readonly resolutionMicros: number } | undefined;

  /** Milliseconds since 1970 UTC. For people, journals and signatures; it may jump. */
  wallClockMs(): number;

  /** A wake-up that can be set again and again. */
  alarm(callback: () => void): Alarm;
}

/**
 * At most one wake-up at a time. It comes at or after the instant it was set for, never before, in a turn of its own.
 * Early enough for the protocol is early enough: how late it may come is the machine's business, and the receiver
 * compares with `now`.
 */
export interface Alarm {
  /** Replaces the instant it was set for. An instant in the past wakes in the next turn. */
  set(at: Instant): void;
  clear(): void;
  /** Clears it for good. */
  close(): void;
}
