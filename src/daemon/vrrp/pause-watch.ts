import type { Instant } from "../../base/time.ts";
import { detectPause, initialPause, type ClockSample, type Pause, type PauseState } from "../../core/pause.ts";
import type { Clock } from "../../ports/clock.ts";

/** Notices that time passed which this process did not see. */
export class PauseWatch {
  readonly #clock: Clock;
  #state: PauseState;
  #wakeBy: Instant;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#state = initialPause(sample(clock));
    this.#wakeBy = clock.now();
  }

  /** The process is going to wake at that instant at the latest. */
  expect(wakeBy: Instant): void {
    this.#wakeBy = wakeBy;
  }

  /** To be asked first thing after every wake-up. */
  look(): Pause {
    const { state, pause } = detectPause(this.#state, sample(this.#clock), this.#wakeBy);
    this.#state = state;
    return pause;
  }
}

function sample(clock: Clock): ClockSample {
  return { now: clock.now(), boottime: clock.boottime(), outside: clock.outside() };
}
