import { after, elapsed, micros, millis, seconds, type Instant } from "../base/time.ts";
import type { Alarm, Clock } from "../ports/clock.ts";
import type {
  ObservedProcess,
  ProcessEvent,
  ProcessQuery,
  ProcessTable,
  ProcessWatch,
} from "../ports/process-table.ts";
import { CommandLines } from "./command-lines.ts";
import { libc } from "./libc.ts";
import { listPids, readStat, type ProcessStat } from "./proc-files.ts";
import { subscribeToProcessNotices, type ProcessNotices } from "./process-notices.ts";
import { watchDescriptor, type Watch } from "./watch.ts";

/**
 * Watches processes by /proc, by a pidfd for each that is wanted, and by the kernel's notices where it gives them.
 *
 * A pidfd tells the end within a millisecond, everywhere. That a process has begun is told by a notice; without notices
 * /proc is looked through again and again, at most a twentieth of the time.
 */
export function openLinuxProcessTable(clock: Clock, tellers: Partial<Tellers> = {}): ProcessTable {
  return { watch: (query, onEvent) => new Observation(query, onEvent, { clock, ...KERNEL, ...tellers }) };
}

/** Who tells, where the kernel can: what has begun, and what has ended. */
export interface Tellers {
  readonly subscribe: (onReadable: () => void) => ReturnType<typeof subscribeToProcessNotices>;
  /** Undefined: there is none to be had. */
  readonly openPidfd: (pid: number, onEnd: () => void) => Pidfd | undefined;
}

/** What is known of one process. */
interface Entry {
  readonly startTime: string;
  readonly seenAt: Instant;
  /** Set while it is wanted. */
  wanted: { looks: ObservedProcess; pidfd: Pidfd | undefined } | undefined;
}

export interface Pidfd {
  close(): void;
}

class Observation implements ProcessWatch {
  readonly #query: ProcessQuery;
  readonly #onEvent: (event: ProcessEvent) => void;
  readonly #clock: Clock;
  readonly #openPidfd: Tellers["openPidfd"];
  readonly #entries = new Map<number, Entry>();
  /** Still to be looked at, with the parent that has forked it where that is how it came. */
  readonly #queue = new Map<number, "fork" | "other">();
  readonly #commandLines: CommandLines;
  readonly #nextLook: Alarm;
  readonly #nextSlice: Alarm;
  readonly #notices: ProcessNotices | undefined;
  #lookedThroughAt: Instant;
  /** A look through everything has begun, and `listed` is to follow. */
  #listing = true;
  #closed = false;

