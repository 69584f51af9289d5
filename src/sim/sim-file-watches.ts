import { fail, succeed } from "../base/result.ts";
import type { FileWatches } from "../ports/file-watches.ts";
import { textBytes, textFromBytes } from "../wire/text.ts";
import type { SimProcess } from "./sim-process.ts";

/** Files of other people on one machine: those that instances track. */
export class SimTrackedFiles {
  readonly #contents = new Map<string, string>();
  readonly #watchers = new Set<{ readonly path: string; notify(): void }>();

  /** Somebody writes a file and closes it; undefined: somebody removes it. */
  write(path: string, text: string | undefined): void {
    if (text === undefined) this.#contents.delete(path);
    else this.#contents.set(path, text);
    for (const watcher of this.#watchers) if (watcher.path === path) watcher.notify();
  }

  /** What a file contains; nothing where there is none. */
  text(path: string): string {
    return this.#contents.get(path) ?? "";
  }

  portFor(process: SimProcess): FileWatches {
    return {
      watch: (path, onChange) =>
        process.call(() => {
          let changed = false;
          const source = process.source(
            () => changed,
            () => {
              changed = false;
              onChange();
            },
          );
          const watcher = {
            path,
            notify: (): void => {
              changed = true;
              source.notify();
            },
          };
          const close = (): void => {
            this.#watchers.delete(watcher);
            source.close();
          };
          this.#watchers.add(watcher);
          process.onEnd(close);
          return { source: "events", read: () => process.call(() => this.#read(path)), close };
        }),
      initialize: (path, text, overwrite) =>
        process.call(() => {
          if (overwrite || !this.#contents.has(path)) this.#contents.set(path, textFromBytes(textBytes(text)));
          return succeed(undefined);
        }),
    };
  }

  #read(path: string): ReturnType<ReturnType<FileWatches["watch"]>["read"]> {
    const text = this.#contents.get(path);
    if (text !== undefined) return succeed(textBytes(text).slice(0, 127));
    return fail({ operation: `read ${path}`, errno: "ENOENT", message: "No such file or directory" });
  }
}
