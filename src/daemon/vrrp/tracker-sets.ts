import type { Configuration } from "../../config/model/configuration.ts";
import type { Surroundings } from "./fitness.ts";
import type { BfdNews } from "../bfd-news.ts";
import { BfdSet, type BfdSetDependencies } from "./bfd-set.ts";
import { FileSet } from "./file-set.ts";
import type { FileTrackerDependencies } from "./file-tracker.ts";
import { LinkWatch, type LinkWatchDependencies } from "./link-watch.ts";
import { ProcessSet, type ProcessSetDependencies } from "./process-set.ts";

export type TrackerDependencies = FileTrackerDependencies &
  LinkWatchDependencies &
  ProcessSetDependencies &
  BfdSetDependencies;

/** Everything but scripts that instances and groups track: files, processes, BFD sessions, and links that take their time. */
export class TrackerSets {
  readonly #files: FileSet;
  readonly #processes: ProcessSet;
  readonly #links: LinkWatch;
  readonly #bfd: BfdSet;

  /** `onChange` comes after each change that may change a priority. */
  constructor(onChange: () => void, dependencies: TrackerDependencies) {
    this.#files = new FileSet(onChange, dependencies);
    this.#processes = new ProcessSet(onChange, dependencies);
    this.#links = new LinkWatch(onChange, dependencies);
    this.#bfd = new BfdSet(onChange, dependencies);
  }

  /** How processes that begin are noticed; undefined: nobody asks. */
  get processSource(): ProcessSet["source"] {
    return this.#processes.source;
  }

  get surroundings(): Pick<Surroundings, "files" | "processes" | "links" | "bfd"> {
    return { files: this.#files.trackers, processes: this.#processes.trackers, links: this.#links, bfd: this.#bfd };
  }

  /** At the `start` of the daemon files are given their first number. */
  configure(configuration: Configuration, occasion: "start" | "reload"): void {
    this.#files.configure(configuration, occasion === "start");
    this.#processes.configure(configuration);
    this.#links.configure(configuration.links);
    this.#bfd.configure(configuration);
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

  /** The bfd process has told something of sessions. */
  learn(news: readonly BfdNews[]): void {
    this.#bfd.learn(news);
  }

  /** The kernel has told something of interfaces. */
  noteInterfaces(): void {
    this.#links.noteEvents();
  }
}
