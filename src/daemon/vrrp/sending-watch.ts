import type { Clock } from "../../ports/clock.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import { LimitedLog } from "./limited-log.ts";

/** What became of an advert. */
export interface Sending {
  /** The kernel took it for one destination at least. */
  readonly sent: boolean;
  /** The last refusal, if any. */
  readonly failure: SystemFailure | undefined;
}

/** Counts the adverts of one instance, and knows why the latest could not be sent. */
export class SendingWatch {
  readonly #log: Log;
  readonly #count: (counter: string) => void;
  #failures = 0;
  #unsent: string | undefined;

  constructor(dependencies: { readonly clock: Clock; readonly log: Log; readonly count: (counter: string) => void }) {
    this.#log = new LimitedLog(dependencies.log, dependencies.clock);
    this.#count = dependencies.count;
  }

  /** Why the latest advert could not be sent, in words; undefined: it was, or none was tried. */
  get unsent(): string | undefined {
    return this.#unsent;
  }

  /** Told when it begins and when it ends, and once an hour of what happens with every advert. `name` is the instance's. */
  note(name: string, { sent, failure }: Sending): void {
    if (sent) this.#count("advertisementsSent");
    const reason = this.#reasonOf(failure);
    const before = this.#unsent;
    this.#unsent = sent ? undefined : reason;
    if (before === undefined && !sent) this.#log.write("error", `(${name}) adverts cannot be sent: ${reason}`);
    else if (before !== undefined && sent) this.#log.write("info", `(${name}) adverts can be sent again`);
    else if (failure !== undefined && this.#failures % 3600 === 1) this.#log.write("error", `(${name}) ${reason}`);
  }

  /** A farewell that does not leave is the end of it, and of a link that is down as a rule. */
  noteFarewell({ sent, failure }: Sending): void {
    if (sent) this.#count("priorityZeroSent");
    this.#reasonOf(failure);
  }

  /** When it takes part again everything may be another. */
  forget(): void {
    this.#unsent = undefined;
  }

  #reasonOf(failure: SystemFailure | undefined): string {
    if (failure === undefined) return "there is no socket";
    this.#failures += 1;
    this.#count("sendErrors");
    return describeFailure(failure);
  }
}
