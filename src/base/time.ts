declare const microsBrand: unique symbol;
declare const instantBrand: unique symbol;

/** A duration in whole microseconds: a safe integer, so two hundred years fit. */
export type Micros = number & { readonly [microsBrand]: true };

/** A point on a monotonic clock in whole microseconds since that clock's origin. Says nothing about the time of day. */
export type Instant = number & { readonly [instantBrand]: true };

export function micros(count: number): Micros {
  if (!Number.isSafeInteger(count)) throw new RangeError(`Cannot use ${count} as microseconds: not a whole number`);
  return count as Micros;
}

export function instant(count: number): Instant {
  if (!Number.isSafeInteger(count)) throw new RangeError(`Cannot use ${count} as an instant: not a whole number`);
  return count as Instant;
}

export function millis(count: number): Micros {
  return micros(Math.round(count * 1_000));
}

/** Rounds to whole microseconds. */
export function seconds(count: number): Micros {
  return micros(Math.round(count * 1_000_000));
}

export function toSeconds(duration: Micros): number {
  return duration / 1_000_000;
}

export function toMillis(duration: Micros): number {
  return duration / 1_000;
}

export function after(start: Instant, duration: Micros): Instant {
  return instant(start + duration);
}

/** The next multiple of the interval on the clock's own scale. Whatever happens on the same beat wakes the process once. */
export function nextBeat(now: Instant, interval: Micros): Instant {
  return instant((Math.floor(now / interval) + 1) * interval);
}

/** How long ago `earlier` was; negative when it is still to come. */
export function elapsed(earlier: Instant, now: Instant): Micros {
  return micros(now - earlier);
}

/** Undefined stands for never, here and in `earliest`. */
export function earlier(left: Instant | undefined, right: Instant | undefined): Instant | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return right < left ? right : left;
}

export function earliest(...instants: readonly (Instant | undefined)[]): Instant | undefined {
  let first: Instant | undefined;
  for (const candidate of instants) first = earlier(first, candidate);
  return first;
}
