import type { Configuration } from "../../config/model.ts";
import type { Surroundings } from "./fitness.ts";
import { FileSet } from "./file-set.ts";
import type { FileTrackerDependencies } from "./file-tracker.ts";
import { LinkWatch, type LinkWatchDependencies } from "./link-watch.ts";
import { ProcessSet, type ProcessSetDependencies } from "./process-set.ts";

export type TrackerDependencies = FileTrackerDependencies & LinkWatchDependencies & ProcessSetDependencies;

/** Everything but scripts that instances and groups track: files, processes, and links that take their time. */
export class TrackerSets {
  readonly #files: FileSet;
  readonly #processes: ProcessSet;
  readonly #links: LinkWatch;

  /** `onChange` comes after each change that may change a priority. */
  constructor(onChange: () => void, dependencies: TrackerDependencies) {
    this.#files = new FileSet(onChange, dependencies);
    this.#processes = new ProcessSet(onChange, dependencies);
    this.#links = new LinkWatch(onChange, dependencies);
  }

  get surroundings(): Pick<Surroundings, "files" | "processes" | "links"> {
    return { files: this.#files.trackers, processes: this.#processes.trackers, links: this.#links };
  }

  /** At the `start` of the daemon files are given their first number. */
  configure(configuration: Configuration, occasion: "start" | "reload"): void {
    this.#files.configure(configuration, occasion === "start");
    this.#processes.configure(configuration);
    this.#links.configure(configuration.links);
  }

  stopOthers(configuration: Configuration): void {
    this.#files.stopOthers(configuration);
    this.#processes.stopOthers(configuration);
  }

  stopAll(): void {
    this.#files.stopAll();
    this.#processes.stopAll();
    this.#links.close();
  }

  /** The kernel has told something of interfaces. */
  noteInterfaces(): void {
    this.#links.noteEvents();
  }
}
