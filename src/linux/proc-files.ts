import { closeSync, openSync, readdirSync, readFile, readSync } from "node:fs";

/** One process, from /proc/PID/stat. */
export interface ProcessStat {
  readonly name: string;
  /** One letter; Z is a zombie, X one that is dead already. */
  readonly state: string;
  readonly parent: number;
  /** Tells two processes apart that had the same pid one after the other. */
  readonly startTime: string;
}

/** The pids that this process can see. */
export function listPids(): readonly number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** Undefined where there is no such process any more. Never waits for that process. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    const fd = openSync(`/proc/${pid}/stat`, "r");
    try {
      return parseStat(BUFFER.toString("utf8", 0, readSync(fd, BUFFER, 0, BUFFER.length, null)));
    } finally {
      closeSync(fd);
    }
  } catch {
    // ENOENT or ESRCH: it has ended meanwhile. EACCES: it is hidden from us (hidepid), so it is not there for us.
    return undefined;
  }
}

/** @see proc_pid_stat(5): pid (comm) state ppid ... with starttime as field 22; comm may hold parentheses and spaces. */
export function parseStat(text: string): ProcessStat | undefined {
  const from = text.indexOf("(");
  const to = text.lastIndexOf(")");
  const [state, parent, ...rest] = text.slice(to + 2).split(" ");
  const startTime = rest[17];
  if (from < 0 || to < from || state === undefined || parent === undefined || startTime === undefined) return undefined;
  return { name: text.slice(from + 1, to), state, parent: Number(parent), startTime };
}

/**
 * Reads the command line of a process, words without their closing zeros. In a thread of its own: a process that hangs
 * inside the kernel may make whoever reads it hang, too. `onRead` comes in a turn of its own, or, then, never; undefined
 * where the process is gone.
 */
export function readCommandLine(pid: number, onRead: (words: readonly string[] | undefined) => void): void {
  readFile(`/proc/${pid}/cmdline`, "utf8", (error, text) =>
    onRead(error === null ? splitCommandLine(text) : undefined),
  );
}

export function splitCommandLine(text: string): readonly string[] {
  if (text === "") return [];
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}

const BUFFER = Buffer.alloc(1024);
