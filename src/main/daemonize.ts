import { spawn } from "node:child_process";
import { EXIT } from "./exit-codes.ts";
import type { Flags } from "./flags.ts";
import { NODE_FLAGS } from "./node-flags.ts";
import type { Starter } from "./run.ts";

/**
 * Starts the daemon and waits until it is up: its handlers stand, its pid file is written and the vrrp process runs. Then
 * this process ends with 0, else with the daemon's own exit status and its errors on standard error. A daemon that is not up
 * within the limit goes on trying, and this process ends with 1: a boot must not wait for it.
 *
 * Node cannot fork itself, so the daemon is a new process, in a session of its own.
 */
export function startInBackground(
  program: string,
  argv: readonly string[],
  flags: Pick<Flags, "console">,
  limitMs = START_LIMIT_MS,
): void {
  const daemon = spawn(process.execPath, [...NODE_FLAGS, program, "--in-background", ...argv], {
    // Only an operator who asked for lines on the terminal (-l) keeps it open.
    stdio: ["ignore", "ignore", flags.console ? "inherit" : "ignore", "ipc"],
    detached: true,
  });
  setTimeout(() => {
    process.stderr.write(`The daemon is not up after ${limitMs / 1_000} s and goes on trying; its log says why\n`);
    process.exit(EXIT.FATAL);
  }, limitMs);
  daemon.on("error", (error) => {
    process.stderr.write(`Cannot start the daemon: ${error.message}\n`);
    process.exit(EXIT.FATAL);
  });
  daemon.on("message", (message) => {
    if (isStarted(message)) process.exit(EXIT.OK);
    for (const sentence of sentencesOf(message)) process.stderr.write(`${sentence}\n`);
  });
  daemon.on("exit", (status, signal) => {
    if (signal !== null) process.stderr.write(`The daemon was killed by ${signal} while it started\n`);
    // What it said last is read before.
    setImmediate(() => process.exit(status ?? EXIT.FATAL));
  });
}

/** The daemon's line to its starter; it is cut once the starter knows enough. */
export function starterOf(flags: Flags): Starter {
  if (!flags.inBackground || process.send === undefined) return { started: () => {}, failed: () => {} };
  const say = (message: StarterMessage): void => {
    if (!process.connected) return;
    process.send?.(message, undefined, undefined, () => {
      if (process.connected) process.disconnect();
    });
  };
  return {
    started: () => say({ kind: "started" }),
    failed: (_status, sentences) => say({ kind: "failed", sentences }),
  };
}

type StarterMessage = { readonly kind: "started" } | { readonly kind: "failed"; readonly sentences: readonly string[] };

function isStarted(message: unknown): boolean {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "started";
}

function sentencesOf(message: unknown): readonly string[] {
  if (typeof message !== "object" || message === null || !("sentences" in message)) return [];
  return Array.isArray(message.sentences) ? message.sentences.map(String) : [];
}

/** Longer than the supervisor gives a vrrp process to come up, and the next one after it. */
const START_LIMIT_MS = 30_000;
