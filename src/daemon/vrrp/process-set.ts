import type { Configuration } from "../../config/model/configuration.ts";
import type { TrackProcessSettings } from "../../config/model/trackers.ts";
import { matchesProcess, needsCommandLine } from "../../core/tracking/process-match.ts";
import type { ObservedProcess, ProcessEvent, ProcessTable, ProcessWatch } from "../../ports/process-table.ts";
import { ProcessTracker, type ProcessTrackerDependencies } from "./process-tracker.ts";

export interface ProcessSetDependencies extends ProcessTrackerDependencies {
  readonly processTable: ProcessTable;
}

/** The processes that somebody tracks, by the name of their block. One watch serves all of them. */
export class ProcessSet {
  readonly trackers = new Map<string, ProcessTracker>();
  readonly #dependencies: ProcessSetDependencies;
  readonly #onChange: () => void;
  readonly #processes = new Map<number, ObservedProcess>();
  #watch: { readonly patterns: string; readonly handle: ProcessWatch } | undefined;
  /** Told by the watch that runs now, until it has told everything. */
  #told: Set<number> | undefined;

  /** `onChange` comes after each change of a verdict. */
  constructor(onChange: () => void, dependencies: ProcessSetDependencies) {
    this.#onChange = onChange;
    this.#dependencies = dependencies;
  }

  /** How processes that begin are noticed; undefined: nobody asks. */
  get source(): ProcessWatch["source"] | undefined {
    return this.#watch?.handle.source;
  }

  /** Watches what is new; the same pattern under the same name keeps what is known of it. */
  configure(configuration: Pick<Configuration, "trackProcesses">): void {
    for (const settings of configuration.trackProcesses) {
      const known = this.trackers.get(settings.name);
      if (known !== undefined && patternOf(known.settings) === patternOf(settings)) {
        known.reconfigure(settings);
        continue;
      }
      known?.stop();
      this.trackers.set(settings.name, new ProcessTracker(settings, this.#onChange, this.#dependencies));
    }
    this.#rewatch(configuration.trackProcesses);
  }

  /** Forgets what the configuration does not name any more. */
  stopOthers(configuration: Pick<Configuration, "trackProcesses">): void {
    const names = new Set(configuration.trackProcesses.map(({ name }) => name));
    for (const [name, tracker] of this.trackers) {
      if (names.has(name)) continue;
      tracker.stop();
      this.trackers.delete(name);
    }
  }

  stopAll(): void {
    this.#watch?.handle.close();
    this.#watch = undefined;
    for (const tracker of this.trackers.values()) tracker.stop();
  }

  /** A watch for other patterns tells everything anew; what is known already is then no change. */
  #rewatch(wanted: readonly TrackProcessSettings[]): void {
    const patterns = JSON.stringify(wanted.map(patternOf));
    if (this.#watch?.patterns === patterns || (this.#watch === undefined && wanted.length === 0)) return;
    this.#watch?.handle.close();
    this.#watch = undefined;
    if (wanted.length === 0) return this.#processes.clear();
    this.#told = new Set();
    const query = {
      wantsCommandLine: wanted.some(needsCommandLine),
      isWanted: (process: ObservedProcess) => wanted.some((settings) => matchesProcess(settings, process)),
    };
    const handle = this.#dependencies.processTable.watch(query, (event) => this.#onEvent(event));
    this.#watch = { patterns, handle };
    const how = handle.source === "events" ? "the kernel tells of new ones" : "new ones are looked for in /proc";
    this.#dependencies.log.write("debug", `Watching processes; ${how}`);
  }

  #onEvent(event: ProcessEvent): void {
    switch (event.kind) {
      case "began":
        this.#told?.add(event.process.pid);
        this.#processes.set(event.process.pid, event.process);
        for (const tracker of this.trackers.values()) tracker.note(event.process, event.by);
        return;
      case "left":
      case "ended":
        this.#processes.delete(event.pid);
        for (const tracker of this.trackers.values()) tracker.noteGone(event.pid, event.kind);
        return;
      case "listed": {
        const gone = [...this.#processes.keys()].filter((pid) => this.#told?.has(pid) === false);
        this.#told = undefined;
        for (const pid of gone) this.#onEvent({ kind: "ended", pid });
        for (const tracker of this.trackers.values()) tracker.noteListed();
        return;
      }
    }
  }
}

function patternOf({ command, parameters, match }: TrackProcessSettings): string {
  return JSON.stringify([command, parameters, match]);
}
