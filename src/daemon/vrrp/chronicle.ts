import type { Instant } from "../../base/time.ts";
import type { Cause } from "../../core/vrrp/event.ts";
import type { State } from "../../core/vrrp/state.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeCause, stateName } from "./cause-words.ts";
import { History } from "./history.ts";
import type { JournalSink } from "./journal-sink.ts";

/** Since when an instance is in its state, in milliseconds since 1970, and why. */
export interface Since {
  readonly at: number;
  readonly cause: ReturnType<typeof describeCause>;
}

/** A change of state: the event that brought it had a cause. */
export interface Change {
  readonly before: State;
  readonly after: State;
  readonly cause: Cause;
}

/** What has become of one instance so far: its counters, and its changes of state with their causes. */
export class Chronicle {
  readonly history = new History();
  readonly #clock: Clock;
  readonly #journal: JournalSink;
  readonly #counters = new Map<string, number>();
  #cause: Cause = { code: "STARTED" };
  #since: Since;

  constructor(dependencies: { readonly clock: Clock; readonly journal: JournalSink }) {
    this.#clock = dependencies.clock;
    this.#journal = dependencies.journal;
    this.#since = {
      at: dependencies.clock.wallClockMs(),
      cause: { code: "WAITING", text: "not started", evidence: {} },
    };
  }

  get counters(): ReadonlyMap<string, number> {
    return this.#counters;
  }

  /** Of the latest change. */
  get cause(): Cause {
    return this.#cause;
  }

  get since(): Since {
    return this.#since;
  }

  count(counter: string): void {
    this.#counters.set(counter, (this.#counters.get(counter) ?? 0) + 1);
  }

  /** Counts the change and enters it in the journal. `name` is the instance's. */
  note(name: string, { before, after, cause }: Change, now: Instant): void {
    const words = describeCause(cause, now);
    this.#cause = cause;
    this.#since = { at: this.#clock.wallClockMs(), cause: words };
    if (after.kind === "active") this.count("becameMaster");
    if (before.kind === "active") this.count("releasedMaster");
    const to = after.kind === "initialize" ? "STOP" : stateName(after);
    this.#journal.append({ instance: name, from: stateName(before), to, cause: words });
    this.history.noteState(after, cause, this.#since.at);
  }
}
