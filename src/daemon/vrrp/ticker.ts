import { after, earlier, millis, nextBeat, type Instant } from "../../base/time.ts";
import type { Pause } from "../../core/pause.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import { PauseWatch } from "./pause-watch.ts";

export interface TickerDependencies {
  readonly clock: Clock;
  readonly onTick: () => void;
  /** When something is to be done besides; asked only when it matters, for the answer may have to be searched. */
  readonly dueAt: () => Instant | undefined;
}

/**
 * The driver's own wake-up: something is due, or it is time to look whether time stood still. Packets come faster than that, and
 * must not put it off.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #dueAt: () => Instant | undefined;
  readonly #alarm: Alarm;
  readonly #pauses: PauseWatch;
  #wokeAt: Instant;
  /** As it was when the next wake-up was set. */
  #due: Instant | undefined;
  /** It is to wake at once, and will. */
  #isDue = false;
  #closed = false;

  constructor({ clock, onTick, dueAt }: TickerDependencies) {
    this.#clock = clock;
    this.#dueAt = dueAt;
    this.#wokeAt = clock.now();
    this.#alarm = clock.alarm(onTick);
    this.#pauses = new PauseWatch(clock);
  }

  /** To be asked first thing in every turn: has time passed that nobody saw? */
  look(): Pause {
    const pause = this.#pauses.look();
    // Waking is over: the next look judges only what comes after this one.
    if (pause.kind !== "none") this.#pauses.expect(after(this.#clock.now(), TICK));
    return pause;
  }

  /** It has woken. To be followed by `schedule`. @returns whether it was for more than the regular look. */
  begin(): boolean {
    const now = this.#clock.now();
    const isDue = this.#isDue || (this.#due !== undefined && this.#due <= now);
    this.#wokeAt = now;
    this.#isDue = false;
    return isDue;
  }

  /** Wakes at once: once for all that happens in this turn. */
  hurry(): void {
    if (this.#isDue || this.#closed) return;
    this.#isDue = true;
    this.#wakeAt(this.#clock.now());
  }

  /** Sets the next wake-up by what is due now. */
  schedule(): void {
    if (this.#closed || this.#isDue) return;
    this.#due = this.#dueAt();
    this.#wakeAt(earlier(this.#due, nextBeat(this.#wokeAt, TICK)) ?? this.#wokeAt);
  }

  /** It wakes no more, whoever asks for it. */
  close(): void {
    this.#closed = true;
    this.#alarm.close();
  }

  #wakeAt(next: Instant): void {
    this.#pauses.expect(next);
    this.#alarm.set(next);
  }
}

/** How often to look whether time stood still when nothing else happens. */
const TICK = millis(250);