  constructor(
    query: ProcessQuery,
    onEvent: (event: ProcessEvent) => void,
    { clock, subscribe, openPidfd }: Tellers & { readonly clock: Clock },
  ) {
    this.#query = query;
    this.#onEvent = onEvent;
    this.#clock = clock;
    this.#openPidfd = openPidfd;
    this.#commandLines = new CommandLines(clock);
    this.#nextSlice = clock.alarm(() => this.#takeSlice());
    this.#nextLook = clock.alarm(() => this.#look());
    this.#lookedThroughAt = clock.now();
    // Before the first look, so that nothing begins unseen between the two.
    const notices = subscribe(() => this.#onNotices());
    this.#notices = notices.ok ? notices.value : undefined;
    this.#nextLook.set(clock.now());
  }

  get source(): "events" | "looking" {
    return this.#notices === undefined ? "looking" : "events";
  }

  close(): void {
    this.#closed = true;
    this.#nextLook.close();
    this.#nextSlice.close();
    this.#commandLines.close();
    this.#notices?.close();
    for (const { wanted } of this.#entries.values()) wanted?.pidfd?.close();
    this.#entries.clear();
  }

  #onNotices(): void {
    if (this.#closed || this.#notices === undefined) return;
    const { notices, lost } = this.#notices.receive();
    for (const notice of notices) {
      if (notice.kind === "changed") this.#queue.set(notice.pid, "other");
      // The copy of one that is not wanted is not wanted either, until it becomes something else.
      if (notice.kind === "fork" && this.#isWanted(notice.parent)) this.#queue.set(notice.child, "fork");
    }
    if (lost) {
      this.#listing = true;
      this.#nextLook.set(this.#clock.now());
    }
    this.#takeSlice();
  }

  /** Finds what is new and what is gone, and looks again at what may look different by now. */
  #look(): void {
    const now = this.#clock.now();
    const pids = new Set(listPids());
    for (const pid of this.#entries.keys()) if (!pids.has(pid)) this.#forget(pid);
    const isThorough = this.#listing || elapsed(this.#lookedThroughAt, now) >= THOROUGH_PERIOD;
    if (isThorough) this.#lookedThroughAt = now;
    for (const pid of pids) {
      const entry = this.#entries.get(pid);
      const isUnwatched = entry?.wanted !== undefined && entry.wanted.pidfd === undefined;
      const isYoung = entry === undefined || elapsed(entry.seenAt, now) < YOUTH;
      if ((isThorough || isYoung || isUnwatched) && !this.#queue.has(pid)) this.#queue.set(pid, "other");
    }
    const cost = elapsed(now, this.#clock.now());
    this.#nextLook.set(after(this.#clock.now(), micros(Math.max(this.#period(), SHARE * cost))));
    this.#takeSlice();
  }

  #period(): number {
    const isComplete = [...this.#entries.values()].every(
      ({ wanted }) => wanted?.pidfd !== undefined || wanted === undefined,
    );
    return this.#notices !== undefined && isComplete ? THOROUGH_PERIOD : LOOKING_PERIOD;
  }

  /** A machine may have thousands of processes, and whoever owns this loop has adverts to send. */
  #takeSlice(): void {
    let left = SLICE;
    for (const [pid, by] of this.#queue) {
      if (left === 0) break;
      left -= 1;
      this.#queue.delete(pid);
      this.#examine(pid, by);
      if (this.#closed) return;
    }
    if (this.#queue.size > 0) this.#nextSlice.set(this.#clock.now());
    else this.#finishListing();
  }

  #finishListing(): void {
    if (!this.#listing || this.#queue.size > 0 || this.#commandLines.busy) return;
    this.#listing = false;
    this.#onEvent({ kind: "listed" });
  }

  #examine(pid: number, by: "fork" | "other"): void {
    const stat = readStat(pid);
    if (stat === undefined) return this.#forget(pid);
    let entry = this.#entries.get(pid);
    if (entry !== undefined && entry.startTime !== stat.startTime) {
      this.#forget(pid);
      entry = undefined;
    }
    const isNew = entry === undefined;
    if (entry === undefined) {
      entry = { startTime: stat.startTime, seenAt: this.#clock.now(), wanted: undefined };
      this.#entries.set(pid, entry);
    }
    if (stat.state === "Z" || stat.state === "X") return this.#end(pid, entry);
    const isFork = by === "fork" || (isNew && !this.#listing && this.#isWanted(stat.parent));
    if (!this.#query.wantsCommandLine) return this.#judge(pid, entry, stat, [], isFork);
    const examined = entry;
    this.#commandLines.read(pid, (words) => {
      if (this.#closed) return;
      // Meanwhile it may have ended, and another may have its pid.
      if (words !== undefined && this.#entries.get(pid) === examined) this.#judge(pid, examined, stat, words, isFork);
      if (!this.#closed) this.#finishListing();
    });
  }

  #judge(pid: number, entry: Entry, { name }: ProcessStat, commandLine: readonly string[], isFork: boolean): void {
    const process: ObservedProcess = { pid, name, commandLine };
    if (!this.#query.isWanted(process)) {
      if (entry.wanted === undefined) return;
      entry.wanted.pidfd?.close();
      entry.wanted = undefined;
      return this.#onEvent({ kind: "left", pid });
    }
    const before = entry.wanted;
    if (before !== undefined && looksLike(before.looks, process)) return;
    entry.wanted = { looks: process, pidfd: before?.pidfd ?? this.#openPidfd(pid, () => this.#end(pid, entry)) };
    this.#onEvent({ kind: "began", process, by: isFork ? "fork" : "other" });
  }

  #isWanted(pid: number): boolean {
    return this.#entries.get(pid)?.wanted !== undefined;
  }

  /** It goes on as a zombie perhaps, until its parent asks for it. */
  #end(pid: number, entry: Entry): void {
    if (this.#closed || entry.wanted === undefined) return;
    entry.wanted.pidfd?.close();
    entry.wanted = undefined;
    this.#onEvent({ kind: "ended", pid });
  }

  #forget(pid: number): void {
    const entry = this.#entries.get(pid);
    if (entry === undefined) return;
    this.#entries.delete(pid);
    this.#end(pid, entry);
  }
}

function looksLike(left: ObservedProcess, right: ObservedProcess): boolean {
  return (
    left.name === right.name &&
    left.commandLine.length === right.commandLine.length &&
    left.commandLine.every((word, index) => word === right.commandLine[index])
  );
}

/** Undefined where there is none to be had: kernels before 5.3, or too many open already. Then looking has to do. */
export function openPidfd(pid: number, onEnd: () => void): Pidfd | undefined {
  const c = libc();
  const fd = c.pidfd_open(pid, 0);
  if (fd < 0) return undefined;
  let watch: Watch | undefined = watchDescriptor(fd, onEnd);
  return {
    close: () => {
      watch?.close();
      if (watch !== undefined) c.close(fd);
      watch = undefined;
    },
  };
}

/** Without notices. What forks and then becomes something else does so within its youth. */
const LOOKING_PERIOD = millis(250);
const YOUTH = seconds(2);
/** Everything is looked at again, in case something was missed. */
const THOROUGH_PERIOD = seconds(10);
/** Looking costs at most so much of the time, one in SHARE. */
const SHARE = 20;
const SLICE = 64;
const KERNEL: Tellers = { subscribe: subscribeToProcessNotices, openPidfd };
