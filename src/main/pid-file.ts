import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { thrownFailure } from "../linux/file-failure.ts";

/** A pid file that is ours. */
export interface PidFile {
  readonly path: string;
  /** False once somebody else put another pid there: two started at the same time, and we lost. One that is gone is nobody's. */
  isOurs(): boolean;
  /** Removes it if it is still ours. */
  release(): void;
}

export type PidFileRefusal =
  /** The process that wrote it is alive. */
  { readonly kind: "running"; readonly pid: number } | { readonly kind: "failed"; readonly failure: SystemFailure };

/**
 * Makes this process the one that a pid file names, unless a living one is named there.
 *
 * A file left behind by a dead process is replaced, also when its pid has been given to another process since: that one
 * started after the file was written. Of several that try at once exactly one succeeds, with one exception: three at
 * once over a left-over file may let two through; `isOurs`, asked a moment later, tells the loser.
 */
export function claimPidFile(path: string): Result<PidFile, PidFileRefusal> {
  const text = `${process.pid}\n`;
  const fresh = `${path}.${process.pid}`;
  try {
    makeDirectory(dirname(path));
    // Created by us, never through a link that somebody laid in a folder that others may write to.
    removeQuietly(fresh);
    writeFileSync(fresh, text, { mode: 0o644, flag: "wx" });
    // Whatever the umask is: others ask who runs.
    chmodSync(fresh, 0o644);
  } catch (error) {
    removeQuietly(fresh);
    return fail({ kind: "failed", failure: thrownFailure(`write the pid file ${path}`, error) });
  }
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const taken = linkExclusively(fresh, path);
      if (taken.ok) return succeed(ownedPidFile(path, text));
      if (taken.error.errno !== "EEXIST") return fail({ kind: "failed", failure: taken.error });
      const found = readPidFile(path);
      if (found !== undefined && isAlive(found)) return fail({ kind: "running", pid: found.pid });
      clearStale(path, `${fresh}.old`, found?.text);
    }
  } finally {
    removeQuietly(fresh);
  }
  const failure = {
    operation: `write the pid file ${path}`,
    errno: "EBUSY",
    message: "others write it at the same time",
  };
  return fail({ kind: "failed", failure });
}

/**
 * Writes the pid of another process, one that we watch ourselves, whatever the file held.
 *
 * Refused where the file cannot be written.
 */
export function writePidFile(path: string, pid: number): Result<PidFile, SystemFailure> {
  const text = `${pid}\n`;
  const fresh = `${path}.${process.pid}`;
  try {
    makeDirectory(dirname(path));
    // Created by us, never through a link that somebody laid in a folder that others may write to.
    removeQuietly(fresh);
    writeFileSync(fresh, text, { mode: 0o644, flag: "wx" });
    chmodSync(fresh, 0o644);
    renameSync(fresh, path);
    return succeed(ownedPidFile(path, text));
  } catch (error) {
    removeQuietly(fresh);
    return fail(thrownFailure(`write the pid file ${path}`, error));
  }
}

/**
 * Creates a directory and its parents, mode 0755 whatever the umask. Throws what mkdir(2) refuses; Node's own way would say
 * ENOENT for a read-only file system.
 */
export function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: 0o755 });
    chmodSync(path, 0o755);
  } catch (error) {
    // Somebody else may have been quicker.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

interface FoundPid {
  readonly pid: number;
  readonly text: string;
  readonly writtenMs: number;
}

function readPidFile(path: string): FoundPid | undefined {
  try {
    const text = readFileSync(path, "utf8");
    const pid = Number(/^\s*([1-9][0-9]{0,9})\s*$/.exec(text)?.[1] ?? Number.NaN);
    return { pid, text, writtenMs: statSync(path).mtimeMs };
  } catch {
    return undefined;
  }
}

function isAlive(found: FoundPid): boolean {
  // In a container that was restarted we may have got the very pid that the last run wrote down.
  if (!Number.isSafeInteger(found.pid) || found.pid === process.pid) return false;
  try {
    process.kill(found.pid, 0);
  } catch (error) {
    if (thrownFailure("look for the process", error).errno !== "EPERM") return false;
  }
  const startedMs = processStartMs(found.pid);
  return startedMs === undefined || startedMs <= found.writtenMs + START_TOLERANCE_MS;
}

/** When a process started, milliseconds since 1970, by proc(5): starttime in clock ticks after the boot. */
function processStartMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything, so counting begins behind the last one.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[STARTTIME_AFTER_NAME]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    const started = boot * 1_000 + ticks * MS_PER_TICK;
    return Number.isFinite(started) ? started : undefined;
  } catch {
    return undefined;
  }
}

function linkExclusively(from: string, to: string): Result<void, SystemFailure> {
  try {
    return succeed(linkSync(from, to));
  } catch (error) {
    return fail(thrownFailure(`write the pid file ${to}`, error));
  }
}

/** Removes a left-over file. If somebody put a fresh one there meanwhile, that one is put back. */
function clearStale(path: string, aside: string, stale: string | undefined): void {
  try {
    renameSync(path, aside);
    if (stale !== undefined && readFileSync(aside, "utf8") !== stale) linkSync(aside, path);
  } catch {
    // Somebody else was quicker; the next attempt sees what is there then.
  }
  removeQuietly(aside);
}

function ownedPidFile(path: string, text: string): PidFile {
  const isOurs = (): boolean => {
    try {
      return readFileSync(path, "utf8") === text;
    } catch {
      // Somebody who cleans up may have removed it, or its folder.
      return true;
    }
  };
  return {
    path,
    isOurs,
    release: () => {
      if (isOurs()) removeQuietly(path);
    },
  };
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, which is what was wanted.
  }
}

const ATTEMPTS = 10;

/** btime is in whole seconds and moves with corrections of the clock. */
const START_TOLERANCE_MS = 2_000;

/** USER_HZ is 100 on every architecture that Node runs on. */
const MS_PER_TICK = 10;

/** starttime is field 22 of proc(5), the name is field 2, counting here begins at 0 with field 3. */
const STARTTIME_AFTER_NAME = 19;
