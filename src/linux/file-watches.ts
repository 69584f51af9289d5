import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, seconds } from "../base/time.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { Alarm, Clock } from "../ports/clock.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { FileWatches, WatchedFile } from "../ports/file-watches.ts";
import { thrownFailure } from "./file-failure.ts";
import { followPath, type PathStep } from "./followed-path.ts";
import {
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  openInotify,
  type FolderEvent,
  type Inotify,
} from "./inotify.ts";

/** Watches files by inotify(7), through the folders that they stand in. */
export function openLinuxFileWatches(clock: Clock): FileWatches {
  return new LinuxFileWatches(clock);
}

class LinuxFileWatches implements FileWatches {
  readonly #clock: Clock;
  readonly #files = new Set<Watched>();
  /** What each watch of the kernel listens for. The kernel has one per folder, however many files are watched there. */
  readonly #masks = new Map<number, number>();
  #inotify: Result<Inotify, SystemFailure> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(path: string, onChange: () => void): WatchedFile {
    // Made when somebody needs it: most configurations track no file.
    this.#inotify ??= openInotify((events) => this.#onEvents(events));
    const file = new Watched(path, onChange, this.#clock);
    this.#files.add(file);
    this.#follow(file);
    return {
      get source() {
        return file.lookAgain === undefined ? "events" : "looking";
      },
      read: () => readBeginning(path),
      close: () => {
        this.#files.delete(file);
        file.lookAgain?.close();
        this.#forgetUnused();
      },
    };
  }

  initialize(path: string, text: string, overwrite: boolean): Result<void, SystemFailure> {
    const created = attempt(`create ${path}`, () => writeNew(path, text));
    if (created.ok || created.error.errno !== "EEXIST") return created;
    return overwrite ? attempt(`write ${path}`, () => overwriteFile(path, text)) : succeed(undefined);
  }

  #onEvents(events: readonly FolderEvent[]): void {
    const changed = new Set<Watched>();
    for (const event of events) {
      for (const file of this.#files) if (file.isMeant(event)) changed.add(file);
      if ((event.mask & IN_IGNORED) !== 0) this.#masks.delete(event.watch);
    }
    for (const file of changed) {
      const before = file.steps;
      this.#follow(file);
      const isSame = JSON.stringify(before) === JSON.stringify(file.steps);
      if (isSame && file.isBeingWritten(events)) continue;
      file.onChange();
    }
  }

  /** Watches every folder that decides where the path leads. */
  #follow(file: Watched): void {
    const inotify = this.#inotify;
    if (inotify?.ok !== true) return file.lookFromNowOn();
    // What changes before its watch stands is seen by following once more.
    for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts++) {
      const steps = followPath(file.path);
      const watches = steps.map((step) => this.#watchFolder(inotify.value, step));
      const known = watches.filter((watch) => watch !== undefined);
      if (known.length < watches.length) file.lookFromNowOn();
      file.steps = steps;
      file.watches = watches;
      if (JSON.stringify(followPath(file.path)) === JSON.stringify(steps)) break;
    }
    this.#forgetUnused();
  }

  #watchFolder(inotify: Inotify, step: PathStep): number | undefined {
    const wanted = IN_ONLYDIR | STRUCTURE | (step.isFile ? IN_CLOSE_WRITE : 0);
    const added = inotify.add(step.folder, wanted);
    if (!added.ok) return undefined;
    const before = this.#masks.get(added.value) ?? 0;
    const all = before | wanted;
    this.#masks.set(added.value, all);
    // Adding it has replaced what it listened for.
    if (all !== wanted) inotify.add(step.folder, all);
    return added.value;
  }

  #forgetUnused(): void {
    if (this.#inotify?.ok !== true) return;
    const used = new Set([...this.#files].flatMap(({ watches }) => watches));
    for (const watch of this.#masks.keys()) {
      if (used.has(watch)) continue;
      this.#masks.delete(watch);
      this.#inotify.value.remove(watch);
    }
  }
}

/** One file that is watched, and the entries of folders that decide what it is. */
class Watched {
  readonly path: string;
  readonly onChange: () => void;
  readonly #clock: Clock;
  steps: readonly PathStep[] = [];
  /** For each step the watch of its folder; undefined where the kernel refused one. */
  watches: readonly (number | undefined)[] = [];
  /** Set where events are not to be relied on. */
  lookAgain: Alarm | undefined;

  constructor(path: string, onChange: () => void, clock: Clock) {
    this.path = path;
    this.onChange = onChange;
    this.#clock = clock;
  }

  isMeant({ watch, mask, name }: FolderEvent): boolean {
    // -1: events were lost, and this may have been among them.
    if (watch === -1) return true;
    const isFolderItself = (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) !== 0;
    return this.steps.some((step, index) => this.watches[index] === watch && (isFolderItself || step.name === name));
  }

  /** Whether all that happened is that the file was created: whoever did that closes it, too, when it is written. */
  isBeingWritten(events: readonly FolderEvent[]): boolean {
    const last = this.steps.at(-1);
    const own = events.filter((event) => this.isMeant(event));
    if (last === undefined || !own.every(({ mask, name }) => (mask & IN_CREATE) !== 0 && name === last.name)) {
      return false;
    }
    // A hard link is written already.
    const stat = lstatSync(join(last.folder, last.name), { throwIfNoEntry: false });
    return stat !== undefined && stat.nlink === 1;
  }

  lookFromNowOn(): void {
    if (this.lookAgain !== undefined) return;
    const again = this.#clock.alarm(() => {
      again.set(after(this.#clock.now(), LOOKING_PERIOD));
      this.onChange();
    });
    again.set(after(this.#clock.now(), LOOKING_PERIOD));
    this.lookAgain = again;
  }
}

/** Without O_NONBLOCK the opening of a pipe would wait for its writer. */
function readBeginning(path: string): Result<Uint8Array, SystemFailure> {
  return attempt(`read ${path}`, () => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = new Uint8Array(LONGEST_NUMBER);
      return bytes.subarray(0, readSync(fd, bytes, 0, LONGEST_NUMBER, null));
    } finally {
      closeSync(fd);
    }
  });
}

function writeNew(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** In place, so that the file stays its owner's, who is to write into it. */
function overwriteFile(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) return;
    ftruncateSync(fd);
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

function attempt<Value>(operation: string, action: () => Value): Result<Value, SystemFailure> {
  try {
    return succeed(action());
  } catch (thrown) {
    return fail(thrownFailure(operation, thrown));
  }
}

/** What can change where a path leads. */
const STRUCTURE = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;
const IN_UNMOUNT = 0x2000;
const IN_IGNORED = 0x8000;

const LOOKING_PERIOD = seconds(1);
/** What keepalived reads of it. */
const LONGEST_NUMBER = 127;
const MOST_ATTEMPTS = 10;
