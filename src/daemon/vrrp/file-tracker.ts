import { unreachable } from "../../base/assert.ts";
import type { TrackFileSettings } from "../../config/model/trackers.ts";
import { followFile, type FileRemark, type FileSight, type FileState } from "../../core/tracking/tracked-file.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import type { FileWatches, WatchedFile } from "../../ports/file-watches.ts";
import type { Log } from "../../ports/log.ts";
import { textFromBytes } from "../../wire/text.ts";

export interface FileTrackerDependencies {
  readonly clock: Clock;
  readonly fileWatches: FileWatches;
  readonly log: Log;
}

/** Reads one track_file whenever it is written, and knows the number in it. */
export class FileTracker {
  readonly settings: TrackFileSettings;
  readonly #dependencies: FileTrackerDependencies;
  readonly #onChange: () => void;
  readonly #watched: WatchedFile;
  readonly #alarm: Alarm;
  #state: FileState;
  #lookingTold = false;

  /** `onChange` comes after each change of the number that counts. */
  constructor(settings: TrackFileSettings, onChange: () => void, dependencies: FileTrackerDependencies) {
    this.settings = settings;
    this.#dependencies = dependencies;
    this.#onChange = onChange;
    this.#alarm = dependencies.clock.alarm(() => this.#look());
    // Watched before it is read, so that nothing is written unseen between the two.
    this.#watched = dependencies.fileWatches.watch(settings.path, () => this.#look());
    this.#state = followFile(undefined, this.#see(), dependencies.clock.now());
    this.#tellRemark(undefined);
    this.#tellLooking();
  }

  get value(): number {
    return this.#state.value;
  }

  /** For people: `contains -20`. */
  get detail(): string {
    const { value, remark } = this.#state;
    return remark === undefined ? `contains ${value}` : describeRemark(remark, value);
  }

  stop(): void {
    this.#watched.close();
    this.#alarm.close();
  }

  #look(): void {
    const before = this.#state;
    this.#state = followFile(before, this.#see(), this.#dependencies.clock.now());
    const { value, goneAt } = this.#state;
    if (goneAt !== undefined) this.#alarm.set(goneAt);
    this.#tellRemark(before.remark);
    this.#tellLooking();
    if (value === before.value) return;
    this.#dependencies.log.write("info", `Track file ${this.settings.name}: ${before.value} before, ${value} now`);
    this.#onChange();
  }

  #see(): FileSight {
    const read = this.#watched.read();
    if (read.ok) return { kind: "text", text: textFromBytes(read.value) };
    if (read.error.errno === "ENOENT" || read.error.errno === "ENOTDIR") return { kind: "missing" };
    return { kind: "unreadable", reason: read.error.message };
  }

  /** Once for each remark: whoever writes nonsense may do so every second. */
  #tellRemark(before: FileRemark | undefined): void {
    const { value, remark } = this.#state;
    if (remark === undefined || remark.kind === before?.kind || remark.kind === "missing") return;
    const { name, path } = this.settings;
    this.#dependencies.log.write("warn", `Track file ${name} (${path}) ${describeRemark(remark, value)}`);
  }

  #tellLooking(): void {
    if (this.#lookingTold || this.#watched.source === "events") return;
    this.#lookingTold = true;
    const { name, path } = this.settings;
    const why = "the kernel has no more watches to give (fs.inotify.max_user_watches, max_user_instances)";
    this.#dependencies.log.write("warn", `Track file ${name} (${path}) is read once a second: ${why}`);
  }
}

function describeRemark(remark: FileRemark, value: number): string {
  switch (remark.kind) {
    case "missing":
      return "is not there, which counts as 0";
    case "no-number":
      return "does not begin with a number, which counts as 0";
    case "unreadable":
      return `cannot be read (${remark.reason}), which counts as 0`;
    case "out-of-range":
      return `contains ${remark.text}, which is beyond 32 bits, so ${value} goes on counting`;
    default:
      return unreachable(remark);
  }
}
