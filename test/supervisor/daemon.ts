import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** One that runs in the foreground, and what it says. */
export interface Daemon {
  readonly exit: Promise<number | null>;
  /** Nobody writes to its standard error any more: all its processes are gone. */
  readonly closed: Promise<void>;
  processId(): number | undefined;
  output(): string;
  /** Waits for a line with these words, behind the one that was waited for last. */
  line(words: string): Promise<void>;
  /** Waits until a pid file is there. */
  pidFile(name: string): Promise<void>;
  /** Waits until there is a file of this name in the folder. */
  file(name: string): Promise<void>;
  pid(name: string): number;
  signal(signal: NodeJS.Signals): void;
  remove(): Promise<void>;
}

/** Starts `holdfast run` in a namespace, with its folders and its configuration, good.conf, in `folder`. */
export function startDaemon(namespace: string, folder: string, flags: readonly string[], stderr?: number): Daemon {
  const words = ["run", "-f", join(folder, "good.conf"), "--runtime-dir", folder, "--state-dir", folder, ...flags];
  const child = spawn("ip", ["netns", "exec", namespace, PROGRAM, ...words], {
    stdio: ["ignore", "ignore", stderr ?? "pipe"],
    env: { ...process.env, TMPDIR: folder },
  });
  let output = "";
  let read = 0;
  let onOutput = (): void => {};
  child.stderr?.on("data", (text: Buffer) => {
    output += text.toString();
    onOutput();
  });
  const exit = ended(child);
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const pid = (name: string): number => Number(readFileSync(join(folder, name), "utf8"));
  return {
    exit,
    closed,
    processId: () => child.pid,
    output: () => output,
    line: async (words_) => {
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          const at = output.indexOf(words_, read);
          if (at < 0) return;
          read = at + words_.length;
          onOutput = () => {};
          resolve();
        };
        onOutput = look;
        void closed.then(() => reject(new Error(`it ended before it said "${words_}":\n${output}`)));
        look();
      });
    },
    file: async (name) => await untilThere(folder, () => statSync(join(folder, name))),
    pidFile: async (name) => await untilThere(folder, () => pid(name)),
    pid,
    signal: (signal) => void child.kill(signal),
    remove: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await exit;
      if (stderr === undefined) await closed;
    },
  };
}

async function untilThere(folder: string, look: () => unknown): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (throws(look)) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, check);
    check();
  });
}

/** Runs a command of Holdfast in a namespace to its end. */
export async function run(namespace: string, words: readonly string[], before: readonly string[] = []): Promise<Ended> {
  const child = spawn("ip", ["netns", "exec", namespace, ...before, PROGRAM, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const closed = new Promise((resolve) => child.once("close", resolve));
  const status = await ended(child);
  await closed;
  return { status, output };
}

async function ended(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => resolve(status));
  });
}

export function throws(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

/** Gone, or dead and not yet collected by whoever inherited it. */
export function hasEnded(pid: number): boolean {
  return throws(() => process.kill(pid, 0)) || readFileSync(`/proc/${pid}/cmdline`).length === 0;
}

export const PROGRAM = fileURLToPath(new URL("../../bin/holdfast", import.meta.url));
