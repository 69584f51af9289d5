import { scheduler } from "node:timers/promises";
import type { Happening } from "./happening.ts";

/**
 * Puts happenings into the order in which they happened. They are heard of over several pipes, and some only in hindsight,
 * so each is kept back for a moment before it is given on.
 */
export class Narrator {
  readonly #give: (happening: Happening) => void;
  readonly #keptBackMs: number;
  #waiting: Happening[] = [];
  #toldUntilMs = 0;
  #silent = false;

  /** `give` takes one happening at a time, each no earlier than the one before. */
  constructor(give: (happening: Happening) => void, keptBackMs = KEPT_BACK_MS) {
    this.#give = give;
    this.#keptBackMs = keptBackMs;
  }

  readonly tell = (happening: Happening): void => {
    this.#waiting.push(happening);
    void this.#giveLater();
  };

  /** Waits for what is heard of late, and then gives everything on. */
  async settle(): Promise<void> {
    await scheduler.wait(this.#keptBackMs);
    this.#giveUntil(Date.now());
  }

  /** From now on nothing is given on. */
  silence(): void {
    this.#silent = true;
  }

  async #giveLater(): Promise<void> {
    await scheduler.wait(this.#keptBackMs);
    this.#giveUntil(Date.now() - this.#keptBackMs + TIMER_SLACK_MS);
  }

  #giveUntil(untilMs: number): void {
    if (this.#silent) return;
    const due = this.#waiting.filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs);
    this.#waiting = this.#waiting.filter(({ atMs }) => atMs > untilMs);
    for (const happening of due) {
      // What was heard of too late even so takes its place now; time does not go back.
      this.#toldUntilMs = Math.max(this.#toldUntilMs, happening.atMs);
      this.#give({ ...happening, atMs: this.#toldUntilMs });
    }
  }
}

/** Longer than the client's patience with one question and the silence that is worth telling. */
const KEPT_BACK_MS = 600;
const TIMER_SLACK_MS = 5;
