import { after, elapsed, instant, micros, type Instant, type Micros } from "../../base/time.ts";

/** Announcements that wait for their turn where they may not leave all at once: one queue for each pace. */
export interface AnnounceQueue {
  /** How often each is still to be sent, by a key of the caller's, in the order of their turns. */
  readonly waiting: ReadonlyMap<string, number>;
  /** The next may leave no earlier. */
  readonly freeAt: Instant;
}

export function emptyQueue(now: Instant): AnnounceQueue {
  return { waiting: new Map(), freeAt: now };
}

/**
 * Adds `repeat` rounds of these. What waits already is not sent more often for it than the greater of the two counts, so that
 * bursts that come faster than they leave do not pile up.
 */
export function enqueue(queue: AnnounceQueue, keys: readonly string[], repeat: number, now: Instant): AnnounceQueue {
  const waiting = new Map(queue.waiting);
  for (const key of keys) waiting.set(key, Math.max(waiting.get(key) ?? 0, repeat));
  // A time in which nothing waited gives no right to more at once.
  const idle = queue.waiting.size === 0 && queue.freeAt < now;
  return { waiting, freeAt: idle ? now : queue.freeAt };
}

/** Drops what is not to be sent any more. */
export function withdraw(queue: AnnounceQueue, isGone: (key: string) => boolean): AnnounceQueue {
  return { ...queue, waiting: new Map([...queue.waiting].filter(([key]) => !isGone(key))) };
}

/**
 * Takes what may leave now, round by round. Timers are late; what that has held up leaves with the next, but never more than
 * a handful at once.
 */
export function takeDue(
  queue: AnnounceQueue,
  interval: Micros,
  now: Instant,
): { readonly keys: readonly string[]; readonly queue: AnnounceQueue } {
  if (queue.freeAt > now || queue.waiting.size === 0) return { keys: [], queue };
  const allowed = Math.min(MOST_AT_ONCE, 1 + Math.floor(elapsed(queue.freeAt, now) / Math.max(1, interval)));
  const waiting = new Map(queue.waiting);
  const keys: string[] = [];
  while (keys.length < allowed) {
    const [next] = waiting;
    if (next === undefined) break;
    const [key, count] = next;
    keys.push(key);
    waiting.delete(key);
    if (count > 1) waiting.set(key, count - 1);
  }
  const paced = after(queue.freeAt, micros(keys.length * interval));
  return { keys, queue: { waiting, freeAt: instant(Math.max(paced, now - MOST_AT_ONCE * interval)) } };
}

/** When `takeDue` has something next; undefined: nothing waits. */
export function queueDeadline(queue: AnnounceQueue): Instant | undefined {
  return queue.waiting.size === 0 ? undefined : queue.freeAt;
}

const MOST_AT_ONCE = 64;
