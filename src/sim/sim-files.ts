import { fail, succeed, type Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Files } from "../ports/files.ts";
import { textBytes } from "../wire/text.ts";
import type { SimProcess } from "./sim-process.ts";

/** The files of one machine. They outlive the processes that write them. */
export class SimFiles {
  readonly #contents = new Map<string, string>();
  /** Nothing can be written any more. */
  full = false;

  portFor(process: SimProcess): Files {
    return {
      read: (path) => process.call(() => this.#read(path)),
      append: (path, text) => process.call(() => this.#write(path, this.text(path) + text)),
      replace: (path, text) => process.call(() => this.#write(path, text)),
      remove: (path) =>
        process.call(() => {
          this.#contents.delete(path);
          return succeed(undefined);
        }),
      facts: (path) =>
        process.call(() => {
          if (!this.#contents.has(path)) return fail(missing("look at", path));
          return succeed({ kind: "file", uid: 0, gid: 0, mode: 0o600 });
        }),
      resolve: (path) =>
        process.call(() => (this.#contents.has(path) ? succeed(path) : fail(missing("resolve", path)))),
      findProgram: (name) => process.call(() => succeed(name.includes("/") ? name : `/usr/bin/${name}`)),
    };
  }

  /** What a file contains; nothing where there is none. */
  text(path: string): string {
    return this.#contents.get(path) ?? "";
  }

  #read(path: string): Result<Uint8Array, SystemFailure> {
    const content = this.#contents.get(path);
    return content === undefined ? fail(missing("read", path)) : succeed(textBytes(content));
  }

  #write(path: string, text: string): Result<void, SystemFailure> {
    if (this.full) return fail({ operation: `write ${path}`, errno: "ENOSPC", message: "No space left on device" });
    this.#contents.set(path, text);
    return succeed(undefined);
  }
}

function missing(deed: string, path: string): SystemFailure {
  return { operation: `${deed} ${path}`, errno: "ENOENT", message: "No such file or directory" };
}
