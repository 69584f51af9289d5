import { after, elapsed, micros } from "../base/time.ts";
import type { Instant, Micros } from "../base/time.ts";

export interface RateLimit {
  /** How many may happen at once after a quiet time; at least 1. */
  readonly burst: number;
  /** One more may happen in each period; above 0. */
  readonly period: Micros;
}

/** A bucket of permissions. It gains one per period, up to `burst`. */
export interface Bucket {
  /** Whole permissions in hand, 0 to `burst`. */
  readonly tokens: number;
  /** Since when the next permission is in the making. Means nothing while the bucket is full. */
  readonly since: Instant;
}

export type Permission =
  | { readonly kind: "granted"; readonly bucket: Bucket }
  /** Asking again before `availableAt` is in vain. */
  | { readonly kind: "refused"; readonly bucket: Bucket; readonly availableAt: Instant };

export function fullBucket(limit: RateLimit, now: Instant): Bucket {
  return { tokens: limit.burst, since: now };
}

/** Takes one permission if there is one. A refusal costs nothing. */
export function takePermission(limit: RateLimit, bucket: Bucket, now: Instant): Permission {
  const filled = fill(limit, bucket, now);
  if (filled.tokens > 0) return { kind: "granted", bucket: { ...filled, tokens: filled.tokens - 1 } };
  return { kind: "refused", bucket: filled, availableAt: after(filled.since, limit.period) };
}

function fill(limit: RateLimit, bucket: Bucket, now: Instant): Bucket {
  const gained = Math.floor(elapsed(bucket.since, now) / limit.period);
  if (bucket.tokens + gained >= limit.burst) return fullBucket(limit, now);
  return { tokens: bucket.tokens + gained, since: after(bucket.since, micros(gained * limit.period)) };
}
