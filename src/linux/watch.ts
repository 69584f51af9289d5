import { libc } from "./libc.ts";
import type { PollHandle } from "./libc.ts";

export interface Watch {
  /** Whether this watch alone keeps the process running; it does at first. */
  keepAlive(wanted: boolean): void;
  /** Must come before the descriptor is closed. Nothing is called back afterwards; a second call does nothing. */
  close(): void;
}

/**
 * Calls `onReadable` in a turn of its own while there is something to read, or an error to collect, on the descriptor.
 *
 * The callback should read what is there: it comes again and again until somebody does. What it throws is an uncaught
 * exception like any other, since its turn is one of Node's. From one turn to the next pass `spacingMs` at least, for
 * descriptors on which much may come that can wait a little.
 */
export function watchDescriptor(fd: number, onReadable: () => void, spacingMs = 0): Watch {
  let stopped = false;
  let pending = false;
  let open = true;
  let resting: NodeJS.Timeout | undefined;

  const rest = (): void => {
    handle.pause();
    resting = setTimeout(() => {
      if (open) handle.restart();
    }, spacingMs);
  };

  const turn = (): void => {
    pending = false;
    if (!open) return;
    try {
      onReadable();
    } finally {
      // libuv gives up a descriptor that reports POLLERR. A socket does that for passing errors too (its interface went
      // down, its buffer overran), which the reader has collected by now.
      if (open && spacingMs > 0) rest();
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

/** A handle that nobody references is collected, and its descriptor falls silent. */
const live = new Set<PollHandle>();
