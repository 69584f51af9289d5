import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

/** Files of other people that are read whenever somebody has written them. */
export interface FileWatches {
  /**
   * Watches what can be read at a path. The path is followed anew whenever a part of it changes: the file and the folders
   * above it need not exist yet, may be replaced, and may be symbolic links.
   *
   * `onChange` comes in a turn of its own when a writer has closed the file, or when another one, or none, stands at
   * the path. It may come without need.
   */
  watch(path: string, onChange: () => void): WatchedFile;

  /**
   * Creates a file with this text, mode 0600; does nothing if it is there, or, with `overwrite`, gives the text to a
   * regular file that is there. A symbolic link at the end of the path is refused with ELOOP.
   */
  initialize(path: string, text: string, overwrite: boolean): Result<void, SystemFailure>;
}

export interface WatchedFile {
  /** How it learns of changes: `events` of the kernel, or by `looking` once a second where there are no more to be had. */
  readonly source: "events" | "looking";
  /** Reads the first 127 bytes at most, without waiting for anybody; ENOENT where there is no file. */
  read(): Result<Uint8Array, SystemFailure>;
  /** Nothing is called back afterwards. */
  close(): void;
}
