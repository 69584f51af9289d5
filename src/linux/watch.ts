import { libc } from "./libc.ts";
import type { PollHandle } from "./libc.ts";

export interface Watch {
  /** Whether this watch alone keeps the process running; it does at first. */
  keepAlive(wanted: boolean): void;
  /** Must come before the descriptor is closed. Nothing is called back afterwards; a second call does nothing. */
  close(): void;
}

/** How soon one turn follows another. */
export interface Pace {
  /** From one turn to the next pass so many milliseconds at least: for what can wait a little, and of which there may be much. */
  readonly spacingMs?: number;
  /**
   * Two turns that follow one another closely are followed by a millisecond of rest: hundreds of routers advert at the same
   * time, and a turn costs more than a packet. What comes alone is read at once.
   */
  readonly gathers?: boolean;
}

/**
 * Calls `onReadable` in a turn of its own while there is something to read, or an error to collect, on the descriptor.
 *
 * The callback should read what is there: it comes again and again until somebody does. What it throws is an uncaught
 * exception like any other, since its turn is one of Node's.
 */
export function watchDescriptor(fd: number, onReadable: () => void, pace: Pace = {}): Watch {
  const { spacingMs = 0, gathers = false } = pace;
  let stopped = false;
  let pending = false;
  let open = true;
  let resting: NodeJS.Timeout | undefined;
  let turnedAtMs = -Infinity;

  const rest = (forMs: number): void => {
    handle.pause();
    resting = setTimeout(() => {
      if (open) handle.restart();
    }, forMs);
  };

  /** For how many milliseconds nothing is to be looked at after a turn that begins now. */
  const restNow = (): number => {
    if (!gathers) return spacingMs;
    const nowMs = performance.now();
    const isBurst = nowMs - turnedAtMs < BURST_MS;
    turnedAtMs = nowMs;
    return isBurst ? BURST_MS : 0;
  };

  const turn = (): void => {
    pending = false;
    if (!open) return;
    const restMs = restNow();
    try {
      onReadable();
    } finally {
      // libuv gives up a descriptor that reports POLLERR. A socket does that for passing errors too (its interface went
      // down, its buffer overran), which the reader has collected by now.
      if (open && restMs > 0) rest(restMs);
      else if (stopped && open) handle.restart();
      stopped = false;
    }
  };

  // The loop runs immediates right after it has polled, so this costs a few microseconds, and buys a real turn:
  // promises go on, and exceptions surface where they belong.
  const handle = libc().poll(fd, (readiness) => {
    if (readiness < 0) stopped = true;
    if (pending) return;
    pending = true;
    setImmediate(turn);
  });
  live.add(handle);

  return {
    keepAlive: (wanted) => handle.keepAlive(wanted),
    close: () => {
      open = false;
      clearTimeout(resting);
      live.delete(handle);
      handle.close();
    },
  };
}

const BURST_MS = 1;

/** A handle that nobody references is collected, and its descriptor falls silent. */
const live = new Set<PollHandle>();
