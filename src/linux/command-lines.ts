import { after, seconds, type Instant } from "../base/time.ts";
import type { Alarm, Clock } from "../ports/clock.ts";
import { readCommandLine } from "./proc-files.ts";

/**
 * Reads command lines, a few at a time, each with a limit. Who reads that of a process which hangs inside the kernel may
 * hang for as long, so a read that takes too long is given up, and with it the thread that it has taken; after a few of
 * them nothing is read any more.
 */
export class CommandLines {
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #waiting: Read[] = [];
  readonly #running = new Set<Read>();
  #lost = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#alarm = clock.alarm(() => this.#giveUp());
  }

  /** Whether something is still to be told. */
  get busy(): boolean {
    return this.#waiting.length > 0 || this.#running.size > 0;
  }

  /** `onRead` comes in a turn of its own; undefined: the process is gone, or cannot be read. */
  read(pid: number, onRead: Read["onRead"]): void {
    this.#waiting.push({ pid, onRead, by: this.#clock.now() });
    this.#alarm.set(this.#clock.now());
  }

  close(): void {
    this.#waiting.length = 0;
    this.#running.clear();
    this.#alarm.close();
  }

  #giveUp(): void {
    const now = this.#clock.now();
    for (const read of this.#running) {
      if (read.by > now) continue;
      this.#lost += 1;
      this.#end(read, undefined);
    }
    this.#proceed();
  }

  #proceed(): void {
    if (this.#lost >= MOST_LOST) {
      for (const read of this.#waiting.splice(0)) read.onRead(undefined);
      return;
    }
    while (this.#running.size < MOST_AT_ONCE) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const read = { ...next, by: after(this.#clock.now(), PATIENCE) };
      this.#running.add(read);
      this.#alarm.set(read.by);
      readCommandLine(read.pid, (words) => {
        // Given up, or closed, meanwhile.
        if (!this.#running.has(read)) return;
        this.#end(read, words);
        this.#proceed();
      });
    }
  }

  #end(read: Read, words: readonly string[] | undefined): void {
    this.#running.delete(read);
    read.onRead(words);
  }
}

interface Read {
  readonly pid: number;
  readonly onRead: (words: readonly string[] | undefined) => void;
  /** It is given up then. */
  readonly by: Instant;
}

/** Node has four threads for such work. */
const MOST_AT_ONCE = 2;
const MOST_LOST = 2;
const PATIENCE = seconds(2);
