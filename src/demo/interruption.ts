import { constants } from "node:os";

/**
 * Waits for whatever ends the demo before its time and gives the exit status for it: a signal, standard output that nobody
 * reads any more, or the end of the process that started this one. From this call on none of them ends the process by itself,
 * a second time neither: there is something to be removed first.
 */
export function awaitInterruption(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve(128 + constants.signals[signal]));
    process.stdout.on("error", () => resolve(128 + constants.signals.SIGPIPE));
    if (!process.connected) return;
    process.on("disconnect", () => resolve(128 + constants.signals.SIGKILL));
    process.channel?.unref();
  });
}

/** Waits for Enter, and for ever where there is no terminal to press it on. The one that gives up waiting calls `stop`. */
export function awaitEnter(): { readonly pressed: Promise<void>; readonly stop: () => void } {
  process.stdin.on("error", () => {});
  const pressed = new Promise<void>((resolve) => {
    process.stdin.once("data", () => resolve());
  });
  // Reading standard input would keep this process alive.
  return { pressed, stop: () => void process.stdin.pause() };
}

export const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
