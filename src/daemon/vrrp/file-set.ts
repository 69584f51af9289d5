import type { Configuration } from "../../config/model/configuration.ts";
import type { TrackFileSettings } from "../../config/model/trackers.ts";
import { describeFailure } from "../../ports/failure.ts";
import { FileTracker, type FileTrackerDependencies } from "./file-tracker.ts";

/** The files that somebody tracks, by name. */
export class FileSet {
  readonly trackers = new Map<string, FileTracker>();
  readonly #dependencies: FileTrackerDependencies;
  readonly #onChange: () => void;

  /** `onChange` comes after each change of a number. */
  constructor(onChange: () => void, dependencies: FileTrackerDependencies) {
    this.#onChange = onChange;
    this.#dependencies = dependencies;
  }

  /**
   * Watches what is new; the same file under the same name keeps its number. `overwrites`: files with `init_file overwrite`
   * get their first number even where they have one, which is so at the start of the daemon and never again.
   */
  configure(configuration: Pick<Configuration, "trackFiles">, overwrites: boolean): void {
    for (const settings of configuration.trackFiles) {
      const known = this.trackers.get(settings.name);
      if (known?.settings.path === settings.path) continue;
      known?.stop();
      this.#initialize(settings, overwrites);
      this.trackers.set(settings.name, new FileTracker(settings, this.#onChange, this.#dependencies));
    }
  }

  /** Forgets what the configuration does not name any more. */
  stopOthers(configuration: Pick<Configuration, "trackFiles">): void {
    const names = new Set(configuration.trackFiles.map(({ name }) => name));
    for (const [name, tracker] of this.trackers) {
      if (names.has(name)) continue;
      tracker.stop();
      this.trackers.delete(name);
    }
  }

  stopAll(): void {
    for (const tracker of this.trackers.values()) tracker.stop();
  }

  #initialize({ name, path, initial }: TrackFileSettings, overwrites: boolean): void {
    if (initial === undefined) return;
    const { fileWatches, log } = this.#dependencies;
    const done = fileWatches.initialize(path, `${initial.value}\n`, initial.overwrite && overwrites);
    if (!done.ok) log.write("error", `Track file ${name} is not initialized. ${describeFailure(done.error)}`);
  }
}
