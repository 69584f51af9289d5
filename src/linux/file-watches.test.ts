import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLinuxClock, type LinuxClock } from "./clock.ts";
import { openLinuxFileWatches } from "./file-watches.ts";
import type { FileWatches, WatchedFile } from "../ports/file-watches.ts";

describe("files that others write", () => {
  let folder: string;
  let clock: LinuxClock;
  let watches: FileWatches;
  let file: Reader;

  /** Reads the file at each callback, as a tracker does. */
  class Reader {
    readonly seen: string[] = [];
    readonly watched: WatchedFile;
    #awaited: { readonly text: string; readonly resolve: () => void } | undefined;

    constructor(path: string) {
      this.watched = watches.watch(path, () => this.#look());
    }

    /** Waits until a callback has found the file so. */
    until(text: string): Promise<void> {
      return new Promise((resolve) => {
        this.#awaited = { text, resolve };
        if (this.seen.at(-1) === text) resolve();
      });
    }

    read(): string {
      const read = this.watched.read();
      return read.ok ? Buffer.from(read.value).toString() : read.error.errno;
    }

    #look(): void {
      const text = this.read();
      this.seen.push(text);
      if (text === this.#awaited?.text) this.#awaited.resolve();
    }
  }

  /** Another file's event shows that those before it have been handled. */
  const settle = async (): Promise<void> => {
    const other = new Reader(join(folder, "other"));
    writeFileSync(join(folder, "other"), "done");
    await other.until("done");
    other.watched.close();
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-"));
    clock = openLinuxClock();
    watches = openLinuxFileWatches(clock);
    file = new Reader(join(folder, "state"));
  });
  afterEach(() => {
    file.watched.close();
    clock.close();
    rmSync(folder, { recursive: true });
  });

  test("a file that appears, is written again and removed: read each time, by events", async () => {
    expect(file.watched.source).toBe("events");
    expect(file.read()).toBe("ENOENT");
    writeFileSync(join(folder, "state"), "1\n");
    await file.until("1\n");
    writeFileSync(join(folder, "state"), "2\n");
    await file.until("2\n");
    rmSync(join(folder, "state"));
    await file.until("ENOENT");
  });

  test("a new file that is still being written: not read before its writer has closed it", async () => {
    const fd = openSync(join(folder, "state"), "w");
    writeSync(fd, "-1");
    await settle();
    expect(file.seen).toEqual([]);
    writeSync(fd, "00\n");
    closeSync(fd);
    await file.until("-100\n");
    expect(file.seen).toEqual(["-100\n"]);
  });

  test("an absolute symbolic link: followed from the root", async () => {
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real/number"), join(folder, "state"));
    await file.until("ENOENT");
    writeFileSync(join(folder, "real/number"), "6");
    await file.until("6");
  });

  test("a writer that takes its time: not read before it has closed the file", async () => {
    writeFileSync(join(folder, "state"), "-5\n");
    await file.until("-5\n");
    file.seen.length = 0;
    const fd = openSync(join(folder, "state"), "w");
    writeSync(fd, "-1");
    await settle();
    expect(file.seen).toEqual([]);
    writeSync(fd, "00\n");
    closeSync(fd);
    await file.until("-100\n");
    expect(file.seen).toEqual(["-100\n"]);
  });

  test("an editor that moves a new file over the old one: the new one, and nothing in between", async () => {
    writeFileSync(join(folder, "state"), "1");
    await file.until("1");
    file.seen.length = 0;
    writeFileSync(join(folder, "state.new"), "2");
    renameSync(join(folder, "state.new"), join(folder, "state"));
    await file.until("2");
    writeFileSync(join(folder, "state"), "3");
    await file.until("3");
    expect(new Set(file.seen)).toEqual(new Set(["2", "3"]));
  });

  test("a file that is linked there whole: read, though nobody closes it", async () => {
    writeFileSync(join(folder, "elsewhere"), "7");
    linkSync(join(folder, "elsewhere"), join(folder, "state"));
    await file.until("7");
  });

  test("folders that come later, go, and come back: followed", async () => {
    const deep = new Reader(join(folder, "a/b/state"));
    mkdirSync(join(folder, "a/b"), { recursive: true });
    writeFileSync(join(folder, "a/b/state"), "1");
    await deep.until("1");
    renameSync(join(folder, "a"), join(folder, "gone"));
    await deep.until("ENOENT");
    mkdirSync(join(folder, "a/b"), { recursive: true });
    writeFileSync(join(folder, "a/b/state"), "2");
    await deep.until("2");
    rmSync(join(folder, "a"), { recursive: true });
    await deep.until("ENOENT");
    deep.watched.close();
  });

  test("symbolic links that are switched over, as Kubernetes does: followed", async () => {
    for (const [name, text] of Object.entries({ blue: "1", green: "2" })) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "number"), text);
    }
    symlinkSync("blue", join(folder, "current"));
    symlinkSync("current/number", join(folder, "state"));
    await file.until("1");
    symlinkSync("green", join(folder, "next"));
    renameSync(join(folder, "next"), join(folder, "current"));
    await file.until("2");
    writeFileSync(join(folder, "green/number"), "3");
    await file.until("3");
    file.seen.length = 0;
    writeFileSync(join(folder, "blue/number"), "9");
    writeFileSync(join(folder, "green/number"), "4");
    await file.until("4");
    expect(new Set(file.seen)).toEqual(new Set(["4"]));
  });

  test("links that lead in a circle, and a file in the place of a folder: nothing there, and mended when it is", async () => {
    symlinkSync("state", join(folder, "state"));
    await file.until("ELOOP");
    rmSync(join(folder, "state"));
    writeFileSync(join(folder, "state"), "1");
    await file.until("1");
    const deep = new Reader(join(folder, "state/below"));
    expect(deep.read()).toBe("ENOTDIR");
    rmSync(join(folder, "state"));
    mkdirSync(join(folder, "state"));
    writeFileSync(join(folder, "state/below"), "5");
    await deep.until("5");
    deep.watched.close();
  });

  test("a named pipe, and a folder: neither is waited for", () => {
    execFileSync("mkfifo", [join(folder, "state")]);
    expect(file.read()).toBe("");
    const whole = new Reader(folder);
    expect(whole.read()).toBe("EISDIR");
    whole.watched.close();
  });

  test("a long file: its beginning", () => {
    appendFileSync(join(folder, "state"), "x".repeat(500));
    expect(file.read()).toBe("x".repeat(127));
  });

  test("two files in one folder, one of them closed: the other is still read", async () => {
    const other = new Reader(join(folder, "other"));
    other.watched.close();
    writeFileSync(join(folder, "other"), "0");
    writeFileSync(join(folder, "state"), "1");
    await file.until("1");
    expect(other.seen).toEqual([]);
  });

  describe("initialize", () => {
    const path = (): string => join(folder, "first");

    test("no file: made, for nobody else to read", () => {
      expect(watches.initialize(path(), "5\n", false)).toEqual({ ok: true, value: undefined });
      expect(readFileSync(path(), "utf8")).toBe("5\n");
      expect(statSync(path()).mode & 0o777).toBe(0o600);
    });

    test("a file that is there: left alone, or overwritten in place with its owner and mode", () => {
      writeFileSync(path(), "longer than that\n", { mode: 0o664 });
      const { ino } = statSync(path());
      expect(watches.initialize(path(), "5\n", false)).toEqual({ ok: true, value: undefined });
      expect(readFileSync(path(), "utf8")).toBe("longer than that\n");
      expect(watches.initialize(path(), "5\n", true)).toEqual({ ok: true, value: undefined });
      expect(readFileSync(path(), "utf8")).toBe("5\n");
      expect(statSync(path()).ino).toBe(ino);
    });

    test("a symbolic link that somebody has put there: refused, and its target untouched", () => {
      writeFileSync(join(folder, "precious"), "precious");
      symlinkSync("precious", path());
      expect(watches.initialize(path(), "5\n", true)).toMatchObject({ ok: false, error: { errno: "ELOOP" } });
      expect(readFileSync(join(folder, "precious"), "utf8")).toBe("precious");
    });

    test("no folder: a failure that names the file", () => {
      expect(watches.initialize(join(folder, "none/first"), "5\n", false)).toMatchObject({
        ok: false,
        error: { errno: "ENOENT", operation: `create ${join(folder, "none/first")}` },
      });
    });
  });
});
