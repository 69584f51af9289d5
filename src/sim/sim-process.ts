import { assert } from "../base/assert.ts";
import { after, micros, type Instant, type Micros } from "../base/time.ts";
import type { Alarm, Clock } from "../ports/clock.ts";
import type { WakeUps } from "../ports/wake-ups.ts";
import type { Pending } from "./event-queue.ts";
import type { Machine } from "./machine.ts";

/** Something a process waits for. */
export interface Source {
  /** It may have become ready. */
  notify(): void;
  close(): void;
}

/** What befalls a process in the middle of a turn, at a system call. */
export type Misfortune =
  /** SIGKILL: before the call, or when the kernel has done it. */
  | { readonly kind: "killed-before" | "killed-after" }
  /** SIGSTOP, or no processor for it, before the call. */
  | { readonly kind: "stalled"; readonly length: Micros };

/**
 * One process on a machine: a loop that waits for alarms and sockets and gives each callback a turn of its own.
 *
 * Several things that are ready come in an order of chance. While it is stopped the kernel goes on collecting for it. When
 * it has ended, nothing of it is ever called again, and what it had open is closed.
 */
export class SimProcess {
  readonly #machine: Machine;
  readonly #sources = new Set<Ready>();
  readonly #alarms = new Set<SetAlarm>();
  readonly #posted: (() => void)[] = [];
  readonly #onEnd: (() => void)[] = [];
  readonly #timer: Source;
  readonly #mailbox: Source;
  #turn: Pending | undefined;
  #alive = true;
  #stopped = false;
  #misfortune: { countdown: number; readonly what: Misfortune; readonly onStrike: () => void } | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#timer = this.source(
      () => this.#firstDue() !== undefined,
      () => this.#ring(),
    );
    this.#mailbox = this.source(
      () => this.#posted.length > 0,
      () => this.#posted.shift()?.(),
    );
  }

  get alive(): boolean {
    return this.#alive;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Registers something to wait for. `ready` is level-triggered: as long as it says yes, `callback` gets turns. */
  source(ready: () => boolean, callback: () => void): Source {
    const entry: Ready = { ready, callback };
    this.#sources.add(entry);
    return {
      notify: () => this.#wake(),
      close: () => this.#sources.delete(entry),
    };
  }

  /** Runs something as a turn of the process, as a signal or a message does. */
  post(action: () => void): void {
    this.#posted.push(action);
    this.#mailbox.notify();
  }

  /** Each system call of the process passes here, before the kernel does anything. */
  call<Value>(deed: () => Value): Value {
    if (!this.#alive) throw new ProcessEnded();
    const misfortune = this.#misfortune;
    if (misfortune === undefined || --misfortune.countdown > 0) return deed();
    this.#misfortune = undefined;
    misfortune.onStrike();
    switch (misfortune.what.kind) {
      case "killed-before":
        return this.exit();
      case "killed-after":
        deed();
        return this.exit();
      case "stalled":
        this.#stall(misfortune.what.length);
        return deed();
    }
  }

  /** Something is to go wrong at the `countdown`th system call from here; `onStrike` comes when it does. */
  doom(countdown: number, what: Misfortune, onStrike: () => void): void {
    this.#misfortune = { countdown, what, onStrike };
  }

  /** What has not gone wrong yet will not. */
  spare(): void {
    this.#misfortune = undefined;
  }

  /** Ends it from within: never returns. */
  exit(): never {
    this.kill();
    throw new ProcessEnded();
  }

  /** Ends it from outside, between two turns. */
  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#turn?.cancel();
    this.#sources.clear();
    for (const alarm of this.#alarms) alarm.pending.cancel();
    for (const action of this.#onEnd) action();
  }

  /** What the kernel does when the process has ended. */
  onEnd(action: () => void): void {
    this.#onEnd.push(action);
  }

  /** SIGSTOP. */
  stop(): void {
    this.#stopped = true;
  }

  /** SIGCONT. */
  resume(): void {
    this.#stopped = false;
    this.#wake();
  }

  clock(): Clock {
    const machine = this.#machine;
    return {
      now: () => machine.monotonic(),
      boottime: () => machine.boottime(),
      outside: () => machine.outside(),
      wallClockMs: () => machine.wallClockMs(),
      alarm: (callback) => this.#alarm(callback),
    };
  }

  #alarm(callback: () => void): Alarm {
    let current: SetAlarm | undefined;
    let closed = false;
    const clear = (): void => {
      if (current === undefined) return;
      current.pending.cancel();
      this.#alarms.delete(current);
      current = undefined;
    };
    return {
      set: (at) => {
        if (!this.#alive) throw new ProcessEnded();
        assert(!closed, "the alarm is open");
        clear();
        const pending = this.#machine.at(at, () => this.#timer.notify());
        current = { at, pending, callback };
        this.#alarms.add(current);
      },
      clear,
      close: () => {
        clear();
        closed = true;
      },
    };
  }

  wakeUps(): WakeUps {
    return {
      watch: (onWake) =>
        this.call(() => {
          let hasLeapt = false;
          const source = this.source(
            () => hasLeapt,
            () => {
              hasLeapt = false;
              onWake();
            },
          );
          const leaps = this.#machine.watchLeaps(() => {
            hasLeapt = true;
            source.notify();
          });
          this.onEnd(() => leaps.close());
          return {
            close: () => {
              leaps.close();
              source.close();
            },
          };
        }),
    };
  }

  #firstDue(): SetAlarm | undefined {
    const now = this.#machine.monotonic();
    let first: SetAlarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at <= now && (first === undefined || alarm.at < first.at)) first = alarm;
    }
    return first;
  }

  #ring(): void {
    const due = this.#firstDue();
    if (due === undefined) return;
    this.#alarms.delete(due);
    due.callback();
  }

  #wake(): void {
    if (!this.#alive || this.#stopped || this.#turn !== undefined) return;
    this.#turn = this.#machine.after(WAKE_UP, () => this.#takeTurn());
  }

  #takeTurn(): void {
    this.#turn = undefined;
    if (this.#stopped) return;
    const ready = [...this.#sources].filter((source) => source.ready());
    const chosen = ready[ready.length > 1 ? this.#machine.random.below(ready.length) : 0];
    if (chosen === undefined) return;
    // While it is in a turn, and perhaps stalled there, nothing else of it runs.
    this.#turn = NOTHING;
    try {
      chosen.callback();
    } catch (thrown) {
      if (!(thrown instanceof ProcessEnded)) throw thrown;
    }
    this.#turn = undefined;
    if ([...this.#sources].some((source) => source.ready())) this.#wake();
  }

  /** Stands still within the call while everybody else goes on. */
  #stall(length: Micros): void {
    const { world } = this.#machine;
    world.runUntil(after(world.now(), length));
    // Its machine may have stopped meanwhile, or somebody may have killed it.
    while (this.#alive && this.#machine.standstill !== undefined) world.runFor(WAKE_UP);
    if (!this.#alive) throw new ProcessEnded();
  }
}

interface Ready {
  readonly ready: () => boolean;
  readonly callback: () => void;
}

interface SetAlarm {
  readonly at: Instant;
  readonly pending: Pending;
  readonly callback: () => void;
}

/** Unwinds what the process was doing when it ended. Never leaves this file but through code of that process. */
class ProcessEnded extends Error {}

const NOTHING: Pending = { cancel: () => undefined };

/** From an event in the kernel to the callback: measured with the real sockets. */
const WAKE_UP = micros(40);
