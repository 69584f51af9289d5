import type { TrackProcessSettings } from "../../config/model/trackers.ts";
import { matchesProcess } from "../../core/tracking/process-match.ts";
import {
  stepQuorum,
  UNCOUNTED,
  type ChangeReason,
  type QuorumEvent,
  type QuorumState,
} from "../../core/tracking/process-quorum.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ObservedProcess } from "../../ports/process-table.ts";

export interface ProcessTrackerDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

/** Counts the processes that one vrrp_track_process means, and knows what is to be held of their number. */
export class ProcessTracker {
  readonly #dependencies: ProcessTrackerDependencies;
  readonly #onChange: () => void;
  readonly #alarm: Alarm;
  readonly #matching = new Set<number>();
  #settings: TrackProcessSettings;
  #state: QuorumState = UNCOUNTED;

  /** `onChange` comes after each change of the verdict. */
  constructor(settings: TrackProcessSettings, onChange: () => void, dependencies: ProcessTrackerDependencies) {
    this.#settings = settings;
    this.#onChange = onChange;
    this.#dependencies = dependencies;
    this.#alarm = dependencies.clock.alarm(() => this.#step({ kind: "deadline" }));
  }

  get settings(): TrackProcessSettings {
    return this.#settings;
  }

  get verdict(): "unknown" | "up" | "down" {
    return this.#state.verdict;
  }

  /** How many processes match; undefined: they have not been counted yet. */
  get count(): number | undefined {
    return this.#state.verdict === "unknown" ? undefined : this.#state.count;
  }

  /** For people: `2 run, 1 to 3 wanted`. */
  get detail(): string {
    const { least, most } = this.#settings;
    if (this.#state.verdict === "unknown") return "is not counted yet";
    const wanted = most === undefined ? `at least ${least}` : most === least ? String(least) : `${least} to ${most}`;
    return `${this.#state.count} run, ${wanted} wanted`;
  }

  /** The same pattern with other limits: what is known of the processes stays. */
  reconfigure(settings: TrackProcessSettings): void {
    this.#settings = settings;
    this.#step({ kind: "reconfigured", count: this.#matching.size });
  }

  /** One has begun, or looks different from now on. */
  note(process: ObservedProcess, by: "fork" | "other"): void {
    const matches = matchesProcess(this.#settings, process);
    if (matches === this.#matching.has(process.pid)) return;
    if (matches) this.#matching.add(process.pid);
    else this.#matching.delete(process.pid);
    this.#changed(matches ? (by === "fork" ? "fork" : "began") : "left");
  }

  noteGone(pid: number, reason: "ended" | "left"): void {
    if (this.#matching.delete(pid)) this.#changed(reason);
  }

  /** All that run have been told. */
  noteListed(): void {
    if (this.#state.verdict === "unknown") this.#step({ kind: "counted", count: this.#matching.size });
  }

  stop(): void {
    this.#alarm.close();
  }

  #changed(reason: ChangeReason): void {
    this.#step({ kind: "changed", count: this.#matching.size, reason });
  }

  #step(event: QuorumEvent): void {
    const before = this.#state.verdict;
    this.#state = stepQuorum(this.#settings, this.#state, event, this.#dependencies.clock.now());
    if (this.#state.followsAt === undefined) this.#alarm.clear();
    else this.#alarm.set(this.#state.followsAt);
    const { verdict } = this.#state;
    if (verdict === before) return;
    const change = verdict === "up" ? "gained" : "lost";
    // What is found at the start is no change.
    if (before !== "unknown" || verdict === "down") {
      const text = `Quorum ${change} for tracked process ${this.#settings.name}: ${this.detail}`;
      this.#dependencies.log.write("info", text);
    }
    this.#onChange();
  }
}
